"""The one place that says what a broker may choose, so that no two brokers' answers agree on it.

Such a value is shown by a name in place of itself, the same name for the same value: brokers that hand out
different ids, but the same one twice where the other does too, are shown alike. Everything else in an answer
is determined and compared as it is.
"""

from __future__ import annotations

import base64
import re
import time
from collections import ChainMap
from collections.abc import Callable, Mapping
from typing import Any

Shown = Any

_ZERO_ID = bytes(16)
_RANDOM_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_MILLISECONDS = re.compile(r"\b\d{13}\b")


class Names:
    """The names that the undetermined values of one broker have been given so far."""

    def __init__(self) -> None:
        self._names: dict[Any, str] = {}
        self._counts: dict[str, int] = {}

    def give(self, value: Any, name: str) -> None:
        """Show `value` as <name> from now on."""
        self._names[value] = f"<{name}>"

    def of(self, value: Any, kind: str) -> str:
        """The name of `value`, which is a new one of its `kind` if it was never seen."""
        if value not in self._names:
            self._counts[kind] = self._counts.get(kind, 0) + 1
            self.give(value, f"{kind} {self._counts[kind]}")
        return self._names[value]

    def within(self, text: str) -> str:
        """A text with names in place of the values that occur in it, and of random ids."""
        if text in self._names:
            return self._names[text]
        for value, name in self._names.items():
            known = base64_id(value) if isinstance(value, bytes) else value
            if isinstance(known, str) and len(known) > 8:
                text = text.replace(known, name)
        text = _RANDOM_ID.sub(lambda found: self.of(found[0], "random id"), text)
        return _MILLISECONDS.sub(lambda found: _unless_now(found[0]), text)

    def data(self, value: bytes) -> str:
        """Bytes as text."""
        return value.hex()


def _unless_now(milliseconds: str) -> str:
    """A number within a text, or a name where it is a time within a day of now."""
    return "<now>" if abs(int(milliseconds) / 1000 - time.time()) < 86_400 else milliseconds


def base64_id(value: bytes) -> str:
    """A 16-byte id as Kafka prints it."""
    return base64.urlsafe_b64encode(value).decode().rstrip("=")


# The rules. A field is `name`, or `Struct.name` where other messages mean something else by that name.

Rule = Callable[[Any, Names], Shown]


def an_id(kind: str, *none: Any) -> Rule:
    """Ids, all but those that mean that there is none."""
    return lambda value, names: value if value in none else names.of((kind, value), kind)


def a_text_id(kind: str) -> Rule:
    """An id that may occur within texts too."""
    return lambda value, names: names.of(value, kind) if value else value


def marked(mark: str, *none: Any) -> Rule:
    """Values of which it only counts that there is one: not empty, not 0, and none of `none`."""
    return lambda value, names: f"<{mark}>" if value and value not in none else value  # noqa: ARG005


def anything(value: Any, names: Names) -> Shown:  # noqa: ARG001
    """No part of what is compared."""
    return "<any>"


RULES: dict[str, Rule] = {
    # What is said to people: every broker says it in its own words.
    "error_message": marked("text"),
    "batch_index_error_message": marked("text"),
    "status_detail": marked("text"),
    # Names of machines, networks and their state.
    "host": marked("host"),
    "client_host": marked("host"),
    "port": marked("port", -1),
    "throttle_time_ms": anything,
    "log_dir": marked("folder"),
    "total_bytes": anything,
    "usable_bytes": anything,
    # Numbers and names that are chosen by the broker.
    "cluster_id": a_text_id("cluster id"),
    "producer_id": an_id("producer id", -1),
    "FetchResponse.session_id": an_id("fetch session", 0),
    "finalized_features_epoch": anything,
    "incarnation_id": anything,
    "ReplicaState.log_end_offset": anything,
    # Which APIs are served at which versions: the one story `connecting.served` compares that.
    "ApiVersionsResponse.api_keys": anything,
    # Times of the broker's clock.
    "last_fetch_timestamp": marked("time", -1),
    "last_caught_up_timestamp": marked("time", -1),
    "log_append_time_ms": marked("time", -1),
    "transaction_start_time_ms": marked("time", -1),
    "last_timestamp": marked("time", -1),
}

# Arrays whose order means nothing (Apache Kafka fills them from hash tables), by a field of their elements.
UNORDERED: dict[str, str] = {
    "ApiVersionsResponse.supported_features": "name",
    "ApiVersionsResponse.finalized_features": "name",
    "CreatableTopicResult.configs": "name",
    "DescribeConfigsResult.configs": "name",
    "DescribeLogDirsResult.topics": "name",
    "ElectLeadersResponse.replica_election_results": "topic",
    "DescribeLogDirsTopic.partitions": "partition_index",
    "ListConfigResourcesResponse.config_resources": "resource_name",
    "MetadataResponse.topics": "name",
    "AddPartitionsToTxnTopicResult.results_by_partition": "partition_index",
    "ListGroupsResponse.groups": "group_id",
    "ListTransactionsResponse.transaction_states": "transactional_id",
    "DescribeGroupsResponse.groups": "group_id",
    "ConsumerGroupDescribeResponse.groups": "group_id",
    "DeleteGroupsResponse.results": "group_id",
    "OffsetFetchResponse.groups": "group_id",
}


def shown(value: Any, names: Names, rules: Mapping[str, Rule] = RULES) -> Shown:
    """An answer as plain values, in which two brokers that behave alike are equal.

    `rules` come before RULES.
    """
    return _shown(value, names, ChainMap(dict(rules), RULES), "", "")


def _shown(value: Any, names: Names, rules: Mapping[str, Rule], within: str, name: str) -> Shown:
    """`within` is the struct that the value is a field of, and `name` the field."""
    field = f"{within}.{name}"
    rule = rules.get(field) or rules.get(name)
    if rule is not None and value is not None:
        return rule(value, names)
    if isinstance(value, list):
        return _array(value, names, rules, field)
    if isinstance(value, bytes) and len(value) == 16 and "id" in name:
        return base64_id(value) if value[:15] == _ZERO_ID[:15] else names.of(value, "id")
    if isinstance(value, bytes | bytearray | memoryview):
        return names.data(bytes(value))
    if isinstance(value, str):
        return names.within(value)
    if hasattr(value, "unknown_tags"):
        fields = {
            each: _shown(getattr(value, each), names, rules, type(value).__name__, each)
            for each in slots(value)
        }
        if value.unknown_tags:
            fields["unknown_tags"] = {tag: data.hex() for tag, data in value.unknown_tags.items()}
        return fields
    return value


def _array(value: list[Any], names: Names, rules: Mapping[str, Rule], field: str) -> Shown:
    within, _, name = field.partition(".")
    key = UNORDERED.get(field)
    if key is None:
        return [_shown(each, names, rules, within, name) for each in value]
    value = sorted(value, key=lambda each: str(getattr(each, key)))
    rows = [
        (names.within(str(getattr(each, key))), _shown(each, names, rules, within, name)) for each in value
    ]
    return dict(rows) if len(dict(rows)) == len(rows) else [row for _, row in rows]


def slots(value: Any) -> list[str]:
    """The fields of a struct's value."""
    return list(type(value).__slots__)
