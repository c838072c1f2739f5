"""The pure state of one partition of `__share_group_state`: how far share groups have come in partitions.

Every request is a method that fills Effects: it is answered with a value, or with a Failure and nothing
written. A state is stored as a snapshot and the updates that follow it; when there have been enough updates,
the next write is a snapshot again.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from math import inf
from typing import Any, NamedTuple

from ...protocol.errors import ErrorCode
from ..effects import Effects, Failure, Instant
from .state_batches import StateBatch, combine
from .state_records import (
    NO_COUNT,
    NO_EPOCH,
    NO_OFFSET,
    Record,
    SharePartitionKey,
    ShareSnapshot,
    ShareTombstone,
    ShareUpdate,
)

PartitionCount = Callable[[bytes], int | None]


class StateConfig(NamedTuple):
    """The settings of the share coordinator: `updates_per_snapshot` updates follow a snapshot; one that is
    older than `cold_snapshot_interval_ms` is written anew.
    """

    updates_per_snapshot: int = 500
    cold_snapshot_interval_ms: int = 300_000


class StateSummary(NamedTuple):
    """What a share group needs to know of a partition to tell its lag."""

    state_epoch: int = 0
    leader_epoch: int = 0
    start_offset: int = NO_OFFSET
    delivery_complete_count: int = NO_COUNT


class StateWrite(NamedTuple):
    """One WriteShareGroupState for a partition; a start offset of -1 is as it was."""

    state_epoch: int
    leader_epoch: int
    start_offset: int
    delivery_complete_count: int
    batches: tuple[StateBatch, ...]


class StoredState:
    """What is stored of a share group and a partition: `snapshot` with all `updates` since taken in.

    `newest_leader_epoch` and `newest_state_epoch` are the largest that were ever seen: older ones are fenced.
    `snapshot_offset` is where the newest snapshot lies in the log: nothing before it is needed.
    """

    wake_ms = inf

    def __init__(self, snapshot: ShareSnapshot, offset: int) -> None:
        self.snapshot = snapshot
        self.snapshot_offset = offset
        self.updates = 0
        self.newest_leader_epoch = snapshot.leader_epoch
        self.newest_state_epoch = snapshot.state_epoch

    def replay(self, record: ShareSnapshot | ShareUpdate, offset: int, updates_per_snapshot: int) -> None:
        """Take over one record of the log."""
        self.newest_leader_epoch = max(self.newest_leader_epoch, record.leader_epoch)
        if isinstance(record, ShareUpdate):
            self.snapshot = self._merged(record)
            self.updates += 1
            return
        self.newest_state_epoch = max(self.newest_state_epoch, record.state_epoch)
        self.snapshot, self.snapshot_offset = record, offset
        if self.updates >= updates_per_snapshot:
            self.updates = 0

    def _merged(self, update: ShareUpdate) -> ShareSnapshot:
        known = self.snapshot
        start_offset = known.start_offset if update.start_offset == NO_OFFSET else update.start_offset
        return known._replace(
            leader_epoch=known.leader_epoch if update.leader_epoch == NO_EPOCH else update.leader_epoch,
            start_offset=start_offset,
            delivery_complete_count=update.delivery_complete_count,
            batches=combine((*known.batches, *update.batches), start_offset),
        )


class StateShard:
    """The states of one partition. `partition_count` is that of the topic with an id; None without."""

    def __init__(self, config: StateConfig, partition_count: PartitionCount) -> None:
        self.config = config
        self.states: dict[str, StoredState] = {}
        self._partition_count = partition_count
        self._newest_offset = 0

    @property
    def redundant_offset(self) -> int:
        """Everything in the log before this offset is said again by what follows, or is of no use."""
        offsets = (state.snapshot_offset for state in self.states.values())
        return min(offsets, default=self._newest_offset)

    @property
    def machines(self) -> Mapping[str, StoredState]:
        """The states, by the text of their key."""
        return self.states

    # Hard state

    def replay(self, record: Record, now: Instant, offset: int = -1, producer_id: int = -1) -> None:  # noqa: ARG002
        """Take over one record of the log, when loading and when running alike."""
        self._newest_offset = offset
        name = str(record.key)
        known = self.states.get(name)
        if isinstance(record, ShareTombstone):
            self.states.pop(name, None)
        elif known is not None:
            known.replay(record, offset, self.config.updates_per_snapshot)
        elif isinstance(record, ShareSnapshot):
            self.states[name] = StoredState(record, offset)

    def replay_marker(self, producer_id: int, committed: bool) -> None:
        """`__share_group_state` is in no transaction."""

    def on_loaded(self, now: Instant, effects: Effects) -> None:
        """Nothing was left unfinished: each record stands for itself."""

    def unload(self, now: Instant, effects: Effects) -> None:  # noqa: ARG002
        """The coordinator goes away. Nobody waits for it, and nothing that is stored is redundant."""
        self.states.clear()
        self._newest_offset = 0

    def expire(self, key: str, now: Instant, effects: Effects) -> None:
        """A state has no deadlines."""

    # Requests

    def initialize(
        self,
        key: SharePartitionKey,
        state_epoch: int,
        start_offset: int,
        token: Any,
        now: Instant,
        effects: Effects,
    ) -> None:
        """InitializeShareGroupState: answered with NONE or a Failure."""
        known = self.states.get(str(key))
        refused = (
            _malformed(key, state_epoch=state_epoch)
            or _fenced_state(known, state_epoch)
            or self._unknown(key)
        )
        if refused is not None:
            effects.reply(token, refused)
            return
        effects.records.append(
            ShareSnapshot(
                key,
                0 if known is None else known.snapshot.snapshot_epoch + 1,
                state_epoch,
                0,
                start_offset,
                NO_COUNT if start_offset == NO_OFFSET else 0,
                now.wall_ms,
                now.wall_ms,
                (),
            )
        )
        effects.reply(token, ErrorCode.NONE)

    def read(
        self, key: SharePartitionKey, leader_epoch: int, token: Any, now: Instant, effects: Effects
    ) -> None:
        """ReadShareGroupState: answered with a ShareSnapshot or a Failure. A newer leader epoch is stored."""
        known = self.states.get(str(key))
        refused = _malformed(key, leader_epoch=leader_epoch)
        if refused is None and known is None:
            refused = _uninitialized("Read")
        refused = refused or _fenced_leader(known, leader_epoch) or self._unknown(key)
        if refused is not None or known is None:
            effects.reply(token, refused)
            return
        if leader_epoch != known.newest_leader_epoch:
            snapshot = known.snapshot
            same = StateWrite(
                snapshot.state_epoch,
                leader_epoch,
                snapshot.start_offset,
                snapshot.delivery_complete_count,
                (),
            )
            effects.records.append(self._written(known, same, leader_epoch, now))
        effects.reply(token, known.snapshot)

    def write(
        self, key: SharePartitionKey, write: StateWrite, token: Any, now: Instant, effects: Effects
    ) -> None:
        """WriteShareGroupState: answered with NONE or a Failure."""
        known = self.states.get(str(key))
        refused = _malformed(key, leader_epoch=write.leader_epoch, state_epoch=write.state_epoch)
        if refused is None and known is None:
            refused = _uninitialized("Write")
        refused = (
            refused
            or _fenced_leader(known, write.leader_epoch)
            or _fenced_state(known, write.state_epoch)
            or self._unknown(key)
        )
        if refused is not None or known is None:
            effects.reply(token, refused)
            return
        effects.records.append(self._written(known, write, known.snapshot.leader_epoch, now))
        effects.reply(token, ErrorCode.NONE)

    def delete(self, key: SharePartitionKey, token: Any, effects: Effects) -> None:
        """DeleteShareGroupState: answered with NONE or a Failure. What is not there is deleted."""
        refused = _malformed(key) or self._unknown(key)
        if refused is None and str(key) in self.states:
            effects.records.append(ShareTombstone(key))
        effects.reply(token, refused or ErrorCode.NONE)

    def read_summary(self, key: SharePartitionKey, token: Any, effects: Effects) -> None:
        """ReadShareGroupStateSummary: answered with a StateSummary or a Failure."""
        refused = _malformed(key) or self._unknown(key)
        known = self.states.get(str(key))
        summary = StateSummary()
        if known is not None:
            snapshot = known.snapshot
            summary = StateSummary(
                snapshot.state_epoch,
                snapshot.leader_epoch,
                snapshot.start_offset,
                snapshot.delivery_complete_count,
            )
        effects.reply(token, refused or summary)

    # Events of the broker's own

    def drop_topics(self, topic_ids: Collection[bytes], effects: Effects) -> None:
        """These topics are gone, and what is stored of them is of no use."""
        for state in self.states.values():
            if state.snapshot.key.topic_id in topic_ids:
                effects.records.append(ShareTombstone(state.snapshot.key))

    def snapshot_cold(self, now: Instant, effects: Effects) -> None:
        """Write the states anew that were last written long ago, unless that has been done for all."""
        snapshots = [state.snapshot for state in self.states.values()]
        if all(each.create_timestamp_ms != each.write_timestamp_ms for each in snapshots):
            return
        for each in snapshots:
            if now.wall_ms - each.write_timestamp_ms >= self.config.cold_snapshot_interval_ms:
                again = each._replace(snapshot_epoch=each.snapshot_epoch + 1, write_timestamp_ms=now.wall_ms)
                effects.records.append(again)

    # Helpers

    def _written(
        self, known: StoredState, write: StateWrite, leader_epoch: int, now: Instant
    ) -> ShareSnapshot | ShareUpdate:
        snapshot = known.snapshot
        start_offset, count = _reached(snapshot, write)
        if known.updates < self.config.updates_per_snapshot:
            return ShareUpdate(
                snapshot.key,
                snapshot.snapshot_epoch,
                leader_epoch,
                start_offset,
                count,
                combine(write.batches, start_offset),
            )
        return ShareSnapshot(
            snapshot.key,
            snapshot.snapshot_epoch + 1,
            snapshot.state_epoch,
            leader_epoch,
            start_offset,
            count,
            now.wall_ms,
            now.wall_ms,
            combine((*snapshot.batches, *write.batches), start_offset),
        )

    def _unknown(self, key: SharePartitionKey) -> Failure | None:
        count = self._partition_count(key.topic_id)
        if count is None or key.partition >= count:
            return _plain(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
        return None


def _reached(known: ShareSnapshot, write: StateWrite) -> tuple[int, int]:
    """The start offset and the deliveries that are complete after it: a write that comes late takes neither
    back.
    """
    if write.start_offset > known.start_offset:
        return write.start_offset, write.delivery_complete_count
    if write.start_offset < known.start_offset:
        return known.start_offset, known.delivery_complete_count
    return known.start_offset, max(known.delivery_complete_count, write.delivery_complete_count)


def _malformed(key: SharePartitionKey, *, leader_epoch: int = 0, state_epoch: int = 0) -> Failure | None:
    numbers = {"partition id": key.partition, "leader epoch": leader_epoch, "state epoch": state_epoch}
    for name, number in numbers.items():
        if number < 0:
            return Failure(ErrorCode.INVALID_REQUEST, f"The {name} cannot be a negative number.")
    return None


def _plain(error: ErrorCode) -> Failure:
    return Failure(error, error.message)


def _uninitialized(operation: str) -> Failure:
    return Failure(
        ErrorCode.INVALID_REQUEST, f"{operation} operation on uninitialized share partition not allowed."
    )


def _fenced_leader(known: StoredState | None, leader_epoch: int) -> Failure | None:
    if known is None or leader_epoch >= known.newest_leader_epoch:
        return None
    return _plain(ErrorCode.FENCED_LEADER_EPOCH)


def _fenced_state(known: StoredState | None, state_epoch: int) -> Failure | None:
    if known is None or state_epoch >= known.newest_state_epoch:
        return None
    return _plain(ErrorCode.FENCED_STATE_EPOCH)
