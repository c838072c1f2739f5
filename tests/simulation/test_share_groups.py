"""Thousands of histories of a share partition (KIP-932), each from a seed that its failure names; and faults
put into the machine one at a time, every one of which has to be found.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from odradek.broker.share import acknowledging, acquiring, share_partition, state_shard
from odradek.broker.share.events import Change
from odradek.broker.share.in_flight import Delivery
from odradek.broker.share.share_partition import SharePartition
from odradek.broker.share.state_batches import StateBatch
from odradek.broker.share.states import RecordState

from .share_world import ShareWorld

HISTORIES, STEPS = 400, 60
FAULTY_HISTORIES = 150


def live(seed: int) -> None:
    """One history; its failure names the seed."""
    try:
        ShareWorld(seed).run(STEPS)
    except Exception as problem:
        raise AssertionError(f"seed {seed}: {problem}") from problem


@pytest.mark.parametrize("first", range(0, HISTORIES, 100))
def test_histories(first: int) -> None:
    """No record is with two members, none is skipped, counts are exact, each ends; restarts know what was
    stored.
    """
    for seed in range(first, first + 100):
        live(seed)


def _acquire_without_counting(self: Delivery, member_id: str, deadline_ms: float) -> None:
    self.state, self.member_id, self.lock_deadline_ms = RecordState.ACQUIRED, member_id, deadline_ms


def _let_go_for_ever(self: Delivery, state: RecordState, config: Any) -> None:  # noqa: ARG001
    self.state, self.member_id = state, ""


def _settle_always(self: Delivery, stored: bool, config: Any, now_ms: float) -> None:  # noqa: ARG001
    self.before, self.lock_deadline_ms = None, float("inf")


def _advance_too_far(self: SharePartition) -> None:
    if self.batches and any(delivery.is_done for *_, delivery in self.batches[0].deliveries()):
        self.start_offset = self.batches[0].last_offset + 1
        del self.batches[0]


def _combine_nothing(batches: Any, start_offset: int) -> Any:  # noqa: ARG001
    return tuple(dict.fromkeys(batches))[:1]


def _take_in_nothing(self: Any, update: Any) -> Any:
    return self.snapshot._replace(start_offset=update.start_offset)


def _reject_at_once(self: Delivery, config: Any) -> None:
    self.begin(RecordState.ARCHIVED, config)


def _bury_in_memory(self: SharePartition, letters: Any) -> Change:
    (letter,) = letters
    self.archive(letter.first_offset, letter.last_offset + 1, RecordState.ARCHIVING)
    return Change(self.start_offset, self.delivery_complete_count, ())


def _bury_elsewhere(self: SharePartition, letters: Any) -> Change:
    (letter,) = letters
    done = StateBatch(letter.first_offset, letter.last_offset, RecordState.ARCHIVED, letter.delivery_count)
    return Change(self.start_offset, self.delivery_complete_count, (done,))


def _send_always(self: SharePartition, change: Change, stored: bool, now_ms: float) -> Any:
    _settle(self, change, stored, now_ms)
    return change.letters


def _nothing(*_: Any) -> None:
    """Leave it out."""


def _all_redundant(self: Any) -> int:
    newest_offset: int = self._newest_offset
    return newest_offset


def _no_pending(*_: Any) -> list[Any]:
    return []


def _unfiltered(partition: Any, found: Any, read: Any) -> Any:  # noqa: ARG001
    return found


def _first_free_only(self: SharePartition) -> int:
    return self.end_offset


def _all_room(partition: Any, wanted: Any, fetch_offset: int, last_offset: int) -> tuple[int, int]:  # noqa: ARG001
    return last_offset, 10**6


_settle = SharePartition.settle

FAULTS: dict[str, tuple[Any, str, Any]] = {
    "deliveries are not counted": (Delivery, "acquire", _acquire_without_counting),
    "the limit of deliveries is forgotten": (Delivery, "let_go", _let_go_for_ever),
    "what could not be stored holds": (Delivery, "settle", _settle_always),
    "what is rejected never comes into the queue": (Delivery, "reject", _reject_at_once),
    "what is on its way when the broker stops is lost": (SharePartition, "left_letters", _no_pending),
    "that the queue is done is not stored": (SharePartition, "bury", _bury_in_memory),
    "that the queue is done is stored only": (SharePartition, "bury", _bury_elsewhere),
    "the queue gets what could not be stored": (SharePartition, "settle", _send_always),
    "locks do not run out": (Delivery, "unlock", _nothing),
    "the start goes too far": (SharePartition, "advance", _advance_too_far),
    "the start stays": (SharePartition, "advance", _nothing),
    "free records are not looked for": (SharePartition, "next_fetch_offset", property(_first_free_only)),
    "others' batches are taken": (acknowledging._Acknowledging, "_check_whole", _nothing),
    "others' records are taken": (acknowledging._Acknowledging, "_check_one", _nothing),
    "who leaves keeps its records": (acknowledging, "release", _no_pending),
    "aborted records are delivered": (acquiring, "_without_aborted", _unfiltered),
    "counted records are not counted": (acquiring, "_limits", _all_room),
    "stored batches are lost when loading": (share_partition, "combine", _combine_nothing),
    "stored batches are lost when written": (state_shard, "combine", _combine_nothing),
    "updates count as redundant": (state_shard.StateShard, "redundant_offset", property(_all_redundant)),
    "updates are not taken in": (state_shard.StoredState, "_merged", _take_in_nothing),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_found(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Some history fails with it."""
    owner, name, replacement = FAULTS[fault]
    monkeypatch.setattr(owner, name, replacement)
    with pytest.raises(AssertionError, match="seed"):
        _try(live)


def _try(history: Callable[[int], None]) -> None:
    for seed in range(FAULTY_HISTORIES):
        history(seed)
