"""What a configuration key is: its type, default, bounds, and how text becomes a value.

Parsing and the sentences of errors follow Kafka's ConfigDef, because admin clients show them to people and
tests of other projects compare them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

BOOLEAN, INT, SHORT, LONG, DOUBLE = "BOOLEAN", "INT", "SHORT", "LONG", "DOUBLE"
STRING, LIST, CLASS, PASSWORD = "STRING", "LIST", "CLASS", "PASSWORD"

INT_MAX = 2**31 - 1
LONG_MAX = 2**63 - 1
_LIMITS = {SHORT: 2**15, INT: 2**31, LONG: 2**63}

Value = bool | int | float | str | tuple[str, ...] | None
Validator = Callable[[str, Value], None]


class ConfigError(ValueError):
    """A configuration that cannot be used. `str()` is one plain sentence for the person who wrote it."""


def invalid(name: str, value: object, reason: str) -> ConfigError:
    """The error of a known key with a bad value, worded as Kafka's ConfigException."""
    return ConfigError(f"Invalid value {value} for configuration {name}: {reason}")


class ConfigKey:
    """One key of the broker or of a topic.

    `default` is a typed value (int, float, bool, str, tuple of str) or None when the key has none. `synonyms`
    are the broker keys a topic key falls back on, the first that is set wins: pairs of a name and the factor
    to this key's unit. `note`, when not empty, says why the key is understood but has no effect in this
    broker.
    """

    __slots__ = ("default", "doc", "name", "note", "synonyms", "type", "validator")

    def __init__(
        self,
        name: str,
        type: str,
        default: Value,
        doc: str,
        validator: Validator | None = None,
        *,
        synonyms: tuple[tuple[str, int], ...] = (),
        note: str = "",
    ) -> None:
        self.name = name
        self.type = type
        self.default = default
        self.doc = doc
        self.validator = validator
        self.synonyms = synonyms
        self.note = note

    def __repr__(self) -> str:
        return f"<ConfigKey {self.name} {self.type} default={self.default!r}>"

    @property
    def is_sensitive(self) -> bool:
        """Passwords: never shown, in DescribeConfigs answered as null."""
        return self.type == PASSWORD

    def parse(self, text: str) -> Value:
        """The typed, validated value of `text`. Raises ConfigError."""
        return self.check(self.convert(text))

    def check(self, value: Value) -> Value:
        """`value`, if it is within the bounds. Raises ConfigError."""
        if self.validator is not None:
            self.validator(self.name, value)
        return value

    def convert(self, text: str) -> Value:
        """The typed value of `text`, bounds not checked. Raises ConfigError."""
        kind, stripped = self.type, text.strip()
        if kind == BOOLEAN:
            if stripped.lower() not in ("true", "false"):
                raise invalid(self.name, text, "Expected value to be either true or false")
            return stripped.lower() == "true"
        if kind in _LIMITS:
            return self._convert_integer(text, stripped)
        if kind == DOUBLE:
            try:
                return float(stripped)
            except ValueError:
                raise invalid(self.name, text, "Not a number of type DOUBLE") from None
        if kind == LIST:  # an item that is there twice counts once (KIP-1161)
            return tuple(dict.fromkeys(item.strip() for item in stripped.split(","))) if stripped else ()
        return stripped

    def _convert_integer(self, text: str, stripped: str) -> int:
        limit = _LIMITS[self.type]
        digits = stripped[1:] if stripped[:1] in ("+", "-") else stripped
        # 20 digits hold every 64-bit number; without a bound, int() of a long text is quadratic.
        if digits.isascii() and digits.isdigit() and len(digits) <= 20 and -limit <= int(stripped) < limit:
            return int(stripped)
        raise invalid(self.name, text, f"Not a number of type {self.type}")

    def format(self, value: Value) -> str | None:
        """`value` as text, as DescribeConfigs answers it; `parse` is its inverse. None stays None."""
        if value is None:
            return None
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, tuple):
            return ",".join(value)
        return str(value)


def to_text(value: object) -> str:
    """A value given from Python, as the text that a properties file would hold: True, 5, ["a", "b"], "x"."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, tuple)):
        return ",".join(map(str, value))
    return str(value)


def at_least(low: float) -> Validator:
    def check(name: str, value: Value) -> None:
        if isinstance(value, (int, float)) and value < low:
            raise invalid(name, value, f"Value must be at least {low}")

    return check


def between(low: float, high: float) -> Validator:
    def check(name: str, value: Value) -> None:
        if isinstance(value, (int, float)) and value < low:
            raise invalid(name, value, f"Value must be at least {low}")
        if isinstance(value, (int, float)) and value > high:
            raise invalid(name, value, f"Value must be no more than {high}")

    return check


def one_of(*names: str) -> Validator:
    def check(name: str, value: Value) -> None:
        if value not in names:
            raise invalid(name, value, f"String must be one of: {', '.join(names)}")

    return check


def items_of(*names: str) -> Validator:
    """For lists: every item is one of `names`."""

    def check(name: str, value: Value) -> None:
        items = value if isinstance(value, tuple) else ()
        for item in items:
            if item not in names:
                raise invalid(name, item, f"String must be one of: {', '.join(names)}")
        if len(set(items)) != len(items):
            raise invalid(
                name, f"[{', '.join(items)}]", f"Configuration '{name}' values must not be duplicated."
            )

    return check


def not_empty_items(name: str, value: Value) -> None:
    """For lists."""
    if isinstance(value, tuple) and "" in value:
        raise ConfigError(f"Configuration '{name}' values must not be empty.")


def not_empty(name: str, value: Value) -> None:
    if value == "":
        raise invalid(name, value, "String must be non-empty")


def gzip_level(name: str, value: Value) -> None:
    if isinstance(value, int) and value != -1 and not 1 <= value <= 9:
        raise invalid(name, value, "Value must be between 1 and 9 or equal to -1")


def throttled_replicas(name: str, value: Value) -> None:
    """Either `*` or PARTITION:BROKER pairs."""
    items = value if isinstance(value, tuple) else ()
    if items == ("*",):
        return
    for item in items:
        partition, colon, broker = item.partition(":")
        if not (colon and partition.isdecimal() and broker.isdecimal()):
            form = "[partitionId]:[brokerId],[partitionId]:[brokerId],..."
            reason = f"{name} must be the literal '*' or a list of replicas in the following format: {form}"
            raise invalid(name, f"[{', '.join(items)}]", reason)


def inert(note: str, *rows: tuple[Any, ...]) -> tuple[ConfigKey, ...]:
    """Keys that are understood and have no effect: (name, type, default[, validator]) each, and why."""
    return tuple(
        ConfigKey(name, type, default, f"No effect here. {note}", *validator, note=note)
        for name, type, default, *validator in rows
    )


def table(keys: Iterable[ConfigKey]) -> dict[str, ConfigKey]:
    return {key.name: key for key in keys}
