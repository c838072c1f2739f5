"""Share groups (KIP-932): every error that a request alone can provoke, sessions and their epochs, what may
be said of records, and stored state. Each story has a group and a topic of its own.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from odradek.protocol.messages import alter_share_group_offsets as alters
from odradek.protocol.messages import create_partitions
from odradek.protocol.messages import delete_share_group_offsets as deletes
from odradek.protocol.messages import delete_share_group_state as state_deletes
from odradek.protocol.messages import describe_share_group_offsets as describes
from odradek.protocol.messages import incremental_alter_configs as configs
from odradek.protocol.messages import initialize_share_group_state as initializes
from odradek.protocol.messages import produce as produces
from odradek.protocol.messages import read_share_group_state as reads
from odradek.protocol.messages import read_share_group_state_summary as summaries
from odradek.protocol.messages import share_acknowledge as acknowledges
from odradek.protocol.messages import share_fetch as fetches
from odradek.protocol.messages import write_share_group_state as writes
from odradek.protocol.messages.create_topics import REQUEST_TOPIC
from odradek.protocol.record_batch import Record, build_batch
from probes import Answers, Prober, story

ACCEPT, RELEASE, REJECT, RENEW = 1, 2, 3, 4
GROUP_RESOURCE, SET = 32, 0
PATIENCE_SECONDS = 15

Said = tuple[int, int, Sequence[int]]


def beat(p: Prober, group: str, member: str = "m1", epoch: int = 0, **fields: Any) -> Any:
    """A heartbeat; one that joins names the group's topic."""
    if epoch == 0:
        fields.setdefault("subscribed_topic_names", [group])
    return p.ask("share_group_heartbeat", 1, group_id=group, member_id=member, member_epoch=epoch, **fields)


def prepare(p: Prober, group: str, records: int = 10) -> None:
    """Make the topic of a group, with so many records in one batch, and have the group read all of them."""
    p.ask("create_topics", 7, topics=[REQUEST_TOPIC(name=group, num_partitions=1, replication_factor=1)])
    deadline = time.monotonic() + PATIENCE_SECONDS
    while group not in p.topic_ids and time.monotonic() < deadline:
        time.sleep(0.1)
        p.learn_topics()
    rows = [Record(offset, 1_700_000_000_000, None, b"%d" % offset) for offset in range(records)]
    data = bytes(build_batch(rows))
    partition = produces.REQUEST_PARTITION(index=0, records=data)
    topic = produces.REQUEST_TOPIC(name=group, partition_data=[partition])
    p.ask("produce", 9, acks=-1, timeout_ms=5000, topic_data=[topic])
    configure(p, group, "share.auto.offset.reset", "earliest")


def configure(p: Prober, group: str, key: str, value: str) -> None:
    """Set something for a group."""
    change = configs.CONFIG(name=key, config_operation=SET, value=value)
    resource = configs.RESOURCE(resource_type=GROUP_RESOURCE, resource_name=group, configs=[change])
    p.ask("incremental_alter_configs", 1, resources=[resource])


def join(p: Prober, group: str, member: str = "m1") -> int:
    """Join, and wait for the assignment; the member's epoch."""
    epoch = beat(p, group, member).member_epoch
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        answer = beat(p, group, member, epoch, subscribed_topic_names=[group])
        epoch = answer.member_epoch
        if answer.assignment is not None and answer.assignment.topic_partitions:
            break
        time.sleep(0.1)
    return int(epoch)


def fetch(
    p: Prober, group: str, epoch: int, *said: Said, member: str | None = "m1", version: int = 2, **fields: Any
) -> Any:
    """A ShareFetch of the one partition."""
    limits = {"max_wait_ms": 200, "min_bytes": 1, "max_bytes": 1 << 20, "max_records": 500, "batch_size": 500}
    batches = [
        fetches.ACKNOWLEDGEMENT_BATCH(first_offset=first, last_offset=last, acknowledge_types=list(types))
        for first, last, types in said
    ]
    row = fetches.REQUEST_PARTITION(partition_index=0, acknowledgement_batches=batches)
    topic = fetches.REQUEST_TOPIC(topic_id=p.topic_ids.get(group, b"?" * 16), partitions=[row])
    asked = {"group_id": group, "member_id": member, "share_session_epoch": epoch, "topics": [topic]}
    return p.ask("share_fetch", version, **{**asked, **limits, **fields})


