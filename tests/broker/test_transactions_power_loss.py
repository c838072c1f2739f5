"""What a durable broker makes of transactions when the power goes, for a producer that lives on (KIP-890)."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from odradek.broker.context import Pending
from odradek.protocol.api_keys import ApiKey
from odradek.protocol.errors import ErrorCode as E
from odradek.protocol.messages import end_txn, init_producer_id
from odradek.storage.faulty_file_system import FaultyFileSystem

from .harness import Harness, decoded
from .transaction_desk import Desk, write_request

PARTITIONS = 2


class PowerLossError(Exception):
    """The power goes."""


class Client:
    """A producer with a transaction at a time, of a broker whose power goes after so many ticks: one at each
    request, and two at each round of syncs.
    """

    def __init__(self, chance: Random) -> None:
        self._chance = chance
        self._ticks = 1 << 30
        settings = {"transaction_state_log_num_partitions": 1, "log_flush_interval_messages": 1}
        self.broker = Harness(FaultyFileSystem(), **settings)
        self.broker.create("orders", PARTITIONS)
        value = init_producer_id.REQUEST(transactional_id="a", transaction_timeout_ms=60_000)
        answer = self.answer(ApiKey.INIT_PRODUCER_ID, 5, self.send(ApiKey.INIT_PRODUCER_ID, 5, value))
        self.broker.node.syncs.run_all()
        self.producer_id, self.epoch = answer.producer_id, answer.producer_epoch
        self.sequences = [0] * PARTITIONS
        self.committed: list[list[bytes]] = [[] for _ in range(PARTITIONS)]
        self.written: list[tuple[int, int, bytes]] = []  # partition, sequence, value
        self.outcome: bool | None = None  # what has been asked for
        self._ticks = chance.randrange(80)

    def send(self, api: ApiKey, version: int, value: Any) -> Any:
        """What the broker says at once, or a Pending."""
        self._tick()
        return self.broker.start(api, version, value)

    def answer(self, api: ApiKey, version: int, given: Any) -> Any:
        """What the broker says in the end."""
        while isinstance(given, Pending) and not given.done:
            self.sync()
        return decoded(api, version, given.response) if isinstance(given, Pending) else given

    def sync(self) -> None:
        """A round of syncs."""
        self._tick()
        syncs = self.broker.node.syncs
        round = syncs.begin()
        if round is None:
            return
        round.run()
        self._tick()
        syncs.finish(round)

    def _tick(self) -> None:
        self._ticks -= 1
        if self._ticks < 0:
            self._ticks = 1 << 30
            raise PowerLossError

    def transaction(self) -> None:
        """Some records, and an end."""
        for _ in range(self._chance.randrange(1, 4)):
            partition = self._chance.randrange(PARTITIONS)
            value = b"%d" % self._chance.randrange(1 << 30)
            self.written.append((partition, self.sequences[partition], value))
            self.sequences[partition] += 1
        assert self.write() == E.NONE
        self.outcome = self._chance.random() < 0.7
        self.end(self.outcome)

    def write(self) -> int:
        """Send all records of the transaction, again perhaps; the first error."""
        given = []
        for partition, sequence, value in self.written:
            producer = "a", self.producer_id, self.epoch
            now_ms = self.broker.clock.wall_ms()
            request = write_request(producer, value, sequence=sequence, partition=partition, timestamp=now_ms)
            given.append(self.send(ApiKey.PRODUCE, 12, request))
            if self._chance.random() < 0.3 and self.broker.node.syncs.has_work:
                self.sync()
        answers = [self.answer(ApiKey.PRODUCE, 12, each) for each in given]
        errors = [each.responses[0].partition_responses[0].error_code for each in answers]
        return next((error for error in errors if error != E.NONE), 0)

    def end(self, commit: bool) -> None:
        """EndTxn, until it is answered."""
        value = end_txn.REQUEST(
            transactional_id="a", producer_id=self.producer_id, producer_epoch=self.epoch, committed=commit
        )
        while True:
            answer = self.answer(ApiKey.END_TXN, 5, self.send(ApiKey.END_TXN, 5, value))
            if answer.error_code != E.CONCURRENT_TRANSACTIONS:
                break
            self.sync()
        assert answer.error_code == E.NONE
        if commit:
            for partition, _, value in self.written:
                self.committed[partition].append(value)
        self.epoch, self.sequences = answer.producer_epoch, [0] * PARTITIONS
        self.written, self.outcome = [], None

    def survive(self) -> None:
        """The power was gone: with another broker on what is left, do again what was not answered."""
        assert isinstance(self.broker.file_system, FaultyFileSystem)
        self.broker.file_system = self.broker.file_system.power_loss(self._chance)
        self.broker.node = self.broker._open()
        if self.outcome is None and self.written and self.write() != E.NONE:
            self.outcome = False
        if self.outcome is not None or self.written:
            self.end(self.outcome is not False)


@pytest.mark.parametrize("seed", range(300))
def test_committed_records_survive_power_loss(seed: int) -> None:
    """Those of transactions whose end was answered are there once, and no others; nothing is left open."""
    client = Client(Random(seed))
    try:
        while True:
            client.transaction()
    except PowerLossError:
        client.survive()
    client.transaction()
    client.broker.node.syncs.run_all()
    desk = Desk(client.broker)
    for index in range(PARTITIONS):
        partition = client.broker.node.topics.partition("orders", index)
        assert partition is not None
        assert desk.committed(index) == client.committed[index]
        assert partition.last_stable_offset == partition.high_watermark
