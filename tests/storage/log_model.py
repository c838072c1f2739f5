"""What a log must hold: everything that was appended to it, and what of that was promised to last.

The model is told of each append, truncation, deletion and sync before and after it happens, so that at any
moment in between it knows what a crash may leave. `check` compares a recovered log with it.
"""

from __future__ import annotations

from typing import NamedTuple

from odradek.storage.log import Log
from odradek.storage.producer_state import ProducerState

Producer = tuple[int, int, int]  # epoch, last sequence, last offset


class BrokenPromise(AssertionError):
    """A log does not hold what it must."""


class Batch(NamedTuple):
    """An appended batch as it lies in the file; `commit` is the group and offset that it commits, if any."""

    base_offset: int
    last_offset: int
    data: bytes
    producer_id: int = -1
    producer_epoch: int = -1
    base_sequence: int = -1
    last_sequence: int = -1
    commit: tuple[str, int] | None = None

    @property
    def leader_epoch(self) -> int:
        return int.from_bytes(self.data[12:16], "big")


class LogModel:
    """One log, from its creation to its deletion."""

    def __init__(self, topic: str, index: int, topic_id: bytes) -> None:
        self.topic = topic
        self.index = index
        self.topic_id = topic_id
        self.first_offset = 0  # where the log began, or began anew
        self.first_producers: dict[int, Producer] = {}  # what was known of producers there
        self.batches: list[Batch] = []  # from `first_offset` on, the deleted ones included
        self.in_flight: list[Batch] = []  # of an append that has not returned
        self.truncating_to: int | None = None  # a truncation that has not returned
        self.synced_offset = 0  # everything below was synced
        self.smallest_start = 0  # the log start offset of the last durable checkpoint
        self.largest_start = 0  # the largest that was asked for

    def __repr__(self) -> str:
        return f"{self.topic}-{self.index}"

    @property
    def end_offset(self) -> int:
        return self.batches[-1].last_offset + 1 if self.batches else self.first_offset

    def producers(self, end_offset: int) -> dict[int, Producer]:
        """What must be known of each producer once the batches below `end_offset` are in the log."""
        known = dict(self.first_producers)
        for batch in self._with_in_flight():
            if batch.producer_id >= 0 and batch.last_offset < end_offset:
                known[batch.producer_id] = (batch.producer_epoch, batch.last_sequence, batch.last_offset)
        return known

    def commits(self, end_offset: int) -> dict[str, int]:
        """The committed offset of each group, from the batches below `end_offset`."""
        return dict(
            batch.commit
            for batch in self._with_in_flight()
            if batch.commit is not None and batch.last_offset < end_offset
        )

    def _with_in_flight(self) -> list[Batch]:
        return [*self.batches, *self.in_flight]

    def promised_end(self, power_lost: bool) -> int:
        """Everything below this must be there."""
        end = self.synced_offset if power_lost else self.end_offset
        return end if self.truncating_to is None else min(end, self.truncating_to)

    def truncate(self, end_offset: int) -> None:
        """The log ends here now."""
        self.batches = [batch for batch in self._with_in_flight() if batch.last_offset < end_offset]
        self.in_flight = []
        self.truncating_to = None
        self.synced_offset = min(self.synced_offset, end_offset)

    def adopt(self, log: Log) -> None:
        """Go on with `log`, which was checked after a crash: what it does not hold is gone for good."""
        start, end = log.log_start_offset, log.log_end_offset
        if self._lost_its_beginning(log):
            known = known_producers(log.producers)
            self.first_producers = {number: last for number, last in known.items() if last[2] < start}
            self.first_offset = self.largest_start = start
            self.batches = [batch for batch in self.batches if batch.last_offset >= start]
        self._forget_producers(log.producers)
        self.truncate(end)
        if self.end_offset != end:
            # The log start lies within a batch that is gone with all behind it: the log began anew there.
            self.first_offset, self.first_producers = end, known_producers(log.producers)
            self.batches = []
        self.synced_offset = end  # it may be read, and is acknowledged to who sends it again

    def _forget_producers(self, state: ProducerState) -> None:
        """Ask no more for what a crash took of producers: they may go back to what of deleted batches had not
        been promised.
        """
        last_offsets = {number: last for number, (_, _, last) in known_producers(state).items()}
        self.first_producers = {
            number: producer
            for number, producer in self.first_producers.items()
            if producer[2] <= last_offsets.get(number, -1)
        }
        self.batches = [
            batch
            if batch.last_offset <= last_offsets.get(batch.producer_id, -1)
            else batch._replace(producer_id=-1)
            for batch in self.batches
        ]

    def _lost_its_beginning(self, log: Log) -> bool:
        """A crash took the first segments, of which nothing had been synced, and left later ones."""
        return log.log_start_offset > max(self.largest_start, self.first_offset)

    def check(self, log: Log, power_lost: bool) -> None:
        """Raise BrokenPromise if `log`, recovered, is not what a crash may leave."""
        if log.topic_id != self.topic_id:
            raise BrokenPromise(f"{self}: the topic id is {log.topic_id!r}, not {self.topic_id!r}")
        start, end = log.log_start_offset, log.log_end_offset
        promised_end = self.promised_end(power_lost)
        lost_beginning = self._lost_its_beginning(log)
        if start < self.smallest_start or (
            lost_beginning and promised_end > max(self.largest_start, self.first_offset)
        ):
            bounds = f"{self.smallest_start} to {self.largest_start}"
            raise BrokenPromise(f"{self}: the log start offset is {start}, not within {bounds}")
        if end < promised_end:
            raise BrokenPromise(f"{self}: the end is {end}, but {promised_end} was acknowledged")
        self._check_contents(log, start, end)
        self._check_producers(log.producers, start, end, promised_end)
        self._check_commits(end, power_lost)

    def _check_contents(self, log: Log, start: int, end: int) -> None:
        """Every batch whole and unchanged at its offset, from the one that holds `start` to `end`, and no
        other.
        """
        expected = [batch for batch in self._with_in_flight() if start <= batch.last_offset < end]
        last = expected[-1].last_offset + 1 if expected else start
        if last != end:
            raise BrokenPromise(
                f"{self}: the end is {end}, which is within a batch or beyond what was appended"
            )
        if read_all(log) != b"".join(batch.data for batch in expected):
            raise BrokenPromise(f"{self}: what is read from {start} to {end} is not what was appended")
        for batch in expected:
            epoch = log.leader_epochs.epoch_at(max(batch.base_offset, start))
            # Below a log start that was asked for the epochs may be gone before the offsets are.
            if epoch != batch.leader_epoch and batch.base_offset >= self.largest_start:
                raise BrokenPromise(
                    f"{self}: leader epoch {epoch} at {batch.base_offset}, not {batch.leader_epoch}"
                )

    def _check_producers(self, state: ProducerState, start: int, end: int, promised_end: int) -> None:
        """The last of each producer's batches, exactly. A producer none of whose batches is left may have
        gone back, or be forgotten, as far as these had not been promised.
        """
        found, latest, promised = known_producers(state), self.producers(end), self.producers(promised_end)
        nothing = (-1, -1, -1)
        for producer_id in found.keys() | latest.keys():
            known, last = found.get(producer_id, nothing), latest.get(producer_id, nothing)
            gone = last[2] < start and promised.get(producer_id, nothing) <= known <= last
            if known != last and not gone:
                raise BrokenPromise(
                    f"{self}: producer {producer_id} is at {known}, not at {last}, at offset {end}"
                )

    def _check_commits(self, end: int, power_lost: bool) -> None:
        found = self.commits(end)
        for group, offset in self.commits(self.promised_end(power_lost)).items():
            if found.get(group, -1) < offset:
                raise BrokenPromise(f"{self}: {group} went back to {found.get(group)} from {offset}")


def known_producers(state: ProducerState) -> dict[int, Producer]:
    """Epoch, last sequence and last offset of each producer."""
    return {
        producer_id: (entry.producer_epoch, entry.last_sequence, entry.batches[-1].last_offset)
        for producer_id, entry in state.entries.items()
    }


def read_all(log: Log) -> bytes:
    """The bytes of all batches from the log start offset on."""
    parts = []
    offset = log.log_start_offset
    while offset < log.log_end_offset:
        data = log.read(offset, 1 << 20).records.read()
        if not data:
            raise BrokenPromise(f"{log.directory}: nothing is read at {offset} of {log.log_end_offset}")
        parts.append(data)
        offset = _offset_behind(data)
    return b"".join(parts)


def _offset_behind(data: bytes) -> int:
    """The offset behind the last of the whole batches in `data`."""
    position = offset = 0
    while position < len(data):
        base_offset = int.from_bytes(data[position : position + 8], "big")
        offset = base_offset + int.from_bytes(data[position + 23 : position + 27], "big") + 1
        position += 12 + int.from_bytes(data[position + 8 : position + 12], "big")
    return offset
