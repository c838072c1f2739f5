"""The routing table: which API is answered by which handler, at which versions.

The first page to read. ApiVersions is derived from it, so what is not listed here is not advertised. A
handler is a plain function `(request, context) -> response`, where the response is a value of the API's
response message, a `Pending` that is completed later, or None when the protocol wants no answer (Produce with
acks=0).

A handler module is imported at the first request of its API, so that starting the broker costs nothing for
APIs that nobody calls.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import Any

from ...protocol.api_keys import ApiKey
from ..context import RequestContext

Handler = Callable[[Any, RequestContext], Any]

ROUTES: dict[ApiKey, range] = {
    ApiKey.PRODUCE: range(0, 14),
    ApiKey.FETCH: range(0, 19),
    ApiKey.LIST_OFFSETS: range(0, 12),
    ApiKey.METADATA: range(0, 14),
    ApiKey.OFFSET_COMMIT: range(0, 11),
    ApiKey.OFFSET_FETCH: range(0, 11),
    ApiKey.FIND_COORDINATOR: range(0, 7),
    ApiKey.JOIN_GROUP: range(0, 10),
    ApiKey.HEARTBEAT: range(0, 5),
    ApiKey.LEAVE_GROUP: range(0, 6),
    ApiKey.SYNC_GROUP: range(0, 6),
    ApiKey.DESCRIBE_GROUPS: range(0, 7),
    ApiKey.LIST_GROUPS: range(0, 6),
    ApiKey.API_VERSIONS: range(0, 6),
    ApiKey.CREATE_TOPICS: range(0, 8),
    ApiKey.DELETE_TOPICS: range(0, 7),
    ApiKey.DELETE_RECORDS: range(0, 3),
    ApiKey.INIT_PRODUCER_ID: range(0, 7),
    ApiKey.OFFSET_FOR_LEADER_EPOCH: range(0, 5),
    ApiKey.ADD_PARTITIONS_TO_TXN: range(0, 6),
    ApiKey.ADD_OFFSETS_TO_TXN: range(0, 5),
    ApiKey.END_TXN: range(0, 6),
    ApiKey.WRITE_TXN_MARKERS: range(0, 3),
    ApiKey.TXN_OFFSET_COMMIT: range(0, 7),
    ApiKey.DESCRIBE_CONFIGS: range(0, 5),
    ApiKey.ALTER_CONFIGS: range(0, 3),
    ApiKey.ALTER_REPLICA_LOG_DIRS: range(0, 3),
    ApiKey.DESCRIBE_LOG_DIRS: range(0, 6),
    ApiKey.CREATE_PARTITIONS: range(0, 4),
    ApiKey.DELETE_GROUPS: range(0, 4),
    ApiKey.ELECT_LEADERS: range(0, 3),
    ApiKey.INCREMENTAL_ALTER_CONFIGS: range(0, 2),
    ApiKey.ALTER_PARTITION_REASSIGNMENTS: range(0, 2),
    ApiKey.LIST_PARTITION_REASSIGNMENTS: range(0, 1),
    ApiKey.OFFSET_DELETE: range(0, 1),
    ApiKey.DESCRIBE_QUORUM: range(0, 3),
    ApiKey.DESCRIBE_CLUSTER: range(0, 3),
    ApiKey.CONSUMER_GROUP_HEARTBEAT: range(0, 2),
    ApiKey.CONSUMER_GROUP_DESCRIBE: range(0, 2),
    ApiKey.DESCRIBE_PRODUCERS: range(0, 1),
    ApiKey.DESCRIBE_TRANSACTIONS: range(0, 1),
    ApiKey.LIST_TRANSACTIONS: range(0, 3),
    ApiKey.LIST_CONFIG_RESOURCES: range(0, 2),
    ApiKey.DESCRIBE_TOPIC_PARTITIONS: range(0, 1),
    ApiKey.SHARE_GROUP_HEARTBEAT: range(1, 2),
    ApiKey.SHARE_GROUP_DESCRIBE: range(1, 2),
    ApiKey.SHARE_FETCH: range(1, 3),
    ApiKey.SHARE_ACKNOWLEDGE: range(1, 3),
    ApiKey.INITIALIZE_SHARE_GROUP_STATE: range(0, 1),
    ApiKey.READ_SHARE_GROUP_STATE: range(0, 1),
    ApiKey.WRITE_SHARE_GROUP_STATE: range(0, 2),
    ApiKey.DELETE_SHARE_GROUP_STATE: range(0, 1),
    ApiKey.READ_SHARE_GROUP_STATE_SUMMARY: range(0, 2),
    ApiKey.DESCRIBE_SHARE_GROUP_OFFSETS: range(0, 2),
    ApiKey.ALTER_SHARE_GROUP_OFFSETS: range(0, 1),
    ApiKey.DELETE_SHARE_GROUP_OFFSETS: range(0, 1),
    ApiKey.STREAMS_GROUP_HEARTBEAT: range(0, 2),
    ApiKey.STREAMS_GROUP_DESCRIBE: range(0, 2),
    ApiKey.STREAMS_GROUP_TOPOLOGY_DESCRIPTION_UPDATE: range(0, 1),
}


@cache
def handler(api_key: ApiKey) -> Handler:
    """The function `handle` of `handlers/<api>.py`. Raises KeyError for an API that is not in the table."""
    if api_key not in ROUTES:
        raise KeyError(api_key)
    handle: Handler = import_module(f".{api_key.name.lower()}", __package__).handle
    return handle
