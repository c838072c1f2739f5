"""OffsetCommit, OffsetFetch and OffsetDelete, and when offsets expire, through protocol values."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pytest

from odradek.broker.groups.shard import Shard
from odradek.protocol.errors import ErrorCode

from .group_desk import SUBSCRIPTION, Desk, answered

DAY_MS = 24 * 3_600_000
RETENTION_MS = 7 * DAY_MS
CHECK_MS = 600_000


@pytest.fixture
def desk() -> Iterator[Desk]:
    """A broker in memory."""
    desk = Desk()
    yield desk
    desk.node.close()


def fetch(desk: Desk, version: int, partitions: list[int] | None, group_id: str = "g", **fields: Any) -> Any:
    """Fetch offsets of `orders`, or of everything; the topics of the answer."""
    module = import_module("odradek.protocol.messages.offset_fetch")
    topic_id = desk.node.topics.get("orders").topic_id
    if version < 8:
        topics = [module.REQUEST_TOPIC(name="orders", partition_indexes=partitions or [])]
        asked = None if partitions is None else topics
        return desk.ask("offset_fetch", version, group_id=group_id, topics=asked, **fields).topics
    topics = [
        module.REQUEST_GROUP_TOPIC(name="orders", topic_id=topic_id, partition_indexes=partitions or [])
    ]
    group = module.REQUEST_GROUP(group_id=group_id, topics=None if partitions is None else topics)
    return desk.ask("offset_fetch", version, groups=[group], **fields).groups[0].topics


def delete(desk: Desk, *partitions: int, group_id: str = "g", topic: str = "orders") -> Any:
    """An OffsetDelete: the error code of the whole, and those of the partitions."""
    module = import_module("odradek.protocol.messages.offset_delete")
    rows = [module.REQUEST_PARTITION(partition_index=index) for index in partitions]
    topics = [module.REQUEST_TOPIC(name=topic, partitions=rows)]
    answer = desk.ask("offset_delete", 0, group_id=group_id, topics=topics)
    return answer.error_code, [row.error_code for found in answer.topics for row in found.partitions]


@pytest.mark.parametrize("version", range(11))
def test_a_simple_consumer_commits_and_reads_back(desk: Desk, version: int) -> None:
    """Without members, a commit of generation -1 makes the group; every version of both APIs agrees."""
    epoch = {"committed_leader_epoch": 3} if version >= 6 else {}
    assert desk.commit(42, version, metadata="note", **epoch) == ErrorCode.NONE
    (topic,) = fetch(desk, version, [0, 1])
    first, second = topic.partitions
    assert (first.committed_offset, first.metadata, first.error_code) == (42, "note", ErrorCode.NONE)
    assert (second.committed_offset, second.metadata) == (-1, "")
    assert second.error_code == (ErrorCode.UNKNOWN_TOPIC_OR_PARTITION if version == 0 else ErrorCode.NONE)
    if version >= 6:
        assert (first.committed_leader_epoch, second.committed_leader_epoch) == (3, -1)
    assert desk.state() == "Empty"


@pytest.mark.parametrize("version", range(2, 11))
def test_null_topics_ask_for_all_offsets(desk: Desk, version: int) -> None:
    """All topics and partitions with an offset, and nothing for a group that does not exist (KIP-88)."""
    desk.commit(5, partition=0)
    desk.commit(7, partition=2)
    (topic,) = fetch(desk, version, None)
    assert sorted((row.partition_index, row.committed_offset) for row in topic.partitions) == [(0, 5), (2, 7)]
    assert fetch(desk, version, None, "nowhere") == []


@pytest.mark.parametrize("version", [8, 9, 10])
def test_several_groups_are_read_at_once(desk: Desk, version: int) -> None:
    """Groups of different shards in one answer, in the order of the request (KIP-709)."""
    module = import_module("odradek.protocol.messages.offset_fetch")
    names = [f"group-{number}" for number in range(8)]
    for offset, name in enumerate(names):
        desk.commit(offset, group_id=name)
    groups = [module.REQUEST_GROUP(group_id=name, topics=None) for name in names]
    answer = desk.ask("offset_fetch", version, groups=groups, require_stable=True)
    assert [group.group_id for group in answer.groups] == names
    assert [group.topics[0].partitions[0].committed_offset for group in answer.groups] == list(range(8))


def test_unknown_topics_and_partitions_are_refused(desk: Desk) -> None:
    """UNKNOWN_TOPIC_OR_PARTITION by name, UNKNOWN_TOPIC_ID by id; the rest of the request is committed."""
    assert desk.commit(1, partition=3) == ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
    assert desk.commit(1, version=10, partition=3) == ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
    module = import_module("odradek.protocol.messages.offset_commit")
    rows = [module.REQUEST_PARTITION(partition_index=0, committed_offset=9)]
    known = desk.node.topics.get("orders").topic_id
    topics = [module.REQUEST_TOPIC(name=name, partitions=rows) for name in ("nowhere", "orders")]
    answer = desk.ask("offset_commit", 9, group_id="g", topics=topics)
    assert [topic.partitions[0].error_code for topic in answer.topics] == [3, 0]
    topics = [module.REQUEST_TOPIC(topic_id=topic_id, partitions=rows) for topic_id in (b"?" * 16, known)]
    answer = desk.ask("offset_commit", 10, group_id="g", topics=topics)
    assert [topic.partitions[0].error_code for topic in answer.topics] == [ErrorCode.UNKNOWN_TOPIC_ID, 0]


def test_a_fetch_by_an_unknown_topic_id_says_so(desk: Desk) -> None:
    """UNKNOWN_TOPIC_ID beside each partition (v10)."""
    module = import_module("odradek.protocol.messages.offset_fetch")
    topics = [module.REQUEST_GROUP_TOPIC(topic_id=b"?" * 16, partition_indexes=[0])]
    answer = desk.ask("offset_fetch", 10, groups=[module.REQUEST_GROUP(group_id="g", topics=topics)])
    (row,) = answer.groups[0].topics[0].partitions
    assert (row.committed_offset, row.error_code) == (-1, ErrorCode.UNKNOWN_TOPIC_ID)


def test_metadata_has_a_maximal_length(desk: Desk) -> None:
    """offset.metadata.max.bytes counts UTF-16 units, as Java does: OFFSET_METADATA_TOO_LARGE beyond it."""
    assert desk.commit(1, metadata="é" * 4096) == ErrorCode.NONE
    assert desk.commit(2, metadata="x" * 4097) == ErrorCode.OFFSET_METADATA_TOO_LARGE
    assert desk.commit(2, metadata="\N{GRINNING FACE}" * 2049) == ErrorCode.OFFSET_METADATA_TOO_LARGE
    assert desk.commit(3, metadata=None) == ErrorCode.NONE
    assert desk.committed() == 3


def test_members_commit_in_their_generation_only(desk: Desk) -> None:
    """Unknown member, wrong generation, no member in a group that has some, while partitions change hands."""
    joined = desk.stable()
    member = {"member_id": joined.member_id}
    assert desk.commit(1, generation_id_or_member_epoch=1, **member) == ErrorCode.NONE
    assert desk.commit(2, generation_id_or_member_epoch=2, **member) == ErrorCode.ILLEGAL_GENERATION
    assert desk.commit(2, generation_id_or_member_epoch=1, member_id="x") == ErrorCode.UNKNOWN_MEMBER_ID
    assert desk.commit(2) == ErrorCode.UNKNOWN_MEMBER_ID
    assert desk.commit(2, generation_id_or_member_epoch=-1, **member) == ErrorCode.ILLEGAL_GENERATION
    desk.enter()
    assert desk.state() == "PreparingRebalance"
    assert desk.commit(3, generation_id_or_member_epoch=1, **member) == ErrorCode.NONE
    again = answered(desk.join(member_id=joined.member_id))
    assert again.generation_id == 2
    assert desk.commit(4, generation_id_or_member_epoch=2, **member) == ErrorCode.REBALANCE_IN_PROGRESS
    assert desk.committed() == 3


def test_a_static_member_commits_under_its_member_id(desk: Desk) -> None:
    """The instance id has to belong to the member id (KIP-345)."""
    joined = desk.stable(group_instance_id="shelf")
    commit: dict[str, Any] = {"generation_id_or_member_epoch": 1, "group_instance_id": "shelf"}
    assert desk.commit(1, member_id=joined.member_id, **commit) == ErrorCode.NONE
    assert desk.commit(2, member_id="old", **commit) == ErrorCode.FENCED_INSTANCE_ID


@pytest.mark.parametrize(
    ("version", "error"), [(1, "ILLEGAL_GENERATION"), (8, "ILLEGAL_GENERATION"), (9, "GROUP_ID_NOT_FOUND")]
)
def test_a_generation_of_a_group_that_does_not_exist(desk: Desk, version: int, error: str) -> None:
    """ILLEGAL_GENERATION, and from v9 on GROUP_ID_NOT_FOUND (KIP-848)."""
    assert desk.commit(1, version, generation_id_or_member_epoch=1, member_id="m") == ErrorCode[error]


def test_a_commit_is_a_life_sign(desk: Desk) -> None:
    """A member that commits need not send heartbeats."""
    joined = desk.stable()
    for offset in range(4):
        desk.wait(9_000)
        assert desk.commit(offset, generation_id_or_member_epoch=1, member_id=joined.member_id) == 0
    assert desk.state() == "Stable"


@pytest.mark.parametrize("clean", [True, False])
def test_offsets_outlive_the_broker(desk: Desk, clean: bool) -> None:
    """The last commit of each partition is there again, and what was deleted stays so."""
    for offset in (1, 2, 3):
        desk.commit(offset, metadata=f"at {offset}", committed_leader_epoch=offset)
    desk.commit(8, partition=1)
    assert delete(desk, 1) == (0, [0])
    desk.restart(clean=clean)
    (topic,) = fetch(desk, 9, None)
    (row,) = topic.partitions
    assert (row.committed_offset, row.metadata, row.committed_leader_epoch) == (3, "at 3", 3)


# OffsetDelete (KIP-496)


def test_offsets_of_subscribed_topics_stay(desk: Desk) -> None:
    """GROUP_SUBSCRIBED_TO_TOPIC for what members consume; other topics' offsets can go."""
    desk.node.topics.create("old", 1, now_ms=desk.clock.wall_ms())
    desk.commit(1)
    desk.stable()
    assert delete(desk, 0, 3) == (
        0,
        [ErrorCode.GROUP_SUBSCRIBED_TO_TOPIC, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION],
    )
    assert delete(desk, 0, topic="old") == (0, [0])
    assert desk.committed() == 1