def acknowledge(
    p: Prober, group: str, epoch: int, *said: Said, member: str | None = "m1", version: int = 2, **fields: Any
) -> Any:
    """A ShareAcknowledge of the one partition."""
    batches = [
        acknowledges.ACKNOWLEDGEMENT_BATCH(
            first_offset=first, last_offset=last, acknowledge_types=list(types)
        )
        for first, last, types in said
    ]
    row = acknowledges.REQUEST_PARTITION(partition_index=0, acknowledgement_batches=batches)
    topic = acknowledges.REQUEST_TOPIC(topic_id=p.topic_ids.get(group, b"?" * 16), partitions=[row])
    asked = {"group_id": group, "member_id": member, "share_session_epoch": epoch, "topics": [topic]}
    return p.ask("share_acknowledge", version, **{**asked, **fields})


def offsets(p: Prober, group: str, version: int = 1) -> Any:
    """What DescribeShareGroupOffsets says of everything."""
    asked = describes.REQUEST_GROUP(group_id=group, topics=None)
    return p.ask("describe_share_group_offsets", version, groups=[asked])


def describe(p: Prober, group: str) -> Any:
    """What ShareGroupDescribe says."""
    answer = p.ask("share_group_describe", 1, group_ids=[group])
    for each in answer.groups:
        for member in each.members:
            member.client_host = "<host>"
    return answer


@story
def refused_without_a_group(p: Prober) -> Answers:
    """Everything that is wrong with a request by itself."""
    yield "empty group", beat(p, "")
    yield "empty member", beat(p, "sr", "")
    yield "long member", beat(p, "sr", "m" * 37)
    yield "blank member", beat(p, "sr", " ")
    yield "blank rack", beat(p, "sr", rack_id=" ")
    yield "no topics", beat(p, "sr", subscribed_topic_names=None)
    yield "bad epoch", beat(p, "sr", epoch=-2)
    yield "unknown group", beat(p, "sr", epoch=1)
    yield "leave of unknown group", beat(p, "sr", epoch=-1)
    yield "describe unknown", describe(p, "sr")
    yield "describe empty id", describe(p, "")
    for version in (1, 2):
        yield f"fetch without a session, v{version}", fetch(p, "sr", 1, version=version)
        yield f"final fetch without a session, v{version}", fetch(p, "sr", -1, version=version)
        yield f"fetch of nobody, v{version}", fetch(p, "sr", 0, member="", version=version)
        yield f"fetch of null, v{version}", fetch(p, "sr", 0, member=None, version=version)
        yield f"fetch of a long name, v{version}", fetch(p, "sr", 0, member="m" * 37, version=version)
        yield f"acknowledge without a session, v{version}", acknowledge(p, "sr", 1, version=version)
        yield f"first acknowledge, v{version}", acknowledge(p, "sr", 0, version=version)
        yield f"last acknowledge, v{version}", acknowledge(p, "sr", -1, version=version)
    yield "fetch that says something first", fetch(p, "sr", 0, (0, 0, [ACCEPT]))
    yield "fetch of an unknown topic", fetch(p, "sr", 0)
    yield "unknown topic again", fetch(p, "sr", 1)
    yield "offsets of an unknown group", offsets(p, "sr")
    yield "alter without a group id", p.ask("alter_share_group_offsets", 0, group_id="", topics=[])
    yield "delete without a group id", p.ask("delete_share_group_offsets", 0, group_id="", topics=[])
    topic = deletes.REQUEST_TOPIC(topic_name="flights")
    yield "delete of unknown group", p.ask("delete_share_group_offsets", 0, group_id="sr", topics=[topic])
    for key in ("", "g", "g:x:0", "g:AAAAAAAAAAAAAAAAAAAAAQ:x"):
        answer = p.ask("find_coordinator", 6, key_type=2, coordinator_keys=[key])
        yield f"coordinator of {key}", [each.error_code for each in answer.coordinators]


