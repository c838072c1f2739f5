"""Which independent codec speaks which message at which version: the table behind the codec tests."""

from __future__ import annotations

from .catalogue import RECORDS, SHARE_APIS, STREAMS_APIS, Case

# What Kafka 4 still speaks: from these versions on (KIP-896); everywhere else from 0.
KAFKA_4_FLOOR = {
    "produce": 3,
    "fetch": 4,
    "list_offsets": 1,
    "offset_commit": 2,
    "offset_fetch": 1,
    "create_topics": 2,
    "delete_topics": 1,
    "describe_configs": 1,
    "write_txn_markers": 1,
    "offset_for_leader_epoch": 2,
    "alter_replica_log_dirs": 1,
    "describe_log_dirs": 1,
}

# The newest versions up to Kafka 4.3, where 4.4 has newer ones: those that kio 0.6.5 and kafka-python 3.0.12
# know.
KAFKA_4_3_NEWEST = {"api_versions": 4, "txn_offset_commit": 5, "delete_groups": 2}

# kafka-python 3.0.12 speaks every other version of what it speaks, and nothing of these.
KAFKA_PYTHON_3_LACKS = ("consumer_group_heartbeat", "consumer_group_describe", *SHARE_APIS, *STREAMS_APIS)

KIO_NEWEST = {
    **KAFKA_4_3_NEWEST,
    "streams_group_heartbeat": 0,
    "streams_group_describe": 0,
    "streams_group_topology_description_update": -1,
}


# kafka-python 2.0.6: the newest version, per API, request and response.
KAFKA_PYTHON_2_NEWEST = {
    "produce": (8, 7),
    "fetch": (6, 11),
    "list_offsets": (3, 5),
    "metadata": (5, 5),
    "offset_commit": (3, 3),
    "offset_fetch": (3, 3),
    "find_coordinator": (1, 0),
    "join_group": (2, 2),
    "heartbeat": (1, 1),
    "leave_group": (1, 1),
    "sync_group": (1, 1),
    "describe_groups": (3, 2),
    "list_groups": (2, 2),
    "api_versions": (2, 2),
    "create_topics": (3, 3),
    "delete_topics": (3, 3),
    "describe_configs": (2, 2),
    "alter_configs": (1, 1),
    "describe_log_dirs": (-1, 0),
    "create_partitions": (-1, 1),
    "delete_groups": (1, 1),
}

# Classes that kafka-python 2.0.6 has beyond that table, and why they are no measure for us.
KAFKA_PYTHON_2_FAULTS = {
    ("produce", "response", 8): "puts record_errors beside the partitions instead of into them",
    **{
        ("fetch", "request", version): "cannot write forgotten topics: a class where an instance is meant"
        for version in range(7, 12)
    },
    **{("list_offsets", "request", version): "writes current_leader_epoch as an int64" for version in (4, 5)},
    ("find_coordinator", "response", 1): "has no throttle_time_ms",
    ("describe_groups", "response", 3): "puts authorized_operations behind the groups instead of into each",
    ("describe_log_dirs", "request", 0): "cannot write partitions: one where an array is meant",
    **{
        (
            f"{verb}_partition_reassignments",
            direction,
            0,
        ): "has the tags among the fields, and goes by their order"
        for verb in ("alter", "list")
        for direction in ("request", "response")
    },
    **{
        ("create_partitions", "request", version): "has a struct more, though the same bytes"
        for version in (0, 1)
    },
}


# Messages with structs inside tagged fields, from which version. kafka-python 3.0.12 expects such a struct to
# have no tags of its own, and refuses the message otherwise; kio 0.6.5 refuses all unknown tags. Apache Kafka
# keeps them: `compat-tests/oracle` and its vectors hold us to that.
TAGGED_STRUCTS_SINCE = {
    ("produce", "response"): 10,
    ("fetch", "request"): 15,
    ("fetch", "response"): 12,
    ("api_versions", "response"): 3,
}


def kafka_python_3_skips_tags(case: Case) -> bool:
    """kafka-python 3 reads the message when it has unknown tags, leaving them out."""
    since = TAGGED_STRUCTS_SINCE.get((case.api, case.direction))
    return kafka_python_3_speaks(case) and (since is None or case.version < since)


def kafka_python_3_speaks(case: Case) -> bool:
    """kafka-python 3 has a class of the message."""
    newest = KAFKA_4_3_NEWEST.get(case.api, case.version)
    return case.api not in (*RECORDS, *KAFKA_PYTHON_3_LACKS) and case.version <= newest


def kio_speaks(case: Case) -> bool:
    """kio 0.6.5 has classes of every version that Kafka 4 speaks, up to those of Kafka 4.3."""
    newest = KIO_NEWEST.get(case.api, case.version)
    return KAFKA_4_FLOOR.get(case.api, 0) <= case.version <= newest


def kafka_python_2_speaks(case: Case) -> bool:
    """kafka-python 2.0.6 has a class, and a right one."""
    request, response = KAFKA_PYTHON_2_NEWEST.get(case.api, (-1, -1))
    return case.version <= (request if case.direction == "request" else response)
