"""Dead letter queues of share groups (KIP-1191): what is written to them, when, and when it is not.

Each case has a source topic and a share group by the same name, and a queue of its own.
"""

from __future__ import annotations

import time
from typing import Any, NamedTuple

from odradek.protocol.messages import describe_configs, fetch
from odradek.protocol.record_batch import batches, records
from probes import Answers, Prober, story

from .configs import BROKER, DELETE, SET, TOPIC, alter, changed
from .share_groups import (
    PATIENCE_SECONDS,
    REJECT,
    RELEASE,
    acknowledge,
    configure,
    join,
    prepare,
)
from .share_groups import fetch as share_fetch

QUEUE, COPIES = "errors.deadletterqueue.topic.name", "errors.deadletterqueue.copy.record.enable"
CREATES = "errors.deadletterqueue.auto.create.topics.enable"
ENABLE = "errors_deadletterqueue_group_enable"
RECORDS = 10


class Case(NamedTuple):
    """How a group is set, what its queue is before (None, or its settings), and how many records are to come
    into it.
    """

    letters: int = 0
    queue: str | None = None
    copies: bool = False
    before: dict[str, str] | None = None
    partitions: int = 1


CASES = {
    "made": Case(RECORDS),
    "copied": Case(RECORDS, copies=True),
    "ready": Case(RECORDS, before={ENABLE: "true"}, partitions=3),
    "append-time": Case(RECORDS, before={ENABLE: "true", "message_timestamp_type": "LogAppendTime"}),
    "not-enabled": Case(before={}),
    "disabled": Case(before={ENABLE: "false"}),
    "other-prefix": Case(queue="dead.other-prefix"),
    "bad-name": Case(queue="dlq.bad name"),
    "compacted": Case(before={ENABLE: "true", "cleanup_policy": "compact"}),
    "small": Case(RECORDS, before={ENABLE: "true", "max_message_bytes": "300"}, copies=True),
    "tiny": Case(before={ENABLE: "true", "max_message_bytes": "80"}),
}


@story
def rejected(p: Prober) -> Answers:
    """Records that a member rejects, some one by one and some together, with queues of every kind."""
    for creates in ("true", "false"):
        yield f"creates: {creates}", alter(p, changed(BROKER, "", (CREATES, SET, creates)))
        chosen = CASES if creates == "true" else {"absent": Case()}
        for label, case in chosen.items():
            group = f"dead-{label}"
            queue = _begin(p, group, case)
            epoch = _acquired(p, group, 0)
            said = [(0, 1, [REJECT]), (2, 4, [REJECT, RELEASE, REJECT]), (5, 9, [REJECT])]
            yield f"{label}: rejects", acknowledge(p, group, epoch, *said)
            epoch = _acquired(p, group, epoch + 1)
            yield f"{label}: rejects the last", acknowledge(p, group, epoch, (3, 3, [REJECT]))
            yield f"{label}: queue", _letters(p, queue, case.letters)
            yield f"{label}: settings", _settings(p, queue)
    yield "as before", alter(p, changed(BROKER, "", (CREATES, DELETE, None)))


@story
def delivered_too_often(p: Prober) -> Answers:
    """Records that come back until the limit is reached."""
    group = "dead-often"
    queue = _begin(p, group, Case(RECORDS, copies=True, before={ENABLE: "true"}))
    configure(p, group, "share.delivery.count.limit", "2")
    epoch = _acquired(p, group, 0)
    yield "once", acknowledge(p, group, epoch, (0, 9, [RELEASE]))
    epoch = _acquired(p, group, epoch + 1)
    yield "twice", acknowledge(p, group, epoch, (0, 4, [RELEASE]), (5, 9, [REJECT]))
    yield "queue", _letters(p, queue, RECORDS)


def _begin(p: Prober, group: str, case: Case) -> str:
    """The source with its records, the group with its member, and the queue as it is to be."""
    queue = case.queue or f"dlq.{group}"
    prepare(p, group, RECORDS)
    if case.before is not None:
        p.create_topic(queue, case.partitions, **case.before)
    configure(p, group, QUEUE, queue)
    configure(p, group, COPIES, str(case.copies).lower())
    join(p, group)
    return queue


def _acquired(p: Prober, group: str, epoch: int) -> int:
    """Fetch until something is acquired; the epoch of the next request."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        answer = share_fetch(p, group, epoch)
        epoch += 1
        if any(row.acquired_records for topic in answer.responses for row in topic.partitions):
            return epoch
        time.sleep(0.1)
    raise RuntimeError(f"{group} gets nothing")


def _letters(p: Prober, queue: str, expected: int) -> Any:
    """What is in the queue, as soon as it is what is expected, or after a while in which more could come."""
    deadline = time.monotonic() + (PATIENCE_SECONDS if expected else 1)
    while True:
        told = _records(p, queue)
        if (expected and len(told or ()) >= expected) or time.monotonic() > deadline:
            return told
        time.sleep(0.1)


def _records(p: Prober, queue: str) -> list[Any] | None:
    """Every record of the queue as (partition, key, value, headers), or None where there is no such topic."""
    answer = p.ask("metadata", 9, topics=None)
    found = [topic for topic in answer.topics if topic.name == queue]
    if not found:
        return None
    told: list[Any] = []
    for index in range(len(found[0].partitions)):
        asked = fetch.REQUEST_PARTITION(partition=index, fetch_offset=0, partition_max_bytes=1 << 20)
        topic = fetch.REQUEST_TOPIC(topic=queue, partitions=[asked])
        got = p.ask("fetch", 12, max_wait_ms=0, min_bytes=0, max_bytes=1 << 20, topics=[topic])
        data = memoryview(bytes(got.responses[0].partitions[0].records or b""))
        for header in batches(data):
            for row in records(data, header, 1 << 20):
                headers = [(name.decode(), (value or b"").decode()) for name, value in row.headers]
                told.append([index, header.compression.name, row.key, row.value, headers])
    return sorted(told, key=str)


def _settings(p: Prober, queue: str) -> Any:
    """What is set for the queue's topic itself."""
    asked = describe_configs.RESOURCE(resource_type=TOPIC, resource_name=queue, configuration_keys=None)
    (result,) = p.ask("describe_configs", 4, resources=[asked]).results
    own = {row.name: row.value for row in result.configs if row.config_source == 1}
    return result.error_code, own
