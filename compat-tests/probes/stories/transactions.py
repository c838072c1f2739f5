"""Transactions of both versions: producer ids, epochs, states and groups that are wrong."""

from __future__ import annotations

import time
from typing import Any, NamedTuple

from odradek.protocol.messages import (
    add_partitions_to_txn,
    describe_producers,
    txn_offset_commit,
    write_txn_markers,
)
from probes import Answers, Prober, story

from .classic_groups import joined, syncing
from .fetching import one
from .offsets import UNKNOWN_ID, fetching
from .producing import batch, to

CONCURRENT_TRANSACTIONS = 51
OLD, NEW, BY_ID = 1, 2, 3
"""Transactions as before and since KIP-890, which the versions of APIs say; and those with topic ids in all
that has them (KIP-1319).
"""
VERSIONS = {
    OLD: {"produce": 11, "add_partitions_to_txn": 3, "txn_offset_commit": 4, "end_txn": 4},
    NEW: {"produce": 12, "add_partitions_to_txn": 3, "txn_offset_commit": 5, "end_txn": 5},
    BY_ID: {"produce": 13, "add_partitions_to_txn": 3, "txn_offset_commit": 6, "end_txn": 5},
}


class Producer(NamedTuple):
    """Who writes."""

    transactional_id: str
    producer_id: int
    producer_epoch: int


class Writer:
    """The requests of a transactional producer, right ones and wrong ones."""

    def __init__(self, p: Prober, version: int) -> None:
        self.p = p
        self.versions = VERSIONS[version]
        self.sequence: dict[tuple[int, int], int] = {}

    def init(self, transactional_id: str, timeout_ms: int = 20_000, version: int = 4, **fields: Any) -> Any:
        """InitProducerId."""
        about = {"transactional_id": transactional_id, "transaction_timeout_ms": timeout_ms}
        return self.p.ask("init_producer_id", version, **about, **fields)

    def start(self, transactional_id: str, **fields: Any) -> Producer:
        """InitProducerId, and the producer that it makes."""
        answer = self.init(transactional_id, **fields)
        while answer.error_code == CONCURRENT_TRANSACTIONS:  # the markers of the last one are on their way
            time.sleep(0.02)
            answer = self.init(transactional_id, **fields)
        return Producer(transactional_id, answer.producer_id, answer.producer_epoch)

    def add(self, who: Producer, name: str, *indexes: int) -> Any:
        """AddPartitionsToTxn."""
        return self.p.ask("add_partitions_to_txn", 3, **adding(who, name, *indexes))

    def write(self, who: Producer, name: str, index: int = 0, **fields: Any) -> Any:
        """Produce one record."""
        key = (who.producer_id, who.producer_epoch)
        sequence = fields.pop("sequence", self.sequence.get(key, 0))
        self.sequence[key] = sequence + 1
        ids = {"producer_id": who.producer_id, "producer_epoch": who.producer_epoch}
        records = batch(b"x", **ids, base_sequence=sequence, is_transactional=True)
        given = {"transactional_id": who.transactional_id, "acks": -1, **fields}
        return self.p.ask(
            "produce", self.versions["produce"], **to(self.p, name, records, index=index, **given)
        )

    def end(self, who: Producer, committed: bool = True) -> Any:
        """EndTxn."""
        return self.p.ask("end_txn", self.versions["end_txn"], **who._asdict(), committed=committed)

    def commit(self, who: Producer, group: str, **fields: Any) -> Any:
        """TxnOffsetCommit."""
        return self.p.ask(
            "txn_offset_commit",
            self.versions["txn_offset_commit"],
            **committing(self.p, who, group, **fields),
        )

    def read(self, name: str) -> Any:
        """What a reader of committed records gets."""
        return self.p.ask("fetch", 12, **one(self.p, name, isolation_level=1, at_partition_max_bytes=100_000))


def adding(who: Producer, name: str, *indexes: int) -> dict[str, Any]:
    """The fields of AddPartitionsToTxn up to version 3."""
    topic = add_partitions_to_txn.TOPIC(name=name, partitions=list(indexes or (0,)))
    return {
        "v3_and_below_transactional_id": who.transactional_id,
        "v3_and_below_producer_id": who.producer_id,
        "v3_and_below_producer_epoch": who.producer_epoch,
        "v3_and_below_topics": [topic],
    }


