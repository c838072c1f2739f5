"""Requests about replicas, leaders and the quorum, of which there is one each."""

from __future__ import annotations

from typing import Any

import pytest

from odradek.protocol.api_keys import ApiKey
from odradek.protocol.messages import (
    alter_partition_reassignments,
    alter_replica_log_dirs,
    describe_quorum,
    elect_leaders,
    list_partition_reassignments,
)

from .harness import HOST, PORT, Harness

UNKNOWN_TOPIC_OR_PARTITION, INVALID_REPLICA_ASSIGNMENT, INVALID_REQUEST = 3, 39, 42
LOG_DIR_NOT_FOUND, ELECTION_NOT_NEEDED, NO_REASSIGNMENT_IN_PROGRESS = 57, 84, 85


@pytest.fixture(name="harness")
def _harness() -> Harness:
    """A broker with the topic `t` of two partitions."""
    harness = Harness()
    harness.create("t", 2)
    return harness


def elected(
    harness: Harness, *topics: tuple[str, list[int]], election_type: int = 0, version: int = 2
) -> tuple[int, dict[tuple[str, int], int]]:
    """The error code of the answer, and those of the partitions."""
    asked = [elect_leaders.REQUEST_TOPIC(topic=name, partitions=indexes) for name, indexes in topics]
    value = elect_leaders.REQUEST(election_type=election_type, topic_partitions=asked)
    answer = harness.ask(ApiKey.ELECT_LEADERS, version, value)
    rows = {
        (topic.topic, row.partition_id): row.error_code
        for topic in answer.replica_election_results
        for row in topic.partition_result
    }
    return answer.error_code, rows


@pytest.mark.parametrize("version", [0, 1, 2])
@pytest.mark.parametrize("election_type", [0, 1])
def test_the_one_replica_leads_already(harness: Harness, version: int, election_type: int) -> None:
    """ELECTION_NOT_NEEDED for the preferred leader (KIP-183) and for an unclean one (KIP-460)."""
    found = elected(harness, ("t", [0, 1, 2]), ("u", [0]), election_type=election_type, version=version)
    assert found == (
        0,
        {
            ("t", 0): ELECTION_NOT_NEEDED,
            ("t", 1): ELECTION_NOT_NEEDED,
            ("t", 2): UNKNOWN_TOPIC_OR_PARTITION,
            ("u", 0): UNKNOWN_TOPIC_OR_PARTITION,
        },
    )


def test_elections_that_there_are_not(harness: Harness) -> None:
    """Of an unknown type, of all partitions (none needs one), of none."""
    assert elected(harness, ("t", [0]), election_type=2) == (INVALID_REQUEST, {("t", 0): INVALID_REQUEST})
    assert elected(harness) == (0, {})
    answer = harness.ask(ApiKey.ELECT_LEADERS, 2, elect_leaders.REQUEST(topic_partitions=None))
    assert [each.topic for each in answer.replica_election_results] == ["__consumer_offsets", "t"]
    assert all(each.partition_result == [] for each in answer.replica_election_results)


@pytest.mark.parametrize(
    ("index", "replicas", "error"),
    [
        (0, [1], 0),
        (0, [2], INVALID_REPLICA_ASSIGNMENT),
        (0, [1, 2], INVALID_REPLICA_ASSIGNMENT),
        (0, [1, 1], INVALID_REPLICA_ASSIGNMENT),
        (0, [], INVALID_REPLICA_ASSIGNMENT),
        (0, None, NO_REASSIGNMENT_IN_PROGRESS),
        (2, [1], UNKNOWN_TOPIC_OR_PARTITION),
    ],
)
def test_partitions_can_be_moved_to_where_they_are(
    harness: Harness, index: int, replicas: list[int] | None, error: int
) -> None:
    """Other brokers there are none; no reassignment is ever under way (KIP-455)."""
    row = alter_partition_reassignments.REQUEST_PARTITION(partition_index=index, replicas=replicas)
    topic = alter_partition_reassignments.REQUEST_TOPIC(name="t", partitions=[row])
    for version in (0, 1):
        value = alter_partition_reassignments.REQUEST(topics=[topic])
        answer = harness.ask(ApiKey.ALTER_PARTITION_REASSIGNMENTS, version, value)
        assert answer.responses[0].partitions[0].error_code == error
    listed = harness.ask(
        ApiKey.LIST_PARTITION_REASSIGNMENTS, 0, list_partition_reassignments.REQUEST(topics=None)
    )
    assert (listed.error_code, listed.topics) == (0, [])


@pytest.mark.parametrize("version", [0, 1, 2])
def test_logs_stay_in_the_one_folder(harness: Harness, version: int) -> None:
    """They can be moved to where they are, and to no other folder (KIP-113)."""

    def moved(path: str, topic: str, index: int) -> int:
        rows = [alter_replica_log_dirs.REQUEST_TOPIC(name=topic, partitions=[index])]
        folder = alter_replica_log_dirs.REQUEST_FOLDER(path=path, topics=rows)
        value = alter_replica_log_dirs.REQUEST(dirs=[folder])
        answer = harness.ask(ApiKey.ALTER_REPLICA_LOG_DIRS, version, value)
        return int(answer.results[0].partitions[0].error_code)

    assert moved("/data", "t", 0) == 0
    assert moved("/data", "t", 2) == moved("/data", "u", 0) == UNKNOWN_TOPIC_OR_PARTITION
    assert moved("/elsewhere", "t", 0) == moved("data", "t", 0) == LOG_DIR_NOT_FOUND


def quorum(harness: Harness, *topics: tuple[str, list[int]], version: int = 2) -> Any:
    """The answer to DescribeQuorum."""
    asked = [
        describe_quorum.REQUEST_TOPIC(
            topic_name=name,
            partitions=[describe_quorum.REQUEST_PARTITION(partition_index=index) for index in indexes],
        )
        for name, indexes in topics
    ]
    return harness.ask(ApiKey.DESCRIBE_QUORUM, version, describe_quorum.REQUEST(topics=asked))


def test_the_quorum_is_this_node(harness: Harness) -> None:
    """It votes, leads and has the whole metadata log; other logs have no quorum (KIP-595, KIP-853)."""
    answer = quorum(harness, ("__cluster_metadata", [0]))
    (partition,) = answer.topics[0].partitions
    (voter,) = partition.current_voters
    end_offset = harness.node.metadata_log.log.log_end_offset
    assert (partition.leader_id, partition.high_watermark, partition.observers) == (1, end_offset, [])
    assert (voter.replica_id, voter.log_end_offset) == (1, end_offset)
    assert voter.last_caught_up_timestamp == harness.clock.wall_ms()
    (listener,) = answer.nodes[0].listeners
    assert (listener.name, listener.host, listener.port) == ("CONTROLLER", HOST, PORT)
    for topics in ([("t", [0])], [("__cluster_metadata", [0, 0])], [("__cluster_metadata", [0]), ("t", [0])]):
        for version in range(3):
            answer = quorum(harness, *topics, version=version)
            rows = [row for topic in answer.topics for row in topic.partitions]
            assert {row.error_code for row in rows} == {UNKNOWN_TOPIC_OR_PARTITION}
