"""A share partition, its members and its stored state, as histories drawn from a seed; and a model beside it.

The model knows of every record who holds it until when, how often it was delivered, what was stored, and
whether the dead letter queue has it. After each step the machine has to say the same.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from math import inf

from odradek.broker.effects import Effects, Instant
from odradek.broker.share.events import (
    Acknowledgement,
    Acquisition,
    Change,
    DeadLetter,
    DeliveryConfig,
    RecordBatch,
    ShareError,
)
from odradek.broker.share.share_partition import SharePartition
from odradek.broker.share.state_codec import decode, encode
from odradek.broker.share.state_records import Record, SharePartitionKey
from odradek.broker.share.state_shard import StateConfig, StateShard, StateWrite
from odradek.broker.share.states import RecordState

KEY = SharePartitionKey("g", b"t" * 16, 0)
MEMBERS = ("a", "b", "c")
ACCEPT, RELEASE, REJECT, RENEW = 1, 2, 3, 4
LOCK_MS, LIMIT, ROOM = 1_000, 4, 60


class Truth:
    """What is so of one record. `stored` is the state and the count that outlive the broker.

    `given_up` is what becomes of it when it is rejected or was delivered too often; `letters` is how often
    the dead letter queue was given it.
    """

    def __init__(self, is_aborted: bool, given_up: RecordState) -> None:
        self.is_aborted = is_aborted
        self.given_up = given_up
        self.letters = 0
        self.state = RecordState.AVAILABLE
        self.count = 0
        self.holder = ""
        self.deadline_ms = inf
        self.stored = (RecordState.AVAILABLE, 0)

    def free(self) -> None:
        """Nobody holds it, and it comes again unless it has come too often."""
        self.holder, self.deadline_ms = "", inf
        self.state = self.given_up if self.count >= LIMIT else RecordState.AVAILABLE

    def forget(self) -> None:
        """The broker has started anew."""
        self.state, self.count = self.stored
        self.holder, self.deadline_ms = "", inf


class ShareWorld:
    """One history. `run` lives through it; AssertionError where the machine is wrong."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.now_ms = 0.0
        self.config = DeliveryConfig(LIMIT, LOCK_MS, ROOM, has_dead_letters=self.random.random() < 0.6)
        self.letters: list[DeadLetter] = []
        self.log: list[RecordBatch] = []
        self.truth: list[Truth] = []
        self.records: list[tuple[bytes, bytes | None]] = []
        self.first_offset = 0  # of the records that are not pruned
        self.states = self._load_states()
        self._ask(lambda effects: self.states.initialize(KEY, 1, 0, None, self._instant(), effects))
        self.machine = self._load()

    # The broker around the machine

    def _instant(self) -> Instant:
        return Instant(int(self.now_ms), self.now_ms)

    def _load_states(self) -> StateShard:
        shard = StateShard(StateConfig(updates_per_snapshot=3), lambda _: 1)
        for offset in range(self.first_offset, len(self.records)):
            record: Record | None = decode(*self.records[offset])
            assert record is not None
            shard.replay(record, self._instant(), offset)
        return shard

    def _ask(self, event: Callable[[Effects], None]) -> object:
        effects = Effects()
        event(effects)
        for record in effects.records:
            self.states.replay(record, self._instant(), len(self.records))
            self.records.append(encode(record))
        return effects.replies[0][1]

    def _load(self) -> SharePartition:
        snapshot = self._ask(lambda effects: self.states.read(KEY, 0, None, self._instant(), effects))
        return SharePartition(snapshot.start_offset, snapshot.batches, lambda: self.config)  # type: ignore[attr-defined]

    def _store(self, change: Change | None, *, fails: bool = False) -> None:
        if change is None:
            return
        if not fails:
            write = StateWrite(1, 0, change.start_offset, change.delivery_complete_count, change.batches)
            self._ask(lambda effects: self.states.write(KEY, write, None, self._instant(), effects))
            for truth in self.truth[: change.start_offset]:  # and with the start, that these are done with
                truth.stored = (truth.state, truth.count)
            for batch in change.batches:
                for truth in self.truth[batch.first_offset : batch.last_offset + 1]:
                    truth.stored = (RecordState(batch.delivery_state), batch.delivery_count)
        self.letters += self.machine.settle(change, not fails, self.now_ms)

    # Steps

    def run(self, steps: int) -> None:
        """So many steps, and then until every record is done with."""
        choices = (
            self.produce, self.acquire, self.acquire, self.say, self.say, self.leave, self.wait, self.restart,
            self.bury,
        )  # fmt: skip
        weights = (3, 6, 6, 6, 6, 1, 3, 1, 3)
        for _ in range(steps):
            self.random.choices(choices, weights)[0]()
            self.check()
        self.drain()

    def produce(self) -> None:
        """The log grows by a batch."""
        size, is_aborted = self.random.randint(1, 6), self.random.random() < 0.15
        first = len(self.truth)
        self.log.append(RecordBatch(first, first + size - 1, is_aborted))
        self.truth += [Truth(is_aborted, self.config.given_up) for _ in range(size)]

    def acquire(self) -> None:
        """A member fetches."""
        offset = self.machine.next_fetch_offset
        if not self.machine.can_acquire:
            return
        ahead = [batch for batch in self.log if batch.last_offset >= offset]
        read = ahead[: self.random.randint(1, 4)]
        wanted = Acquisition(
            self.random.choice(MEMBERS),
            self.random.randint(1, 12),
            self.random.randint(1, 8),
            self.random.random() < 0.5,
        )
        got = self.machine.acquire(wanted, offset, read, self.now_ms)
        for each in got:
            for truth in self.truth[each.first_offset : each.last_offset + 1]:
                assert truth.state is RecordState.AVAILABLE, "somebody has it, or it is done with"
                assert not truth.is_aborted, "of an aborted transaction"
                truth.state, truth.holder = RecordState.ACQUIRED, wanted.member_id
                truth.count += 1
                assert truth.count == each.delivery_count <= LIMIT
                truth.deadline_ms = self.now_ms + LOCK_MS
        if wanted.is_record_limit:
            assert sum(each.record_count for each in got) <= wanted.max_records
        for first, last, delivery in self.machine.all_deliveries():
            for truth in self.truth[first : last + 1]:
                if truth.is_aborted and delivery.state is RecordState.ARCHIVED:
                    truth.state, truth.count = RecordState.ARCHIVED, delivery.count

    def say(self) -> None:
        """A member says something of records, of its own or of others."""
        if not self.truth:
            return
        member = self.random.choice(MEMBERS)
        held = [at for at, truth in enumerate(self.truth) if truth.holder == member]
        first = self.random.choice(held or range(len(self.truth)))
        last = first
        while last + 1 in held and self.random.random() < 0.8:
            last += 1
        size = last - first + 1
        types = [self.random.choice((ACCEPT, RELEASE, REJECT, RENEW)) for _ in range(size)]
        if self.random.random() < 0.5:
            types = types[:1]
        if first < self.machine.start_offset or first >= self.machine.end_offset:
            return
        is_own = all(truth.holder == member for truth in self.truth[first : last + 1])
        try:
            change = self.machine.acknowledge(member, [Acknowledgement(first, last, types)], self.now_ms)
        except ShareError:
            assert not is_own, "a member may say what it likes of its own"
            return
        assert is_own, "a member has no say about others' records"
        fails = self.random.random() < 0.1
        self._store(change, fails=fails)
        for position, truth in enumerate(self.truth[first : last + 1]):
            kind = types[0] if len(types) == 1 else types[position]
            if kind == RENEW:
                truth.deadline_ms = self.now_ms + LOCK_MS
            elif not fails:
                truth.free()
                if kind != RELEASE:
                    truth.state = RecordState.ACKNOWLEDGED if kind == ACCEPT else truth.given_up

    def leave(self) -> None:
        """A member is gone."""
        member = self.random.choice(MEMBERS)
        self._store(self.machine.release(member))
        for truth in self.truth:
            if truth.holder == member:
                truth.free()

    def wait(self) -> None:
        """Time passes, perhaps more than a lock lasts."""
        self.now_ms += self.random.choice((10, 400, 1_500))
        change = self.machine.expire(self.now_ms)
        for truth in self.truth:
            if truth.deadline_ms <= self.now_ms:
                truth.free()
        self._store(change, fails=self.random.random() < 0.1)

    def bury(self) -> None:
        """The dead letter queue is done with something."""
        if not self.letters:
            return
        letter = self.letters.pop(self.random.randrange(len(self.letters)))
        dead = self.truth[letter.first_offset : letter.last_offset + 1]
        for truth in dead:
            assert truth.state is RecordState.ARCHIVING, "nobody has given it up"
            assert truth.count == letter.delivery_count
            truth.state, truth.letters = RecordState.ARCHIVED, truth.letters + 1
        fails = self.random.random() < 0.1
        self._store(self.machine.bury([letter]), fails=fails)
        assert fails or all(truth.stored[0] is RecordState.ARCHIVED for truth in dead), "not stored"

    def restart(self) -> None:
        """The broker is killed, and starts from what was stored; what is redundant may have been deleted."""
        if self.random.random() < 0.5:
            self.first_offset = self.states.redundant_offset
        self.states = self._load_states()
        for truth in self.truth:
            truth.forget()
        self.machine = self._load()
        self.letters = list(self.machine.left_letters())

    def drain(self) -> None:
        """Members that accept everything come to the end of the log."""
        self.now_ms += 2 * LOCK_MS
        self._store(self.machine.expire(self.now_ms))
        for truth in self.truth:
            if truth.deadline_ms <= self.now_ms:
                truth.free()
        accepted = -1
        for _ in range(4 * len(self.truth) + 20):
            offset = self.machine.next_fetch_offset
            read = [batch for batch in self.log if batch.last_offset >= offset]
            got = self.machine.acquire(Acquisition("z", 50, 50), offset, read, self.now_ms)
            for each in got:
                said = [Acknowledgement(each.first_offset, each.last_offset, [ACCEPT])]
                self._store(self.machine.acknowledge("z", said, self.now_ms))
                accepted = each.last_offset
                for truth in self.truth[each.first_offset : each.last_offset + 1]:
                    assert truth.state is RecordState.AVAILABLE
                    truth.state = RecordState.ACKNOWLEDGED
            while self.letters:
                self.bury()
            if offset >= len(self.truth):
                break
        left = [
            at for at, truth in enumerate(self.truth) if not (truth.state.is_terminal or truth.is_aborted)
        ]
        assert not left, f"{left} were never delivered to the end"
        assert self.machine.start_offset > accepted, "the start stays behind what is done with"

    # The comparison

    def check(self) -> None:
        """The machine says what is so, and the stored state is what was stored."""
        start = self.machine.start_offset
        for at, truth in enumerate(self.truth[:start]):
            assert truth.state.is_terminal, f"{at} is skipped"
            is_lost = self.config.has_dead_letters and not (truth.letters or truth.is_aborted)
            assert truth.state is RecordState.ACKNOWLEDGED or not is_lost, f"{at} never came into the queue"
        seen = start
        for first, last, delivery in self.machine.all_deliveries():
            for at in range(max(first, start), last + 1):
                truth = self.truth[at]
                known = (delivery.state, delivery.count, delivery.member_id)
                assert known == (truth.state, truth.count, truth.holder), at
                assert at == seen, "a hole"
                seen += 1
        assert self.machine.in_flight_count <= ROOM + max(
            (batch.last_offset - batch.base_offset for batch in self.log), default=0
        )
        done = sum(truth.state.is_terminal for truth in self.truth[start:seen])
        assert self.machine.delivery_complete_count == done