def described(p: Prober, who: Producer) -> Any:
    """The state of a producer's transaction, its partitions in order."""
    answer = p.ask("describe_transactions", 0, transactional_ids=[who.transactional_id])
    for topic in answer.transaction_states[0].topics:
        topic.partitions.sort()
    return answer


def committing(p: Prober, who: Producer, group: str, **fields: Any) -> dict[str, Any]:
    """The fields of TxnOffsetCommit of one partition of `flights`."""
    partition = txn_offset_commit.PARTITION(
        partition_index=fields.pop("index", 0),
        committed_offset=fields.pop("offset", 5),
        committed_metadata=fields.pop("text", ""),
    )
    name = fields.pop("name", "flights")
    topic = txn_offset_commit.TOPIC(
        name=name, topic_id=p.topic_ids.get(name, UNKNOWN_ID), partitions=[partition]
    )
    return {**who._asdict(), "group_id": group, "topics": [topic], **fields}


@story
def producer_ids(p: Prober) -> Answers:
    """InitProducerId: ids, epochs and timeouts that cannot be."""
    api = "init_producer_id"
    plain = {"transactional_id": None, "transaction_timeout_ms": 1000}
    yield from p.each_version("idempotent", api, **plain)
    yield from p.each_version("empty id", api, transactional_id="", transaction_timeout_ms=1000)
    for timeout in (0, -1, 900_001, 2**31 - 1):
        yield from p.each_version(
            f"timeout {timeout}", api, transactional_id="t-p1", transaction_timeout_ms=timeout
        )
        yield from p.each_version(
            f"idempotent, timeout {timeout}", api, **{**plain, "transaction_timeout_ms": timeout}
        )
    yield from p.each_version("idempotent with epoch", api, **plain, producer_id=7, producer_epoch=3)
    about = {"transactional_id": "t-p2", "transaction_timeout_ms": 1000}
    yield from p.each_version("first", api, **about)
    yield from p.each_version("again", api, **about)
    for label, fields in {
        "wrong producer": {"producer_id": 987_654, "producer_epoch": 0},
        "id without epoch": {"producer_id": 5, "producer_epoch": -1},
        "epoch without id": {"producer_id": -1, "producer_epoch": 5},
        "negative": {"producer_id": -5, "producer_epoch": -5},
    }.items():
        for version in range(3, p.versions(api).stop):
            yield f"{label}, v{version}", p.ask(api, version, **about, **fields)
            fresh = {**about, "transactional_id": f"t-p3-{version}-{label}"}
            yield f"{label} of a new id, v{version}", p.ask(api, version, **fresh, **fields)


@story
def bumps(p: Prober) -> Answers:
    """A producer asks for a new epoch with its own one, an older one and a newer one (KIP-360)."""
    writer = Writer(p, OLD)
    for version in range(3, p.versions("init_producer_id").stop):
        name = f"t-b{version}"
        who = writer.start(name)
        for label, epoch in (("own", 0), ("own again", 0), ("older", 0), ("newest", 2), ("newer", 9)):
            ids = {"producer_id": who.producer_id, "producer_epoch": epoch}
            yield f"{label}, v{version}", writer.init(name, version=version, **ids)
        yield f"plain, v{version}", writer.init(name, version=version)


def _wrong(who: Producer) -> dict[str, Producer]:
    """Producers that are not `who`."""
    return {
        "unknown id": who._replace(transactional_id="t-nowhere"),
        "empty id": who._replace(transactional_id=""),
        "other producer": who._replace(producer_id=who.producer_id + 1000),
        "negative producer": who._replace(producer_id=-1),
        "older epoch": who._replace(producer_epoch=who.producer_epoch - 1),
        "newer epoch": who._replace(producer_epoch=who.producer_epoch + 1),
        "negative epoch": who._replace(producer_epoch=-1),
    }


