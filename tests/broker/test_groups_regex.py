"""Regular expressions in RE2's syntax, against names."""

from __future__ import annotations

import random
import re

import pytest

from odradek.broker.groups.events import GroupError
from odradek.broker.groups.regex import Regex, check_syntax, matching
from odradek.broker.groups.regex_parser import RegexError
from odradek.protocol.errors import ErrorCode


@pytest.mark.parametrize(
    ("regex", "names", "others"),
    [
        ("foo.*", ["foo", "foobar"], ["xfoo"]),
        ("^(a|b)+$", ["ab", "a"], ["", "c"]),
        ("[a-c]{2,3}", ["ab", "abc"], ["a", "abcd"]),
        ("a{2}|b{2,}", ["aa", "bb", "bbb"], ["a", "aaa", "b"]),
        ("(?i)ORD.*", ["orders"], ["xorders"]),
        ("a(?i:B)c", ["abc", "aBc"], ["aBC"]),
        (r"\Qa.b\E", ["a.b"], ["axb"]),
        (r"[[:alpha:]]+\d?", ["ab", "ab1"], ["1", ""]),
        (r"[^[:digit:]x]+", ["ab"], ["a1", "x"]),
        (r"\bfoo\b.bar", ["foo.bar", "foo-bar"], ["foo_bar"]),
        (r"\Aa\z", ["a"], ["b"]),
        (r"\x61\x{62}\143", ["abc"], ["ab"]),
        (r"(?P<name>a)(?:b)(?<other>c)", ["abc"], ["a"]),
        (r"\pL+\p{Nd}\PL", ["ab1-"], ["ab1a"]),
        ("a{,2}", ["a{,2}"], ["a", "aa"]),
        ("", [""], ["a"]),
    ],
)
def test_an_expression_matches_whole_names(regex: str, names: list[str], others: list[str]) -> None:
    """It matches these names and not the others."""
    assert matching([regex], [*names, *others]) == {regex: tuple(sorted(names))}


@pytest.mark.parametrize(
    "regex",
    [
        "(",
        "a)",
        "[",
        "a**",
        "*a",
        "a|+",
        "(?=a)",
        "(?<!a)",
        r"\1",
        "a{2,1}",
        "a{1001}",
        r"\Z",
        "[z-a]",
        "(?P<>a)",
        "(?P=a)",
        "[[:foo:]]",
        "[a",
        "(?i",
        r"\p{",
        r"\xg",
        "(?>a)",
        r"\p{lu}",
        "x{1000}{1000}",
        "\\",
    ],
)
def test_what_re2_does_not_know_is_refused(regex: str) -> None:
    """INVALID_REGULAR_EXPRESSION; Python's `re` would take some of these."""
    with pytest.raises(GroupError) as refused:
        check_syntax(regex)
    assert refused.value.error is ErrorCode.INVALID_REGULAR_EXPRESSION
    assert matching([regex], ["a"]) == {regex: ()}


def test_an_expression_may_not_become_too_large() -> None:
    """Repetitions of repetitions multiply."""
    with pytest.raises(RegexError):
        Regex("((a{1000}){1000}){1000}")
    with pytest.raises(RegexError):
        Regex("(" * 5_000 + ")" * 5_000)


def test_no_expression_takes_long() -> None:
    """Where a matcher that backtracks would take years."""
    assert not Regex("(a+)+$").matches("a" * 249 + "!")
    assert not Regex("(a|a)*(a|a)*(a|a)*b").matches("a" * 249)


def test_random_expressions_agree_with_python() -> None:
    """For what both know, ours and Python's matcher say the same of random names."""
    rng = random.Random(848)

    def expression(depth: int) -> str:
        kind = rng.randrange(8) if depth else 0
        if kind < 3:
            return rng.choice(["a", "b", ".", "[ab]", "[^a]", r"\w", "a-", "_"])
        inner = expression(depth - 1)
        if kind == 3:
            return inner + expression(depth - 1)
        if kind == 4:
            return f"({inner}|{expression(depth - 1)})"
        if kind == 5:
            return f"({inner})" + rng.choice(["*", "+", "?", "{1,2}", "{2}", "{0,}"])
        return rng.choice(["^", ""]) + inner + rng.choice([r"\z", r"\b", ""])

    for _ in range(1_000):
        regex = expression(4)
        theirs, ours = re.compile(regex.replace(r"\z", r"\Z")), Regex(regex)
        for _ in range(5):
            name = "".join(rng.choice("ab-_") for _ in range(rng.randrange(6)))
            assert ours.matches(name) == (theirs.fullmatch(name) is not None), (regex, name)
