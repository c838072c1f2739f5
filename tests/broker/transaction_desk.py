"""A broker without sockets in the words of transactional producers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from odradek.protocol.api_keys import ApiKey
from odradek.protocol.errors import ErrorCode
from odradek.protocol.messages import (
    add_partitions_to_txn,
    describe_producers,
    offset_fetch,
    produce,
    request,
    txn_offset_commit,
    write_txn_markers,
)
from odradek.protocol.record_batch import batches, records

from .harness import Harness, batch

Producer = tuple[str, int, int]  # transactional id, producer id, epoch


class Desk:
    """A broker with the topic `orders` of two partitions, or one that another desk has opened."""

    def __init__(self, harness: Harness | None = None, **settings: object) -> None:
        if harness is None:
            harness = Harness(None, transaction_state_log_num_partitions=3, **settings)
            harness.create("orders", 2)
        self.harness = harness

    @property
    def topic_id(self) -> bytes:
        """That of `orders`."""
        topic = self.harness.node.topics.get("orders")
        assert topic is not None
        return topic.topic_id

    def ask(self, api: ApiKey, version: int, **fields: Any) -> Any:
        """The response, which must be there at once."""
        return self.harness.ask(api, version, request(api)(**fields))

    def init(
        self, transactional_id: str, *, version: int = 5, timeout_ms: int = 60_000, **fields: Any
    ) -> Any:
        """The answer to InitProducerId."""
        return self.ask(
            ApiKey.INIT_PRODUCER_ID,
            version,
            transactional_id=transactional_id,
            transaction_timeout_ms=timeout_ms,
            **fields,
        )

    def producer(self, transactional_id: str, **fields: Any) -> Producer:
        """A new owner of a transactional id."""
        answer = self.init(transactional_id, **fields)
        assert answer.error_code == 0, answer
        return transactional_id, answer.producer_id, answer.producer_epoch

    def add(self, producer: Producer, *places: tuple[str, int], version: int = 3) -> list[int]:
        """The error codes of AddPartitionsToTxn as clients send it."""
        names = ("transactional_id", "producer_id", "producer_epoch")
        who = {f"v3_and_below_{name}": value for name, value in zip(names, producer, strict=True)}
        topics = [
            add_partitions_to_txn.TOPIC(name=topic, partitions=[index])
            for topic, index in places or [("orders", 0)]
        ]
        answer = self.ask(ApiKey.ADD_PARTITIONS_TO_TXN, version, v3_and_below_topics=topics, **who)
        return [
            row.partition_error_code
            for topic in answer.results_by_topic_v3_and_below
            for row in topic.results_by_partition
        ]

    def write(
        self, producer: Producer, *values: bytes, sequence: int = 0, version: int = 12, partition: int = 0
    ) -> Any:
        """The partition's row in the answer to a transactional Produce."""
        now_ms = self.harness.clock.wall_ms()
        value = write_request(producer, *values, sequence=sequence, partition=partition, timestamp=now_ms)
        answer = self.harness.ask(ApiKey.PRODUCE, version, value)
        return answer.responses[0].partition_responses[0]

    def end(self, producer: Producer, *, commit: bool, version: int = 5) -> Any:
        """The answer to EndTxn."""
        transactional_id, producer_id, producer_epoch = producer
        return self.ask(
            ApiKey.END_TXN,
            version,
            transactional_id=transactional_id,
            producer_id=producer_id,
            producer_epoch=producer_epoch,
            committed=commit,
        )

    def commit_offset(
        self, producer: Producer, group: str, offset: int, *, version: int = 5, **who: Any
    ) -> int:
        """The error code of a TxnOffsetCommit for `orders-0`."""
        transactional_id, producer_id, producer_epoch = producer
        row = txn_offset_commit.PARTITION(partition_index=0, committed_offset=offset, committed_metadata="")
        answer = self.ask(
            ApiKey.TXN_OFFSET_COMMIT,
            version,
            transactional_id=transactional_id,
            producer_id=producer_id,
            producer_epoch=producer_epoch,
            group_id=group,
            topics=[txn_offset_commit.TOPIC(name="orders", topic_id=self.topic_id, partitions=[row])],
            **who,
        )
        code: int = answer.topics[0].partitions[0].error_code
        return code

    def offset(self, group: str, *, stable: bool = False) -> tuple[int, int]:
        """The committed offset of a group for `orders-0`, and its error code."""
        topics = [offset_fetch.REQUEST_TOPIC(name="orders", partition_indexes=[0])]
        answer = self.ask(ApiKey.OFFSET_FETCH, 7, group_id=group, topics=topics, require_stable=stable)
        row = answer.topics[0].partitions[0]
        return row.committed_offset, row.error_code

    def described(self, transactional_id: str) -> Any:
        """What DescribeTransactions says of an id."""
        answer = self.ask(ApiKey.DESCRIBE_TRANSACTIONS, 0, transactional_ids=[transactional_id])
        return answer.transaction_states[0]

    def state(self, transactional_id: str) -> str:
        """The state of an id."""
        return str(self.described(transactional_id).transaction_state)

    def listed(self, version: int = 2, **filters: Any) -> list[str]:
        """The ids that ListTransactions gives, sorted."""
        answer = self.ask(ApiKey.LIST_TRANSACTIONS, version, **filters)
        assert answer.error_code == 0
        return sorted(row.transactional_id for row in answer.transaction_states)

    def producers(self, partition: int = 0) -> Any:
        """The producers that a partition of `orders` knows."""
        topic = describe_producers.TOPIC(name="orders", partition_indexes=[partition])
        return self.ask(ApiKey.DESCRIBE_PRODUCERS, 0, topics=[topic]).topics[0].partitions[0].active_producers

    def write_marker(self, producer: Producer, *, commit: bool, coordinator_epoch: int = 0) -> int:
        """The error code of a WriteTxnMarkers for `orders-0`."""
        topic = write_txn_markers.MARKER_TOPIC(name="orders", partition_indexes=[0])
        marker = write_txn_markers.MARKER(
            producer_id=producer[1],
            producer_epoch=producer[2],
            transaction_result=commit,
            coordinator_epoch=coordinator_epoch,
            topics=[topic],
        )
        answer = self.ask(ApiKey.WRITE_TXN_MARKERS, 1, markers=[marker])
        code: int = answer.markers[0].topics[0].partitions[0].error_code
        return code

    def committed(self, partition: int = 0) -> list[bytes]:
        """The values that a reader of committed records gets."""
        row = (
            self.harness.fetch(("orders", partition, 0), isolation_level=1, max_wait_ms=0)
            .responses[0]
            .partitions[0]
        )
        aborted = {(each.producer_id, each.first_offset) for each in row.aborted_transactions}
        return list(_visible(memoryview(row.records), aborted))

    def stable_end(self, partition: int = 0) -> int:
        """The last stable offset."""
        offset: int = self.harness.node.topics.partition("orders", partition).last_stable_offset  # type: ignore[union-attr]
        return offset


