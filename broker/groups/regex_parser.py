"""The syntax of RE2 (https://github.com/google/re2/wiki/Syntax), as far as it can match topic names."""

from __future__ import annotations

from enum import IntEnum
from typing import Any

# ("characters", mask), ("assert", Assertion), ("sequence", [nodes]), ("choice", [nodes]),
# ("repeat", node, least, most or None)
Node = tuple[Any, ...]

ALL = (1 << 128) - 1
MAX_REPEAT = 1000
MAX_DEPTH = 1000


class Assertion(IntEnum):
    """What must hold between two characters."""

    TEXT_START = 0
    TEXT_END = 1
    LINE_START = 2
    LINE_END = 3
    WORD_BOUNDARY = 4
    NO_WORD_BOUNDARY = 5


class RegexError(ValueError):
    """The expression is not in RE2's syntax."""


def mask(characters: str) -> int:
    """The class of these characters; those that are not ASCII match nothing."""
    bits = 0
    for character in characters:
        if ord(character) < 128:
            bits |= 1 << ord(character)
    return bits


def _span(first: int, last: int) -> int:
    """The class of a range of code points."""
    if first > 127:
        return 0
    return ((1 << (min(last, 127) - first + 1)) - 1) << first


_DIGIT, _UPPER, _LOWER = _span(48, 57), _span(65, 90), _span(97, 122)
_ALPHA = _UPPER | _LOWER
WORD = _ALPHA | _DIGIT | mask("_")
_PERL = {"d": _DIGIT, "s": mask("\t\n\f\r "), "w": WORD}
_POSIX = {
    "alnum": _ALPHA | _DIGIT,
    "alpha": _ALPHA,
    "ascii": ALL,
    "blank": mask("\t "),
    "cntrl": _span(0, 31) | 1 << 127,
    "digit": _DIGIT,
    "graph": _span(33, 126),
    "lower": _LOWER,
    "print": _span(32, 126),
    "punct": _span(33, 126) & ~(_ALPHA | _DIGIT),
    "space": mask("\t\n\v\f\r "),
    "upper": _UPPER,
    "word": WORD,
    "xdigit": _DIGIT | mask("abcdefABCDEF"),
}
_ESCAPES = {"a": 7, "f": 12, "t": 9, "n": 10, "r": 13, "v": 11}
_ANCHORS = {
    "A": Assertion.TEXT_START,
    "z": Assertion.TEXT_END,
    "b": Assertion.WORD_BOUNDARY,
    "B": Assertion.NO_WORD_BOUNDARY,
}


def parse(regex: str) -> Node:
    """The tree of an expression. Raises RegexError."""
    parser = _Parser(regex)
    node = parser.choice(0)
    if parser.at < len(regex):
        raise RegexError("regexp/syntax: internal error")  # what Kafka's library says of a ) too many
    return node


