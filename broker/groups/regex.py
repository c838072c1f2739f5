"""Regular expressions in RE2's syntax, matched against topic names (KIP-848 subscriptions).

Clients may send any expression, and a backtracking matcher can be made to run for years. So an expression is
parsed as RE2 does it (`regex_parser`), and all its threads walk through a name side by side: the time is
bounded by the length of the name times the length of the expression. Topic names are ASCII, and so a
character class is a number with a bit for each character.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ...protocol.errors import ErrorCode
from .events import GroupError
from .regex_parser import ALL, WORD, Assertion, Node, RegexError, parse

# An expression may not become a program longer than this. RE2's own limit is one of memory.
MAX_INSTRUCTIONS = 100_000

_CHARACTERS, _SPLIT, _ASSERT, _MATCH = range(4)


def check_syntax(regex: str) -> None:
    """Raise GroupError INVALID_REGULAR_EXPRESSION unless RE2 knows the syntax."""
    try:
        Regex(regex)
    except RegexError as error:
        raise GroupError(
            ErrorCode.INVALID_REGULAR_EXPRESSION,
            f"SubscribedTopicRegex `{regex}` is not a valid regular expression: {error}.",
        ) from None


def matching(regexes: Iterable[str], names: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """The names that each expression matches as a whole, sorted; none for one that cannot be parsed."""
    names = sorted(names)
    return {regex: _matches(regex, names) for regex in regexes}


def _matches(regex: str, names: Sequence[str]) -> tuple[str, ...]:
    try:
        compiled = Regex(regex)
    except RegexError:
        return ()
    return tuple(name for name in names if compiled.matches(name))


class Regex:
    """A compiled expression. Raises RegexError, whose text is RE2's description of what is wrong."""

    def __init__(self, regex: str) -> None:
        self._code: list[tuple[int, int, int]] = []
        self._emit(parse(regex))
        self._add(_MATCH)

    def matches(self, text: str) -> bool:
        """Whether the expression matches the whole text."""
        threads = self._closure([0], None, text[0] if text else None)
        for at, character in enumerate(text):
            code = ord(character)
            bit = 1 << code if code < 128 else 0
            stepped = [
                pc + 1 for pc in threads if self._code[pc][0] == _CHARACTERS and self._code[pc][1] & bit
            ]
            following = text[at + 1] if at + 1 < len(text) else None
            threads = self._closure(stepped, character, following)
            if not threads:
                return False
        return any(self._code[pc][0] == _MATCH for pc in threads)

    def _closure(self, starts: list[int], before: str | None, after: str | None) -> set[int]:
        """Everything that is reached from there without reading a character."""
        reached: set[int] = set()
        todo = list(starts)
        while todo:
            pc = todo.pop()
            if pc in reached:
                continue
            reached.add(pc)
            kind, first, second = self._code[pc]
            if kind == _SPLIT:
                todo += (first, second)
            elif kind == _ASSERT and _holds(Assertion(first), before, after):
                todo.append(pc + 1)
        return reached

    # Compiling

    def _add(self, kind: int, first: int = 0, second: int = 0) -> int:
        if len(self._code) >= MAX_INSTRUCTIONS:
            raise RegexError("expression too large")
        self._code.append((kind, first, second))
        return len(self._code) - 1

    def _emit(self, node: Node) -> None:
        kind = node[0]
        if kind == "characters":
            self._add(_CHARACTERS, node[1])
        elif kind == "assert":
            self._add(_ASSERT, int(node[1]))
        elif kind == "sequence":
            for part in node[1]:
                self._emit(part)
        elif kind == "choice":
            self._emit_choice(node[1])
        else:
            self._emit_repetition(*node[1:])

    def _emit_choice(self, choices: Sequence[Node]) -> None:
        jumps = []
        for choice in choices[:-1]:
            split = self._add(_SPLIT)
            self._emit(choice)
            jumps.append(self._add(_SPLIT))
            self._code[split] = (_SPLIT, split + 1, len(self._code))
        self._emit(choices[-1])
        for jump in jumps:
            self._code[jump] = (_SPLIT, len(self._code), len(self._code))

    def _emit_repetition(self, node: Node, least: int, most: int | None) -> None:
        for _ in range(least):
            self._emit(node)
        if most is None:
            split = self._add(_SPLIT)
            self._emit(node)
            self._add(_SPLIT, split, split)
            self._code[split] = (_SPLIT, split + 1, len(self._code))
            return
        splits = []
        for _ in range(most - least):
            splits.append(self._add(_SPLIT))
            self._emit(node)
        for split in splits:
            self._code[split] = (_SPLIT, split + 1, len(self._code))


def _holds(assertion: Assertion, before: str | None, after: str | None) -> bool:
    if assertion is Assertion.TEXT_START:
        return before is None
    if assertion is Assertion.TEXT_END:
        return after is None
    if assertion is Assertion.LINE_START:
        return before in (None, "\n")
    if assertion is Assertion.LINE_END:
        return after in (None, "\n")
    at_boundary = _is_word(before) != _is_word(after)
    return at_boundary is (assertion is Assertion.WORD_BOUNDARY)


def _is_word(character: str | None) -> bool:
    return character is not None and bool(1 << ord(character) & WORD & ALL)