@story
def lives_of_members(p: Prober) -> Answers:
    """A member joins, is wrong about its epoch, and leaves; what the group is to other protocols."""
    prepare(p, "sl")
    yield "joins", beat(p, "sl")
    epoch = join(p, "sl")
    yield "lives", beat(p, "sl", epoch=epoch)
    yield "describe", describe(p, "sl")
    yield "greater epoch", beat(p, "sl", epoch=epoch + 5)
    yield "unknown member", beat(p, "sl", "m9", epoch=1)
    yield "leave of unknown member", beat(p, "sl", "m9", epoch=-1)
    yield "previous epoch", beat(p, "sl", epoch=epoch - 1)
    yield "joins again", beat(p, "sl")
    for version in (5, 6):
        yield f"describe groups v{version}", p.ask("describe_groups", version, groups=["sl"])
    yield "delete with members", p.ask("delete_groups", 2, groups_names=["sl"])
    yield "offsets", offsets(p, "sl")
    yield "offsets v0", offsets(p, "sl", 0)
    yield "leaves", beat(p, "sl", epoch=-1)
    yield "describe empty", describe(p, "sl")
    yield "delete", p.ask("delete_groups", 2, groups_names=["sl"])
    yield "describe deleted", describe(p, "sl")


@story
def acquisitions(p: Prober) -> Answers:
    """Sessions, what is acquired, and everything that may be said of it."""
    prepare(p, "sa")
    join(p, "sa")
    yield "first fetch", fetch(p, "sa", 0)
    yield "wrong epoch", fetch(p, "sa", 7)
    yield "wrong epoch of acknowledge", acknowledge(p, "sa", 7, (0, 0, [ACCEPT]))
    yield "accept", acknowledge(p, "sa", 1, (0, 1, [ACCEPT]))
    yield "accept twice", acknowledge(p, "sa", 2, (0, 1, [ACCEPT]))
    yield "by a stranger", acknowledge(p, "sa", 1, (2, 2, [ACCEPT]), member="m2")
    yield "past the end", acknowledge(p, "sa", 3, (5, 20, [ACCEPT]))
    yield "all past the end", acknowledge(p, "sa", 4, (20, 21, [ACCEPT]))
    yield "backwards", acknowledge(p, "sa", 5, (3, 2, [ACCEPT]))
    yield "too many types", acknowledge(p, "sa", 6, (2, 3, [ACCEPT] * 3))
    yield "no types", acknowledge(p, "sa", 7, (2, 3, []))
    yield "unknown type", acknowledge(p, "sa", 8, (2, 3, [5]))
    yield "renewal not announced", acknowledge(p, "sa", 9, (2, 3, [RENEW]))
    yield "renewal in v1", acknowledge(p, "sa", 10, (2, 3, [RENEW]), version=1)
    yield "renewal", acknowledge(p, "sa", 11, (2, 3, [RENEW]), is_renew_ack=True)
    yield "one for each", acknowledge(p, "sa", 12, (2, 5, [ACCEPT, RELEASE, REJECT, 0]))
    yield "released comes again", fetch(p, "sa", 13)
    yield "overlapping ranges", acknowledge(p, "sa", 14, (6, 7, [ACCEPT]), (6, 8, [ACCEPT]))
    yield "nothing said", acknowledge(p, "sa", 15)
    yield "said in a fetch", fetch(p, "sa", 16, (3, 3, [REJECT]), (6, 7, [RELEASE]), max_records=1)
    yield "said wrongly in a fetch", fetch(p, "sa", 17, (0, 0, [9]), max_wait_ms=0)
    yield "renewal with a fetch", fetch(p, "sa", 18, (8, 8, [RENEW]), is_renew_ack=True)
    renewing = {"is_renew_ack": True, "max_wait_ms": 0, "min_bytes": 0, "max_bytes": 0, "max_records": 0}
    yield "renewal in a fetch", fetch(p, "sa", 18, (8, 8, [RENEW]), **renewing)
    yield "offsets", offsets(p, "sa")
    yield "counted", fetch(p, "sa", 19, share_acquire_mode=1, max_records=1)
    yield "closes", acknowledge(p, "sa", -1, (8, 8, [ACCEPT]))
    yield "closed", fetch(p, "sa", 20)
    yield "opens again", fetch(p, "sa", 0)