def test_offsets_of_an_empty_group_can_be_deleted(desk: Desk) -> None:
    """Existing or not, in an empty group every offset can be deleted; other groups keep theirs."""
    desk.commit(1)
    desk.commit(1, group_id="other")
    assert delete(desk, 0, 1) == (0, [0, 0])
    assert (desk.committed(), desk.committed(group_id="other")) == (-1, 1)


def test_deleting_no_partitions_of_a_topic(desk: Desk) -> None:
    """The answer does not name the topic."""
    desk.commit(1)
    module = import_module("odradek.protocol.messages.offset_delete")
    topics = [module.REQUEST_TOPIC(name="orders", partitions=[])]
    assert desk.ask("offset_delete", 0, group_id="g", topics=topics).topics == []


def test_offset_delete_refuses_whole_groups(desk: Desk) -> None:
    """No such group, no group id, and members that are no consumers."""
    assert delete(desk, 0) == (ErrorCode.GROUP_ID_NOT_FOUND, [])
    assert delete(desk, 0, group_id="") == (ErrorCode.INVALID_GROUP_ID, [])
    desk.enter(protocol_type="connect")
    assert delete(desk, 0) == (ErrorCode.NON_EMPTY_GROUP, [])


def test_subscriptions_that_cannot_be_read_protect_every_topic(desk: Desk) -> None:
    """A consumer group with bytes that are no subscription keeps all its offsets."""
    desk.commit(1)
    desk.stable(protocols=[("range", b"\x00\x00\x00\x00\x00\x09")])
    assert delete(desk, 0) == (0, [ErrorCode.GROUP_SUBSCRIBED_TO_TOPIC])


