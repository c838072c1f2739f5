"""Which messages the codec tests are about."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from typing import Any, NamedTuple

from odradek.protocol.schema import Message

# The APIs of the first milestone, by the names of their modules.
APIS = (
    "produce",
    "fetch",
    "list_offsets",
    "metadata",
    "offset_commit",
    "offset_fetch",
    "find_coordinator",
    "join_group",
    "heartbeat",
    "leave_group",
    "sync_group",
    "describe_groups",
    "list_groups",
    "api_versions",
    "create_topics",
    "delete_topics",
    "init_producer_id",
    "add_partitions_to_txn",
    "add_offsets_to_txn",
    "end_txn",
    "write_txn_markers",
    "txn_offset_commit",
    "describe_configs",
    "create_partitions",
    "delete_groups",
    "offset_delete",
    "describe_cluster",
    "describe_topic_partitions",
    "describe_producers",
    "describe_transactions",
    "list_transactions",
    "consumer_group_heartbeat",
    "consumer_group_describe",
    "share_group_heartbeat",
    "share_group_describe",
    "share_fetch",
    "share_acknowledge",
    "initialize_share_group_state",
    "read_share_group_state",
    "write_share_group_state",
    "delete_share_group_state",
    "read_share_group_state_summary",
    "describe_share_group_offsets",
    "alter_share_group_offsets",
    "delete_share_group_offsets",
    "streams_group_heartbeat",
    "streams_group_describe",
    "streams_group_topology_description_update",
    "alter_configs",
    "incremental_alter_configs",
    "list_config_resources",
    "delete_records",
    "offset_for_leader_epoch",
    "describe_log_dirs",
    "elect_leaders",
    "alter_partition_reassignments",
    "list_partition_reassignments",
    "describe_quorum",
    "alter_replica_log_dirs",
)
# Those of share groups, which came with Kafka 4.
SHARE_APIS = tuple(api for api in APIS if "share" in api)
# Those of streams groups.
STREAMS_APIS = tuple(api for api in APIS if "streams" in api)
DIRECTIONS = ("request", "response")
RECORDS = (
    "group_records",
    "consumer_group_records",
    "share_group_records",
    "share_state_records",
    "streams_group_records",
    "metadata_records",
    "transaction_records",
)


class Case(NamedTuple):
    """One message at one version. A record has its module for an API, and its own name for a direction."""

    api: str
    direction: str
    version: int

    @property
    def message(self) -> Any:
        """The declaration."""
        return message(self.api, self.direction)

    def __str__(self) -> str:
        return f"{self.api}-{self.direction}-v{self.version}"


def message(api: str, direction: str) -> Any:
    """The declaration of an API's request or response, or of a record."""
    return getattr(importlib.import_module(f"odradek.protocol.messages.{api}"), direction.upper())


def cases() -> Iterator[Case]:
    """Every API, direction and version."""
    for api in APIS:
        for direction in DIRECTIONS:
            for version in message(api, direction).versions:
                yield Case(api, direction, version)


def record_cases() -> Iterator[Case]:
    """Every record of Kafka's internal topics at every version."""
    for module in RECORDS:
        for name, one in vars(importlib.import_module(f"odradek.protocol.messages.{module}")).items():
            if isinstance(one, Message):
                for version in one.versions:
                    yield Case(module, name.lower(), version)


def fields_at(struct: Any, version: int) -> list[Any]:
    """The fields that a struct or message has in a version, in the order of the declaration."""
    return [field for field in struct.fields if field.exists(version)]