@story
def limits_of_deliveries(p: Prober) -> Answers:
    """A record is delivered so many times, in ever smaller lots, and then no more."""
    prepare(p, "sd", 8)
    configure(p, "sd", "share.delivery.count.limit", "4")
    join(p, "sd")
    answer = fetch(p, "sd", 0)
    for epoch in range(1, 12):
        yield f"delivery {epoch}", answer
        rows = [row for topic in answer.responses for row in topic.partitions]
        said = [(a.first_offset, a.last_offset, [RELEASE]) for row in rows for a in row.acquired_records]
        acknowledge(p, "sd", 2 * epoch - 1, *said)
        answer = fetch(p, "sd", 2 * epoch)
    yield "offsets", offsets(p, "sd")


@story
def altered_offsets(p: Prober) -> Answers:
    """Offsets of a group with members, without, of topics and partitions that there are not."""
    prepare(p, "so")
    epoch = join(p, "so")
    yield "first fetch", fetch(p, "so", 0)

    def alter(partition: int, offset: int, topic: str = "so") -> Any:
        row = alters.REQUEST_PARTITION(partition_index=partition, start_offset=offset)
        topics = [alters.REQUEST_TOPIC(topic_name=topic, partitions=[row])]
        return p.ask("alter_share_group_offsets", 0, group_id="so", topics=topics)

    def delete(topic: str = "so") -> Any:
        topics = [deletes.REQUEST_TOPIC(topic_name=topic)]
        return p.ask("delete_share_group_offsets", 0, group_id="so", topics=topics)

    yield "alter with members", alter(0, 3)
    yield "delete with members", delete()
    fetch(p, "so", -1)
    yield "leaves", beat(p, "so", epoch=-1)
    yield "alter", alter(0, 3)
    yield "altered", offsets(p, "so")
    yield "alter another partition", alter(9, 3)
    yield "alter another topic", alter(0, 3, "nowhere")
    asked = describes.REQUEST_TOPIC(topic_name="nowhere", partitions=[0])
    named = describes.REQUEST_TOPIC(topic_name="so", partitions=[0])
    groups = [describes.REQUEST_GROUP(group_id="so", topics=[asked, named])]
    yield "named topics", p.ask("describe_share_group_offsets", 1, groups=groups)
    yield "delete another topic", delete("nowhere")
    yield "delete a topic without state", delete("flights")
    yield "delete", delete()
    yield "deleted", offsets(p, "so")
    yield "delete again", delete()
    assert epoch


@story
def partitions_that_come_later(p: Prober) -> Answers:
    """A group that begins with what comes next, when its topic grows: where the new partition begins."""
    prepare(p, "sg")
    configure(p, "sg", "share.auto.offset.reset", "latest")
    epoch = join(p, "sg")
    grown = [create_partitions.TOPIC(name="sg", count=2, assignments=None)]
    p.ask("create_partitions", 3, topics=grown, timeout_ms=PATIENCE_SECONDS * 1000, validate_only=False)
    deadline = time.monotonic() + PATIENCE_SECONDS
    partitions: list[int] = []
    while len(partitions) < 2 and time.monotonic() < deadline:
        time.sleep(0.1)
        answer = beat(p, "sg", epoch=epoch, subscribed_topic_names=["sg"])
        epoch = answer.member_epoch
        partitions = [n for each in answer.assignment.topic_partitions for n in each.partitions]
    yield "assigned", len(partitions)
    yield "offsets", offsets(p, "sg")