# Expiry (KIP-211)


def test_offsets_of_a_simple_group_expire_after_their_commit(desk: Desk) -> None:
    """Each after offsets.retention.minutes, and with the last of them the group."""
    desk.commit(1, partition=0)
    desk.wait(DAY_MS)
    desk.commit(2, partition=1)
    desk.wait(RETENTION_MS - DAY_MS + CHECK_MS)
    assert (desk.committed(0), desk.committed(1)) == (-1, 2)
    desk.wait(DAY_MS)
    assert desk.committed(1) == -1
    assert desk.state() == "Dead"


def test_offsets_of_a_group_with_members_stay(desk: Desk) -> None:
    """However old the commit, the clock runs from the moment when the last member left."""
    joined = desk.stable(session_timeout_ms=1_800_000)
    desk.commit(1, generation_id_or_member_epoch=1, member_id=joined.member_id)
    for _ in range(400):
        desk.wait(1_790_000)
        assert desk.beat(joined) == ErrorCode.NONE
    assert desk.committed() == 1
    desk.wait(1_800_000)
    assert desk.state() == "Empty"
    desk.restart()
    desk.wait(RETENTION_MS - 1_900_000)
    assert desk.committed() == 1
    desk.wait(1_900_000 + CHECK_MS)
    assert desk.committed() == -1
    assert desk.state() == "Dead"


