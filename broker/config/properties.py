"""The syntax of server.properties: Java's property files, read as UTF-8."""

from __future__ import annotations

from collections.abc import Iterator

from .keys import ConfigError

_ESCAPES = {"t": "\t", "n": "\n", "r": "\r", "f": "\f"}
_BLANK = " \t\f"


def read_properties(path: str) -> dict[str, str]:
    """The keys and values of a file. Raises ConfigError if it cannot be read or holds a malformed escape."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return parse_properties(file.read())
    except OSError as error:
        raise ConfigError(f"Cannot read the configuration file {path}: {error.strerror}.") from None


def parse_properties(text: str) -> dict[str, str]:
    """Key and value of each logical line; a key that comes twice keeps its last value."""
    return dict(_split(line) for line in _logical_lines(text))


def _logical_lines(text: str) -> Iterator[str]:
    """Lines without comments and blank ones; an odd number of backslashes at the end joins the next one."""
    pending: str | None = None
    for natural in text.replace("\r\n", "\n").replace("\r", "\n").split("\n"):
        line = natural.lstrip(_BLANK)
        if pending is None and (not line or line[0] in "#!"):
            continue
        if (len(line) - len(line.rstrip("\\"))) % 2:
            pending = (pending or "") + line[:-1]
            continue
        yield (pending or "") + line
        pending = None
    if pending:
        yield pending


def _split(line: str) -> tuple[str, str]:
    """Key and value: the key ends at the first `=`, `:` or blank that no backslash stands before."""
    end, escaped = 0, False
    while end < len(line) and (escaped or line[end] not in "=:" + _BLANK):
        escaped = line[end] == "\\" and not escaped
        end += 1
    value = line[end:].lstrip(_BLANK)
    if value[:1] in ("=", ":"):
        value = value[1:].lstrip(_BLANK)
    return _unescape(line[:end]), _unescape(value)


def _unescape(text: str) -> str:
    if "\\" not in text:
        return text
    out: list[str] = []
    characters = iter(text)
    for character in characters:
        if character != "\\":
            out.append(character)
            continue
        escape = next(characters, "")
        if escape != "u":
            out.append(_ESCAPES.get(escape, escape))
            continue
        digits = "".join(next(characters, "") for _ in range(4))
        try:
            out.append(chr(int(digits, 16)))
        except ValueError:
            raise ConfigError(f"The configuration file holds a malformed escape: \\u{digits}.") from None
    return "".join(out)