@story
def stored_states(p: Prober) -> Answers:
    """The APIs by which brokers keep the state of share groups."""
    prepare(p, "ss")
    topic_id = p.topic_ids["ss"]

    def ask(api: str, module: Any, version: int = 0, topic: bytes = topic_id, **fields: Any) -> Any:
        row = module.REQUEST_PARTITION(**{"partition": 0, **fields})
        topics = [module.REQUEST_TOPIC(topic_id=topic, partitions=[row])]
        return p.ask(api, version, group_id="ss", topics=topics)

    def write(epoch: int = 3, leader: int = 0, start: int = 0, *batches: tuple[int, int, int, int]) -> Any:
        rows = [
            writes.STATE_BATCH(first_offset=a, last_offset=b, delivery_state=c, delivery_count=d)
            for a, b, c, d in batches
        ]
        return ask(
            "write_share_group_state", writes, 1, state_epoch=epoch, leader_epoch=leader,
            start_offset=start, delivery_complete_count=1, state_batches=rows,
        )  # fmt: skip

    def read(leader: int = -1, **fields: Any) -> Any:
        return ask("read_share_group_state", reads, leader_epoch=leader, **fields)

    def summary(version: int = 1, **fields: Any) -> Any:
        return ask("read_share_group_state_summary", summaries, version, **fields)

    p.ask("find_coordinator", 6, key_type=2, coordinator_keys=["ss:AAAAAAAAAAAAAAAAAAAAAQ:0"])
    deadline = time.monotonic() + PATIENCE_SECONDS
    while summary().results[0].partitions[0].error_code and time.monotonic() < deadline:
        time.sleep(0.2)
    yield "read nothing", read()
    yield "summary of nothing", summary()
    yield "write nothing", write()
    yield "delete nothing", ask("delete_share_group_state", state_deletes)
    init = "initialize_share_group_state"
    yield "initialize", ask(init, initializes, state_epoch=3, start_offset=0)
    yield "initialize at an older epoch", ask(init, initializes, state_epoch=2, start_offset=0)
    yield "initialize negative", ask(init, initializes, partition=-1, state_epoch=3)
    yield "initialize another partition", ask(init, initializes, partition=7, state_epoch=3)
    yield "initialize another topic", ask(init, initializes, topic=b"!" * 16, state_epoch=3)
    yield "write", write(3, 0, 0, (0, 4, 0, 1), (3, 8, 2, 1), (6, 7, 0, 2))
    yield "read", read()
    yield "read at epoch 0", read(0)
    yield "negative state epoch", write(-1)
    yield "negative leader epoch", write(3, -1)
    yield "initialize a negative epoch", ask(init, initializes, state_epoch=-1, start_offset=0)
    yield "summary at a negative epoch", summary(leader_epoch=-1)
    yield "write more", write(3, 0, 2, (5, 9, 4, 3))
    yield "read more", read(2)
    yield "write of an older start", write(3, 2, 1, (1, 3, 0, 1))
    yield "read after it", read(2)
    yield "summary after it", summary()
    yield "older leader", read(1)
    yield "write of an older leader", write(3, 1)
    yield "write at an older epoch", write(2, 2)
    for version in (0, 1):
        yield f"summary, v{version}", summary(version)
    yield "summary of another partition", summary(partition=7)
    yield "delete", ask("delete_share_group_state", state_deletes)
    yield "read deleted", read()
    yield "no topics", p.ask("read_share_group_state", 0, group_id="ss", topics=[])
    yield "no group", p.ask("read_share_group_state", 0, group_id="", topics=[])
