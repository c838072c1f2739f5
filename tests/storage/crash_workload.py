"""A program that uses logs as the broker does, step by step from a seed, on a file system that can crash.

It appends plain and idempotent batches, repeats some, commits offsets, rolls, syncs, checkpoints, truncates,
advances the log start, deletes and makes logs, stops cleanly, is killed and loses power between two steps, in
the middle of one or while it starts again, and goes on with what it finds.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from random import Random
from typing import NamedTuple

from odradek.protocol.record_batch import Record, batches, build_batch
from odradek.storage.checkpoint import MetaProperties
from odradek.storage.faulty_file_system import Crash, FaultyFileSystem
from odradek.storage.file_system import FileSystem
from odradek.storage.log import Log, LogConfig
from odradek.storage.log_directory import LogDirectory
from tests.storage.log_model import Batch, BrokenPromise, LogModel

DATA = "data"
OFFSETS = ("__consumer_offsets", 0)
PARTITIONS = (("flights", 0), ("flights", 1), ("orders", 0), OFFSETS)
CONFIG = LogConfig(segment_bytes=1500, index_interval_bytes=150, segment_index_bytes=64)
NOW_MS = 1_700_000_000_000
PRODUCERS = (7, 8)
GROUPS = ("board", "billing")


class Producer(NamedTuple):
    epoch: int
    next_sequence: int


class Broker:
    """The data folder of `models`' logs, opened as a broker opens it on its start.

    Directories that belong to no model, of an interrupted creation or deletion, are removed. Logs whose
    creation was never synced are made again if there is nothing to open.
    """

    def __init__(self, file_system: FileSystem, models: list[LogModel]) -> None:
        self.directory = LogDirectory.open(file_system, DATA)
        if self.directory.meta is None:
            self.directory.identify(MetaProperties("crash-test", 1))
        names = {(model.topic, model.index) for model in models}
        strays = [key for key in self.directory.partitions() if key not in names]
        if strays:
            self.directory.remove_logs(strays)
        self.logs: dict[LogModel, Log] = {}
        for model in models:
            self.logs[model] = self.directory.open_log(model.topic, model.index, CONFIG, model.topic_id)


class Workload:
    """`on_change` is called after each call that changed the file system; `models` say what a crash may leave
    then.

    `power_lost` tells that a power loss is behind which the models have not yet been adjusted to.
    """

    def __init__(self, seed: str, on_change: Callable[[Workload], None] = lambda _: None) -> None:
        self.random = Random(seed)
        self._on_change = on_change
        self.models: list[LogModel] = []
        self.power_lost = False
        self.file_system = FaultyFileSystem()
        self._generation = 0
        self._serial = 0
        self._next_commit = 0
        self._start()

    def _start(self) -> None:
        self.file_system.on_change = self._changed
        self.broker = Broker(self.file_system, self.models)

    def _changed(self) -> None:
        self._on_change(self)

    def run(self, steps: int, often: Collection[str] = ()) -> None:
        """Make two logs and take that many steps, those named by `often` more often than others.

        Some never end: there is a crash on the way.
        """
        choices = [step for step, _ in STEPS]
        weights = [weight + (30 if step.__name__ in often else 0) for step, weight in STEPS]
        chosen = self.random.choices(choices, weights, k=steps)
        for step in (Workload.create, Workload.create, *chosen):
            if self.random.random() < CRASHING_STEPS:
                self.file_system.crash_at = self.file_system.calls + 1 + self.random.randrange(10)
            try:
                (step if self.models else Workload.create)(self)
            except Crash:
                self._go_on_after_crash()
            self.file_system.crash_at = None

    def _go_on_after_crash(self) -> None:
        """The next start may crash as well."""
        while True:
            power_lost = self.random.random() < 0.6
            self.power_lost = self.power_lost or power_lost
            crashed = self.file_system
            self.file_system = (
                crashed.power_loss(self.random) if power_lost else crashed.process_kill(self.random)
            )
            if self.random.random() < 0.3:
                self.file_system.crash_at = 1 + self.random.randrange(40)
            try:
                self._restart()
            except Crash:
                continue
            return

    def _log(self) -> tuple[LogModel, Log]:
        model = self.random.choice(self.models)
        return model, self.broker.logs[model]

    # Steps

    def create(self) -> None:
        """Make a log that is not there, and sync it, as a topic's creation does."""
        present = {(model.topic, model.index) for model in self.models}
        missing = [name for name in PARTITIONS if name not in present]
        if missing:
            topic, index = self.random.choice(missing)
            model = LogModel(topic, index, self.random.randbytes(16))
            log = self.broker.directory.create_log(topic, index, CONFIG, model.topic_id)
            self.models.append(model)
            self.broker.logs[model] = log
            if self.random.random() < 0.7:
                self._sync(model, log, checkpoint=False)

    def delete(self) -> None:
        """Delete a log; under its name a new one may be made at once."""
        model, log = self._log()
        if (model.topic, model.index) != OFFSETS and len(self.models) > 1:
            self.models.remove(model)
            del self.broker.logs[model]
            log.close(clean=False)
            self.broker.directory.remove_log(model.topic, model.index)

    def append(self) -> None:
        """One to three batches, plain or of an idempotent producer, or an offset commit."""
        model, log = self._log()
        if (model.topic, model.index) == OFFSETS:
            self._next_commit += 1
            self._append(model, log, [self._batch(commit=(self.random.choice(GROUPS), self._next_commit))])
        else:
            producer_id = self.random.choice((-1, *PRODUCERS))
            new = [self._batch(self._next_of(model, producer_id))]
            if producer_id < 0 and self.random.random() < 0.3 and len(new[0].data) < 400:
                new += [batch for batch in (self._batch(), self._batch()) if len(batch.data) < 400]
            self._append(model, log, new)

    def _next_of(self, model: LogModel, producer_id: int) -> Batch:
        """The ids and sequences with which a producer goes on: now and then in a new epoch."""
        if producer_id < 0:
            return Batch(0, 0, b"")
        epoch, sequence, _ = model.producers(model.end_offset).get(producer_id, (0, -1, 0))
        if sequence >= 0 and self.random.random() < 0.1:
            epoch, sequence = epoch + 1, -1
        return Batch(0, 0, b"", producer_id, epoch, sequence + 1)

    def _batch(self, ids: Batch | None = None, commit: tuple[str, int] | None = None) -> Batch:
        """A batch at offset 0 with one to four records of a size that sometimes spans sectors."""
        ids = ids or Batch(0, 0, b"")
        count = 1 if commit else self.random.choice((1, 1, 2, 4))
        records = []
        large = self.random.random() < 0.1
        for offset in range(count):
            self._serial += 1
            size = 1000 // count if large else self.random.choice((5, 20, 60))
            key, value = b"%d" % self._serial, self.random.randbytes(size)
            records.append(Record(offset, NOW_MS + self._serial, key, value))
        data = build_batch(
            records,
            producer_id=ids.producer_id,
            producer_epoch=ids.producer_epoch,
            base_sequence=ids.base_sequence,
        )
        last_sequence = ids.base_sequence + count - 1 if ids.producer_id >= 0 else -1
        return ids._replace(
            last_offset=count - 1, data=bytes(data), last_sequence=last_sequence, commit=commit
        )

    def _append(self, model: LogModel, log: Log, new: list[Batch]) -> None:
        offset = model.end_offset
        for batch in new:
            data = (
                offset.to_bytes(8, "big")
                + batch.data[8:12]
                + self._generation.to_bytes(4, "big")
                + batch.data[16:]
            )
            last = offset + batch.last_offset
            model.in_flight.append(batch._replace(base_offset=offset, last_offset=last, data=data))
            offset = last + 1
        buffer = bytearray(b"".join(batch.data for batch in new))
        headers = list(batches(buffer))
        result = log.append(memoryview(buffer), headers, now_ms=NOW_MS, leader_epoch=self._generation)
        if (result.base_offset, result.duplicate) != (model.end_offset, False):
            raise BrokenPromise(f"{model}: appended at {result}, not at {model.end_offset}")
        model.batches += model.in_flight
        model.in_flight = []

    def repeat(self) -> None:
        """Send a producer's last batch again: the answer has the first offsets, the log stays as it is."""
        model, log = self._log()
        sent = [batch for batch in model.batches if batch.producer_id >= 0]
        if sent:
            batch = sent[-1]
            buffer = bytearray(batch.data)
            result = log.append(memoryview(buffer), list(batches(buffer)), now_ms=NOW_MS)
            if (result.base_offset, result.duplicate) != (batch.base_offset, True):
                raise BrokenPromise(f"{model}: the repeated batch of {batch.base_offset} gave {result}")

    def sync(self) -> None:
        """Group commit, without a checkpoint."""
        self._sync(*self._log(), checkpoint=False)

    def checkpoint(self) -> None:
        """Move the recovery points of one or all logs and write the folder's checkpoints."""
        for model, log in [self._log()] if self.random.random() < 0.5 else list(self.broker.logs.items()):
            self._sync(model, log, checkpoint=True)
        self.write_checkpoints()

    def write_checkpoints(self) -> None:
        """Write the folder's checkpoints: the log starts are durable then."""
        self.broker.directory.write_checkpoints()
        for model, log in self.broker.logs.items():
            model.smallest_start = log.log_start_offset

    def _sync(self, model: LogModel, log: Log, *, checkpoint: bool) -> None:
        """With appends while the ticket waits and while it is finished, as it happens in a thread."""
        ticket = log.begin_sync(checkpoint=checkpoint)
        if ticket is None:
            return
        if self.random.random() < 0.3:
            self._append(model, log, [self._batch()])
        if self.random.random() < 0.1:
            self._advance_log_start(model, log)
            self.write_checkpoints()
        error = ticket.run()
        if error is not None:
            raise error
        if self.random.random() < 0.3:
            self._append(model, log, [self._batch()])
        log.finish_sync(ticket, None)
        model.synced_offset = max(model.synced_offset, log.synced_offset)

    def roll(self) -> None:
        """Begin a new segment."""
        self._log()[1].roll()

    def truncate(self) -> None:
        """Drop the last batches, or everything."""
        model, log = self._log()
        if (model.topic, model.index) == OFFSETS or not model.batches:
            return
        model.truncating_to = self.random.choice(model.batches[-4:]).base_offset
        if model.truncating_to < log.log_start_offset:
            model.truncating_to = None
            return
        log.truncate_to(model.truncating_to)
        model.truncate(model.truncating_to)

    def advance_log_start(self) -> None:
        """Delete records; segments go when none of theirs is left."""
        self._advance_log_start(*self._log())

    def _advance_log_start(self, model: LogModel, log: Log) -> None:
        if (model.topic, model.index) != OFFSETS and log.log_end_offset > log.log_start_offset:
            offset = (
                log.log_start_offset + self.random.randrange(log.log_end_offset - log.log_start_offset) + 1
            )
            model.largest_start = max(model.largest_start, offset)
            log.advance_log_start_offset(offset)

    def restart(self) -> None:
        """Stop cleanly and start again."""
        for log in self.broker.logs.values():
            log.close()
        self.broker.directory.close(clean=True)
        for model in self.models:
            model.synced_offset = model.end_offset
        self._restart()

    def be_killed(self) -> None:
        """Start again with all that was written."""
        self.file_system = self.file_system.process_kill()
        self._restart()

    def lose_power(self) -> None:
        """Start again with what the disk kept."""
        self.file_system = self.file_system.power_loss(self.random)
        self.power_lost = True
        self._restart()

    def _restart(self) -> None:
        self._generation += 1
        self._start()
        for model, log in self.broker.logs.items():
            model.check(log, self.power_lost)
            model.adopt(log)
        self.power_lost = False


CRASHING_STEPS = 0.08
STEPS: tuple[tuple[Callable[[Workload], None], int], ...] = (
    (Workload.append, 40),
    (Workload.repeat, 4),
    (Workload.sync, 12),
    (Workload.checkpoint, 6),
    (Workload.write_checkpoints, 2),
    (Workload.roll, 4),
    (Workload.truncate, 3),
    (Workload.advance_log_start, 5),
    (Workload.create, 5),
    (Workload.delete, 2),
    (Workload.restart, 2),
    (Workload.be_killed, 2),
    (Workload.lose_power, 3),
)
