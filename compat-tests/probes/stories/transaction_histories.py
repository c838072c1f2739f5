"""Transactions in an order that no client keeps to: batches before the first one, markers that come late,
offsets that go before their transaction ends.
"""

from __future__ import annotations

from typing import Any

from odradek.protocol.messages import delete_topics, offset_delete, write_txn_markers
from probes import Answers, Prober, story

from .offsets import fetching
from .transactions import NEW, OLD, Producer, Writer, until_complete


@story
def batches_before_the_first(p: Prober) -> Answers:
    """The second batch of a producer that a partition does not know, and then its first."""
    for version in (OLD, NEW):
        name = f"transactions-b{version}"
        p.create_topic(name)
        writer = Writer(p, version)
        who = writer.start(f"t-f{version}")
        writer.add(who, name, 0)
        for sequence in (1, 0, 1):
            label = f"writes sequence {sequence}, of {version}"
            yield label, writer.write(who, name, sequence=sequence)
        writer.end(who)
        until_complete(p, who.transactional_id)
        yield f"read, of {version}", writer.read(name)


def _marker(p: Prober, who: Producer, name: str, version: int) -> Any:
    topic = write_txn_markers.MARKER_TOPIC(name=name, partition_indexes=[0])
    marker = write_txn_markers.MARKER(
        producer_id=who.producer_id,
        producer_epoch=who.producer_epoch,
        transaction_result=True,
        topics=[topic],
        transaction_version=version,
    )
    return p.ask("write_txn_markers", 2, markers=[marker])


@story
def late_markers(p: Prober) -> Answers:
    """The end of the transaction before, with the epoch of the one that is open by now (KIP-1228)."""
    if 2 not in p.versions("write_txn_markers"):
        return
    for version in (1, 2):
        name = f"transactions-e{version}"
        p.create_topic(name)
        writer = Writer(p, NEW)
        who = writer.start(f"t-e{version}")
        writer.write(who, name)
        yield f"of the same epoch, {version}", _marker(p, who, name, version)
        later = who._replace(producer_epoch=who.producer_epoch + 1)
        yield f"of a later one, {version}", _marker(p, later, name, version)
        yield f"again, {version}", _marker(p, later, name, version)
        yield f"read, {version}", writer.read(name)
        writer.end(who, committed=False)
        until_complete(p, who.transactional_id)


@story
def offsets_that_go(p: Prober) -> Answers:
    """Offsets that wait for the end of a transaction are deleted, alone or with their topic."""
    writer = Writer(p, NEW)
    for what in ("offsets", "topic"):
        name, group = f"transactions-g-{what}", f"t-gone-{what}"
        p.create_topic(name, 2)
        who = writer.start(group)
        yield f"commits, {what}", writer.commit(who, group, name=name)
        asked = fetching(p, group, name, indexes=(0,), require_stable=True)
        yield f"waits, {what}", p.ask("offset_fetch", 7, **asked)
        if what == "offsets":
            rows = [offset_delete.REQUEST_PARTITION(partition_index=0)]
            topics = [offset_delete.REQUEST_TOPIC(name=name, partitions=rows)]
            yield "deletes", p.ask("offset_delete", 0, group_id=group, topics=topics)
        else:
            gone = [delete_topics.REQUEST_TOPIC(name=name)]
            p.ask("delete_topics", 6, topics=gone, timeout_ms=10_000)
            p.create_topic(name, 2)
        yield f"waits no more, {what}", p.ask("offset_fetch", 7, **asked)
        writer.end(who)
        until_complete(p, who.transactional_id)
        yield f"after the end, {what}", p.ask("offset_fetch", 7, **asked)