def test_offsets_of_topics_no_longer_subscribed_expire(desk: Desk) -> None:
    """A stable consumer group loses old offsets of topics that no member names any more."""
    desk.node.topics.create("old", 1, now_ms=desk.clock.wall_ms())
    module = import_module("odradek.protocol.messages.offset_commit")
    rows = [module.REQUEST_PARTITION(partition_index=0, committed_offset=4)]
    topics = [module.REQUEST_TOPIC(name=name, partitions=rows) for name in ("old", "orders")]
    desk.ask("offset_commit", 9, group_id="g", topics=topics)
    joined = desk.stable(session_timeout_ms=1_800_000)
    for _ in range(350):
        desk.wait(1_790_000)
        assert desk.beat(joined) == ErrorCode.NONE
    assert [topic.name for topic in fetch(desk, 9, None)] == ["orders"]


@pytest.mark.parametrize("version", [2, 3, 4])
def test_a_commit_may_bring_its_own_retention(desk: Desk, version: int) -> None:
    """retention_time_ms of v2 to v4 overrides the broker's, over a restart too."""
    desk.commit(1, version, retention_time_ms=2 * CHECK_MS)
    desk.restart()
    desk.wait(CHECK_MS)
    assert desk.committed() == 1
    desk.wait(2 * CHECK_MS)
    assert desk.committed() == -1


def test_a_commit_of_v1_may_bring_its_time(desk: Desk) -> None:
    """The commit timestamp of v1 is what its expiry counts from."""
    desk.commit(1, 1, commit_timestamp=desk.clock.wall_ms() - RETENTION_MS + CHECK_MS)
    desk.commit(2, 1, partition=1, commit_timestamp=-1)
    desk.wait(CHECK_MS)
    assert (desk.committed(0), desk.committed(1)) == (-1, 2)


def test_a_group_without_offsets_and_members_goes(desk: Desk) -> None:
    """A group that only ever refused a join is forgotten at the next check."""
    assert desk.join(protocols=[]).error_code == ErrorCode.INCONSISTENT_GROUP_PROTOCOL
    assert desk.state() == "Empty"
    desk.wait(CHECK_MS)
    assert desk.state() == "Dead"


def test_offsets_go_with_their_topic(desk: Desk) -> None:
    """Deleting a topic deletes what groups have committed in it: a new topic of that name begins without."""
    desk.commit(1)
    desk.commit(2, partition=2, group_id="other")
    module = import_module("odradek.protocol.messages.delete_topics")
    desk.ask("delete_topics", 6, topics=[module.REQUEST_TOPIC(name="orders")], timeout_ms=1000)
    desk.node.topics.create("orders", 3, now_ms=desk.clock.wall_ms())
    assert (desk.committed(), desk.committed(2, "other")) == (-1, -1)
    desk.restart()
    assert desk.committed() == -1


def test_an_offset_of_a_topic_that_had_the_name_before(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A loss of power may leave one. Who asks by the new id does not get it, who asks by name does."""
    desk.commit(7)
    with monkeypatch.context() as patch:
        patch.setattr(Shard, "drop_offsets", lambda *_: None)
        gone = import_module("odradek.protocol.messages.delete_topics").REQUEST_TOPIC(name="orders")
        desk.ask("delete_topics", 6, topics=[gone], timeout_ms=1000)
    new = desk.node.topics.create("orders", 3, now_ms=desk.clock.wall_ms())
    module = import_module("odradek.protocol.messages.offset_fetch")

    def committed(version: int) -> int:
        topic = module.REQUEST_GROUP_TOPIC(name="orders", topic_id=new.topic_id, partition_indexes=[0])
        asked = module.REQUEST_GROUP(group_id="g", topics=[topic])
        (group,) = desk.ask("offset_fetch", version, groups=[asked]).groups
        return int(group.topics[0].partitions[0].committed_offset)

    assert (committed(9), committed(10)) == (7, -1)
    desk.commit(8)
    assert (committed(9), committed(10)) == (8, 8)


def test_a_subscription_is_read_in_every_version_of_its_layout(desk: Desk) -> None:
    """Later versions append fields behind the topics, which all that is asked here."""
    desk.commit(1)
    desk.stable(protocols=[("range", b"\x00\x03" + SUBSCRIPTION[2:] + b"more")])
    assert delete(desk, 0) == (0, [ErrorCode.GROUP_SUBSCRIBED_TO_TOPIC])