@story
def wrong_producers(p: Prober) -> Answers:
    """Every request of a transaction, by a producer that is not the one."""
    p.create_topic("transactions-wrong", 2)
    writer = Writer(p, OLD)
    writer.start("t-w")
    who = writer.start("t-w")
    for label, wrong in _wrong(who).items():
        for version in range(4):
            answer = p.ask("add_partitions_to_txn", version, **adding(wrong, "transactions-wrong"))
            yield f"add, {label}, v{version}", answer
        yield from p.each_version(
            f"add offsets, {label}", "add_offsets_to_txn", **wrong._asdict(), group_id="t-wg"
        )
        for committed in (True, False):
            yield from p.each_version(
                f"end {committed}, {label}", "end_txn", **wrong._asdict(), committed=committed
            )
        yield from p.each_version(f"commit, {label}", "txn_offset_commit", **committing(p, wrong, "t-wg"))
        for version in range(4, p.versions("add_partitions_to_txn").stop):
            for verify in (False, True):
                topic = add_partitions_to_txn.TOPIC(name="transactions-wrong", partitions=[0])
                one = add_partitions_to_txn.TRANSACTION(**wrong._asdict(), verify_only=verify, topics=[topic])
                answer = p.ask("add_partitions_to_txn", version, transactions=[one])
                yield f"batched, verify {verify}, {label}, v{version}", answer
        for version in (OLD, NEW):
            yield f"write, {label}, {version}", Writer(p, version).write(wrong, "transactions-wrong")


@story
def without_a_transaction(p: Prober) -> Answers:
    """A producer that has begun nothing, and one that is right in all but the place."""
    p.create_topic("transactions-none", 2)
    for version in (OLD, NEW):
        writer = Writer(p, version)
        who = writer.start(f"t-n{version}")
        label = f"of {version}"
        yield f"commits nothing, {label}", writer.end(who)
        yield f"aborts nothing, {label}", writer.end(who, committed=False)
        who = writer.start(f"t-n{version}")
        yield f"writes at once, {label}", writer.write(who, "transactions-none")
        yield f"writes without id, {label}", writer.write(who, "transactions-none", transactional_id=None)
        yield (
            f"writes as another, {label}",
            writer.write(who, "transactions-none", transactional_id="t-other"),
        )
        yield f"commits offsets at once, {label}", writer.commit(who, "t-ng")
        for name, index in (("nowhere", 0), ("transactions-none", 9), ("transactions-none", -1), ("", 0)):
            yield f"adds {name}-{index}, {label}", writer.add(who, name, index)
        yield f"adds a good and a bad one, {label}", writer.add(who, "transactions-none", 0, 9)
        yield f"adds an internal one, {label}", writer.add(who, "__consumer_offsets", 0)
        yield (
            f"adds offsets of no group, {label}",
            p.ask("add_offsets_to_txn", 3, **who._asdict(), group_id=""),
        )
        yield f"ends, {label}", writer.end(who)


@story
def lives(p: Prober) -> Answers:
    """Whole transactions: commits, aborts, repeated requests, and what readers see."""
    for version in (OLD, NEW):
        name, label = f"transactions-l{version}", f"of {version}"
        p.create_topic(name, 2)
        writer = Writer(p, version)
        who = writer.start(f"t-l{version}")
        if version == OLD:
            yield f"adds, {label}", writer.add(who, name, 0)
            yield f"adds again, {label}", writer.add(who, name, 0, 1)
        yield f"writes, {label}", writer.write(who, name)
        yield f"writes a duplicate, {label}", writer.write(who, name, sequence=0)
        yield f"writes with a gap, {label}", writer.write(who, name, sequence=7)
        yield f"open, {label}", writer.read(name)
        yield (
            f"described, {label}",
            described(p, who),
        )
        yield f"producers, {label}", _producers(p, name)
        ended = writer.end(who)
        yield f"commits, {label}", ended
        until_complete(p, who.transactional_id)
        yield f"commits again, {label}", writer.end(who)
        yield f"aborts after that, {label}", writer.end(who, committed=False)
        yield f"committed, {label}", writer.read(name)
        yield (
            f"described as complete, {label}",
            described(p, who),
        )
        if version == NEW:
            who = Producer(who.transactional_id, ended.producer_id, ended.producer_epoch)
        if version == OLD:
            yield f"adds for another, {label}", writer.add(who, name, 0)
        yield f"writes another, {label}", writer.write(who, name, sequence=0 if version == NEW else 1)
        ended = writer.end(who, committed=False)
        yield f"aborts, {label}", ended
        until_complete(p, who.transactional_id)
        yield f"aborts again, {label}", writer.end(who, committed=False)
        yield f"commits after that, {label}", writer.end(who)
        yield f"aborted, {label}", writer.read(name)
        yield f"starts again, {label}", writer.init(who.transactional_id)
        yield f"old one writes, {label}", writer.write(who, name)
        yield f"old one ends, {label}", writer.end(who)
        yield f"producers at the end, {label}", _producers(p, name)