class _Parser:
    def __init__(self, regex: str) -> None:
        self.regex = regex
        self.at = 0
        self.fold = self.dot_all = self.multi_line = False

    def peek(self, text: str) -> bool:
        return self.regex.startswith(text, self.at)

    def take(self, text: str) -> bool:
        if self.peek(text):
            self.at += len(text)
            return True
        return False

    def next(self, problem: str) -> str:
        if self.at >= len(self.regex):
            raise RegexError(problem)
        self.at += 1
        return self.regex[self.at - 1]

    # Structure

    def choice(self, depth: int) -> Node:
        if depth > MAX_DEPTH // 10:
            raise RegexError("expression nests too deeply")
        choices = [self.sequence(depth)]
        while self.take("|"):
            choices.append(self.sequence(depth))
        return choices[0] if len(choices) == 1 else ("choice", choices)

    def sequence(self, depth: int) -> Node:
        parts: list[Node] = []
        while self.at < len(self.regex) and not self.peek("|") and not self.peek(")"):
            if self.regex[self.at] in "*+?" or self._count() is not None:
                raise RegexError("missing argument to repetition operator")
            atom = self.atom(depth)
            if atom is not None:
                parts.append(self.repetition(atom))
        return ("sequence", parts)

    def repetition(self, atom: Node) -> Node:
        bounds = self._repeat_operator()
        if bounds is None:
            return atom
        self.take("?")  # a lazy one matches the same whole names
        if self._repeat_operator() is not None:
            raise RegexError("invalid nested repetition operator")
        return ("repeat", atom, *bounds)

    def _repeat_operator(self) -> tuple[int, int | None] | None:
        for operator, bounds in (("*", (0, None)), ("+", (1, None)), ("?", (0, 1))):
            if self.take(operator):
                return bounds
        counted = self._count()
        if counted is None:
            return None
        least, most, self.at = counted
        if least > MAX_REPEAT or (most is not None and (most > MAX_REPEAT or most < least)):
            raise RegexError("invalid repeat count")
        return least, most

    def _count(self) -> tuple[int, int | None, int] | None:
        """{n}, {n,} or {n,m} at this place, with the position behind it. Anything else is not special."""
        end = self.regex.find("}", self.at)
        if not self.peek("{") or end < 0:
            return None
        least, comma, most = self.regex[self.at + 1 : end].partition(",")
        if not _is_number(least) or (most and not _is_number(most)):
            return None
        return int(least), (int(most) if most else None if comma else int(least)), end + 1

    # Atoms

    def atom(self, depth: int) -> Node | None:
        character = self.next("")
        if character == "(":
            return self.group(depth)
        if character == "[":
            return ("characters", self.bracket())
        if character == ".":
            return ("characters", ALL if self.dot_all else ALL & ~mask("\n"))
        if character == "^":
            return ("assert", Assertion.LINE_START if self.multi_line else Assertion.TEXT_START)
        if character == "$":
            return ("assert", Assertion.LINE_END if self.multi_line else Assertion.TEXT_END)
        if character == "\\":
            return self.escape()
        return ("characters", self._folded(mask(character)))

    def group(self, depth: int) -> Node | None:
        flags = (self.fold, self.dot_all, self.multi_line)
        if self.take("?"):
            if self.take("P<") or (
                self.peek("<") and not self.peek("<=") and not self.peek("<!") and self.take("<")
            ):
                self._name()
            elif not self._flags():
                return None  # (?i) holds until the end of the group around it
        node = self.choice(depth + 1)
        if not self.take(")"):
            raise RegexError("missing closing )")
        self.fold, self.dot_all, self.multi_line = flags
        return node

    def _name(self) -> None:
        end = self.regex.find(">", self.at)
        name = self.regex[self.at : end]
        if (
            end < 0
            or not name
            or not all(1 << ord(c) & WORD for c in name if ord(c) < 128)
            or not name.isascii()
        ):
            raise RegexError("invalid named capture")
        self.at = end + 1

    def _flags(self) -> bool:
        """The flags of (?flags) or (?flags:...); whether a group follows."""
        on, seen = True, False
        while True:
            flag = self.next("missing closing )")
            if flag == "i":
                self.fold = on
            elif flag == "s":
                self.dot_all = on
            elif flag == "m":
                self.multi_line = on
            elif flag == "-" and on:
                on, seen = False, False
                continue
            elif flag in ":)" and (on or seen):
                return flag == ":"
            elif flag != "U":
                raise RegexError("invalid or unsupported Perl syntax")
            seen = True

    def escape(self) -> Node:
        character = self.next("trailing backslash at end of expression")
        if character in _ANCHORS:
            return ("assert", _ANCHORS[character])
        if character == "Q":
            end = self.regex.find("\\E", self.at)
            quoted = self.regex[self.at : end] if end >= 0 else self.regex[self.at :]
            self.at = end + 2 if end >= 0 else len(self.regex)
            return ("sequence", [("characters", self._folded(mask(c))) for c in quoted])
        known = self._class_escape(character)
        if known is not None:
            return ("characters", self._folded(known))
        return ("characters", self._folded(_span(code := self._code_point(character), code)))

    def _class_escape(self, character: str) -> int | None:
        if character.lower() in _PERL:
            return _negated(_PERL[character.lower()], character.isupper())
        if character in "pP":
            return self._unicode_class(character == "P")
        return None

    def _unicode_class(self, is_negated: bool) -> int:
        name = self.next("invalid character class range")
        if name == "{":
            end = self.regex.find("}", self.at)
            if end < 0:
                raise RegexError("invalid character class range")
            name, self.at = self.regex[self.at : end], end + 1
            if name.startswith("^"):
                name, is_negated = name[1:], not is_negated
        return _negated(_unicode_mask(name), is_negated)

    def _code_point(self, character: str) -> int:
        if character in "01234567":
            return self._octal(character)
        if character == "x":
            return self._hexadecimal()
        if character in _ESCAPES:
            return _ESCAPES[character]
        if ord(character) < 128 and not character.isalnum():
            return ord(character)
        raise RegexError("invalid escape sequence")

    def _octal(self, digits: str) -> int:
        following = self.regex[self.at : self.at + 1]
        if digits != "0" and (not following or following not in "01234567"):
            raise RegexError("invalid escape sequence")  # RE2 has no references back
        while len(digits) < 3 and self.regex[self.at : self.at + 1] in tuple("01234567"):
            digits += self.next("")
        return int(digits, 8)

    def _hexadecimal(self) -> int:
        if self.take("{"):
            end = self.regex.find("}", self.at)
            digits, self.at = self.regex[self.at : max(end, self.at)], end + 1
        else:
            digits, self.at = self.regex[self.at : self.at + 2], self.at + 2
            digits = digits if len(digits) == 2 else ""
        if not digits or not all(c in "0123456789abcdefABCDEF" for c in digits) or int(digits, 16) > 0x10FFFF:
            raise RegexError("invalid escape sequence")
        return int(digits, 16)

    def bracket(self) -> int:
        is_negated = self.take("^")
        found, is_first = 0, True
        while is_first or not self.peek("]"):
            if self.at >= len(self.regex):
                raise RegexError("missing closing ]")
            found |= self._member()
            is_first = False
        self.at += 1
        return _negated(self._folded(found), is_negated)

    def _member(self) -> int:
        if self.peek("[:"):
            end = self.regex.find(":]", self.at + 2)
            if end >= 0:
                name, self.at = self.regex[self.at + 2 : end], end + 2
                if name.removeprefix("^") not in _POSIX:
                    raise RegexError("invalid character class range")
                return _negated(_POSIX[name.removeprefix("^")], name.startswith("^"))
        if self.peek("\\") and self.regex[self.at + 1 : self.at + 2] in tuple("dDsSwWpP"):
            self.at += 1
            known = self._class_escape(self.next(""))
            assert known is not None
            return known
        first = last = self._bracket_code()
        if self.peek("-") and self.regex[self.at + 1 : self.at + 2] not in ("", "]"):
            self.at += 1
            last = self._bracket_code()
            if last < first:
                raise RegexError("invalid character class range")
        return _span(first, last)

    def _bracket_code(self) -> int:
        character = self.next("missing closing ]")
        if character != "\\":
            return ord(character)
        return self._code_point(self.next("trailing backslash at end of expression"))

    def _folded(self, bits: int) -> int:
        if not self.fold:
            return bits
        return bits | (bits & _UPPER) << 32 | (bits & _LOWER) >> 32


def _negated(bits: int, is_negated: bool) -> int:
    return ALL & ~bits if is_negated else bits


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 8 and (text == "0" or not text.startswith("0"))


def _unicode_mask(name: str) -> int:
    """The ASCII characters of a general category, or of a script."""
    if name == "Any":
        return ALL
    if name == "Latin":
        return _ALPHA
    if name == "Common":
        return ALL & ~_ALPHA
    from unicodedata import category

    categories = [category(chr(code)) for code in range(128)]
    if len(name) <= 2 and name[:1] in "CLMNPSZ":
        return sum(1 << code for code, kind in enumerate(categories) if kind.startswith(name))
    if len(name) > 2 and name[0].isupper() and name.replace("_", "").isalpha():
        return 0  # a script without ASCII characters
    raise RegexError("invalid character class range")
