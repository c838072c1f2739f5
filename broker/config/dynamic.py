"""The settings of the broker that can be changed while it runs (KIP-226), for itself or for all brokers.

They are those that Apache Kafka 4.4 can change, but for `listeners`, `listener.security.protocol.map` and
`max.connections.per.ip.overrides`: listeners are opened and hosts looked up when the broker starts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from .dynamic_keys import (
    CLUSTER_WIDE,
    PER_BROKER,
    QUOTA_KEYS,
    SECURITY,
)
from .keys import ConfigError, ConfigKey

DYNAMIC_KEYS: frozenset[str] = PER_BROKER | CLUSTER_WIDE

# What the default of all brokers may hold for one listener.
_CLUSTER_WIDE_OF_LISTENER = ("max.connection.creation.rate", "max.connections", "num.network.threads")
_OF_LISTENER = re.compile(r"listener\.name\.[^.]*\.(.*)").fullmatch
_ASSIGNED = ("consumer", "share", "streams")


def dynamic_key(name: str, keys: Mapping[str, ConfigKey]) -> ConfigKey | None:
    """What is known of a dynamic setting by that name; None for one that is kept and has no meaning here.

    A setting of one listener, `listener.name.NAME.KEY`, is of the kind of KEY.
    """
    base = _base_name(name)
    return QUOTA_KEYS.get(base) or (keys.get(base) if base in DYNAMIC_KEYS else None)


def listener_names(name: str) -> tuple[str, ...]:
    """A key, and for a setting of one listener also that of all listeners."""
    base = _base_name(name)
    return (name,) if base == name else (name, base)


def is_sensitive(name: str, keys: Mapping[str, ConfigKey]) -> bool:
    """Whether a dynamic setting is not to be shown: passwords, and what nobody knows."""
    key = dynamic_key(name, keys)
    return key is None or key.is_sensitive


def check_dynamic_names(names: Iterable[str], keys: Mapping[str, ConfigKey], *, of_one_broker: bool) -> None:
    """Raise ConfigError, with Kafka's sentence, for names that are not to be changed while a broker runs.

    Names that nobody knows may be: Kafka's plugins have settings of their own.
    """
    names = sorted(names)
    _refuse(
        "Cannot update these configs dynamically",
        [name for name in names if name in keys and name not in DYNAMIC_KEYS],
    )
    _refuse(
        "These security configs can be dynamically updated only per-listener using the listener prefix",
        [name for name in names if name in SECURITY],
    )
    if not of_one_broker:
        _refuse(
            "Cannot update these configs at default cluster level, broker id must be specified",
            [name for name in names if _is_per_broker(name)],
        )


def _base_name(name: str) -> str:
    match = _OF_LISTENER(name)
    return name if match is None else match[1]


def _is_per_broker(name: str) -> bool:
    base = _base_name(name)
    return name in PER_BROKER or (base != name and base not in _CLUSTER_WIDE_OF_LISTENER)


def _refuse(sentence: str, names: list[str]) -> None:
    if names:
        raise ConfigError(f"{sentence}: [{', '.join(names)}]")


def check_together(names: Iterable[str], values: Mapping[str, Any]) -> None:
    """Raise ConfigError if one of the settings `names` cannot be with the others, though each is within its
    own bounds.
    """
    names = set(names)
    if "log.roll.ms" in names and values["log.roll.ms"] < 1:
        raise ConfigError("log.roll.ms must be greater than or equal to 1")
    for family in _ASSIGNED:
        name = f"group.{family}.assignment.interval.ms"
        if name not in names:
            continue
        least, most = (f"group.{family}.{bound}.assignment.interval.ms" for bound in ("min", "max"))
        if values[name] < values[least]:
            raise ConfigError(f"{name} must be greater than or equal to {least}")
        if values[name] > values[most]:
            raise ConfigError(f"{name} must be less than or equal to {most}")