@story
def offsets_within(p: Prober) -> Answers:
    """TxnOffsetCommit with the members of groups, right ones and wrong ones (KIP-447)."""
    for version in VERSIONS:
        group, label = f"t-g{version}", f"of {version}"
        writer = Writer(p, version)
        who = writer.start(f"t-o{version}")
        member = joined(p, group, 5, "member", group_instance_id="i1")
        yield (
            f"syncs, {label}",
            p.ask("sync_group", 3, **syncing(group, member.member_id, member.generation_id)),
        )
        if version == OLD:
            yield f"adds offsets, {label}", p.ask("add_offsets_to_txn", 3, **who._asdict(), group_id=group)
        right = {"member_id": member.member_id, "generation_id_or_member_epoch": member.generation_id}
        for what, fields in {
            "nobody": {},
            "member": right,
            "member with instance": {**right, "group_instance_id": "i1"},
            "wrong instance": {**right, "group_instance_id": "i2"},
            "older generation": {**right, "generation_id_or_member_epoch": member.generation_id - 1},
            "newer generation": {**right, "generation_id_or_member_epoch": member.generation_id + 1},
            "stranger": {**right, "member_id": "nobody"},
            "member without generation": {**right, "generation_id_or_member_epoch": -1},
            "generation without member": {**right, "member_id": ""},
            "unknown topic": {**right, "name": "nowhere"},
            "unknown partition": {**right, "index": 99},
            "negative partition": {**right, "index": -1},
            "long text": {**right, "text": "x" * 4097},
            "null text": {**right, "text": None},
            "negative offset": {**right, "offset": -1},
        }.items():
            yield f"{what}, {label}", writer.commit(who, group, **fields)
        yield f"another group, {label}", writer.commit(who, f"{group}-other")
        yield f"empty group, {label}", writer.commit(who, "")
        yield (
            f"generation of no group, {label}",
            writer.commit(who, f"{group}-none", member_id="m", generation_id_or_member_epoch=1),
        )
        for stable in (False, True):
            yield (
                f"pending, stable {stable}, {label}",
                p.ask("offset_fetch", 7, **fetching(p, group, "flights", require_stable=stable)),
            )
        yield f"group deleted, {label}", p.ask("delete_groups", 2, groups_names=[group])
        yield f"commits, {label}", writer.end(who)
        until_complete(p, who.transactional_id)
        yield (
            f"committed, {label}",
            p.ask("offset_fetch", 7, **fetching(p, group, "flights", require_stable=True)),
        )


@story
def timeouts(p: Prober) -> Answers:
    """A transaction whose time is up is aborted, and its producer fenced."""
    for version in (OLD, NEW):
        name, label = f"transactions-t{version}", f"of {version}"
        p.create_topic(name)
        writer = Writer(p, version)
        who = writer.start(f"t-t{version}", timeout_ms=1000)
        if version == OLD:
            yield f"adds, {label}", writer.add(who, name, 0)
        yield f"writes, {label}", writer.write(who, name)
        until_complete(p, who.transactional_id, patience=400)
        yield (
            f"after its time, {label}",
            described(p, who),
        )
        yield f"writes on, {label}", writer.write(who, name)
        yield f"adds on, {label}", writer.add(who, name, 0)
        yield f"commits, {label}", writer.end(who)
        yield f"aborts, {label}", writer.end(who, committed=False)
        ids = {"producer_id": who.producer_id, "producer_epoch": who.producer_epoch}
        yield f"bumps, {label}", writer.init(who.transactional_id, **ids)
        yield f"starts again, {label}", writer.init(who.transactional_id)