def write_request(producer: Producer, *values: bytes, sequence: int, partition: int, timestamp: int) -> Any:
    """A transactional Produce of one batch to a partition of `orders`."""
    transactional_id, producer_id, producer_epoch = producer
    data = batch(
        *values,
        timestamp=timestamp,
        producer_id=producer_id,
        producer_epoch=producer_epoch,
        base_sequence=sequence,
        is_transactional=True,
    )
    rows = [produce.REQUEST_PARTITION(index=partition, records=data)]
    topics = [produce.REQUEST_TOPIC(name="orders", partition_data=rows)]
    return produce.REQUEST(transactional_id=transactional_id, acks=-1, topic_data=topics)


def following(producer: Producer, answer: object) -> Producer:
    """The producer after an EndTxn of the second version."""
    return producer[0], answer.producer_id, answer.producer_epoch  # type: ignore[attr-defined]


def _visible(data: memoryview, aborted: set[tuple[int, int]]) -> Iterable[bytes]:
    skipped: set[int] = set()
    for header in batches(data):
        skipped |= {producer_id for producer_id, first in aborted if first == header.base_offset}
        if header.is_control:
            skipped.discard(header.producer_id)
        elif header.producer_id not in skipped:
            yield from (row.value or b"" for row in records(data, header, 1 << 20))


NONE = ErrorCode.NONE