@story
def markers(p: Prober) -> Answers:
    """WriteTxnMarkers from outside, to partitions that are there and others."""
    p.create_topic("transactions-m")
    for version in p.versions("write_txn_markers"):
        for label, name, index, fields in (
            ("unknown topic", "nowhere", 0, {}),
            ("unknown partition", "transactions-m", 9, {}),
            ("stranger", "transactions-m", 0, {"producer_id": 5000 + version}),
            ("its older epoch", "transactions-m", 0, {"producer_id": 5000 + version, "producer_epoch": 0}),
            (
                "older coordinator",
                "transactions-m",
                0,
                {"producer_id": 5000 + version, "coordinator_epoch": -1},
            ),
        ):
            topic = write_txn_markers.MARKER_TOPIC(name=name, partition_indexes=[index])
            given = {
                "producer_id": 5,
                "producer_epoch": 1,
                "coordinator_epoch": 3,
                "topics": [topic],
                **fields,
            }
            marker = write_txn_markers.MARKER(transaction_result=True, **given)
            yield f"{label}, v{version}", p.ask("write_txn_markers", version, markers=[marker])


@story
def looking(p: Prober) -> Answers:
    """DescribeTransactions, ListTransactions and DescribeProducers, of nothing and of something."""
    writer = Writer(p, OLD)
    p.create_topic("transactions-looked", 2)
    who = writer.start("t-look")
    writer.add(who, "transactions-looked", 0)
    for ids in (["t-nowhere"], [""], [], ["t-look", "t-look"], ["t-look", "t-nowhere"]):
        yield f"describe {ids}", p.ask("describe_transactions", 0, transactional_ids=ids)
    for label, fields in {
        "ongoing": {"state_filters": ["Ongoing"]},
        "case": {"state_filters": ["ongoing"]},
        "no state": {"state_filters": ["nonsense"]},
        "one of both": {"state_filters": ["Ongoing", "nonsense"]},
        "empty state": {"state_filters": [""]},
        "producer": {"producer_id_filters": [who.producer_id]},
        "no producer": {"producer_id_filters": [-1, 10**9]},
        "long": {"duration_filter": 10**9},
        "any length": {"duration_filter": 0},
        "negative length": {"duration_filter": -5},
        "pattern": {"transactional_id_pattern": "t-lo.*"},
        "no match": {"transactional_id_pattern": "t-lo"},
        "broken pattern": {"transactional_id_pattern": "t-["},
        "empty pattern": {"transactional_id_pattern": ""},
    }.items():
        for version in p.versions("list_transactions"):
            answer = p.ask("list_transactions", version, **fields)
            answer.transaction_states = [
                state for state in answer.transaction_states if state.transactional_id == "t-look"
            ]
            yield f"{label}, v{version}", answer
    for name, indexes in (
        ("nowhere", [0]),
        ("transactions-looked", [0, 1, 9, -1]),
        ("", [0]),
        ("flights", []),
    ):
        topic = describe_producers.TOPIC(name=name, partition_indexes=indexes)
        yield f"producers of {name}", p.ask("describe_producers", 0, topics=[topic])
    yield "ends", writer.end(who)


def _producers(p: Prober, name: str) -> Any:
    topic = describe_producers.TOPIC(name=name, partition_indexes=[0])
    return p.ask("describe_producers", 0, topics=[topic])


def until_complete(p: Prober, transactional_id: str, patience: int = 100) -> None:
    """Wait until a transaction's markers are written."""
    for _ in range(patience):
        (state,) = p.ask("describe_transactions", 0, transactional_ids=[transactional_id]).transaction_states
        if state.transaction_state.startswith("Complete"):
            return
        time.sleep(0.05)
