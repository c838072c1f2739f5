"""Thousands of histories of consumers around one classic group, and faults that the histories must find.

`ODRADEK_SEED=n pytest tests/simulation/test_classic_groups.py` plays from the seed that a failure has named.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from odradek.broker.groups import offsets
from odradek.broker.groups.classic import (
    joining,
    leaving,
    rebalance,
    syncing,
)
from odradek.broker.groups.classic.group import ClassicGroup
from odradek.broker.groups.classic.member import Member
from odradek.protocol.errors import ErrorCode

from .classic_group_client import ClassicClient
from .classic_group_model import REST_MS, ClassicWorld
from .client import GROUP
from .histories import assert_found, play

HISTORIES = 2_000
MUTANT_HISTORIES = 600


def test_every_history_keeps_the_invariants() -> None:
    """No partition has two owners in a generation, all comes to rest, offsets do not go back, restarts lose
    nothing.
    """
    play(lambda seed: ClassicWorld(seed).run(), HISTORIES)


def test_a_history_is_a_function_of_its_seed() -> None:
    """The same seed gives the same log, record for record."""
    for seed in range(5):
        assert ClassicWorld(seed).run().log == ClassicWorld(seed).run().log


def test_rest_is_looked_for_when_a_jump_has_taken_effect() -> None:
    """A jump as the last thing that happens ends every session: the world is not at rest before its clients
    have come back, though they and the group still agree at that moment.
    """
    world = ClassicWorld(0)
    world.quiet = True
    one, other, awaited = (ClassicClient(world, name, None) for name in ("one", "other", "awaited"))
    for client, session_ms in ((one, 6_000), (other, 6_000), (awaited, 30_000)):
        client.session_ms, client.rebalance_ms = session_ms, 15_000
    world.clients = [one, other, awaited]
    one.join()
    other.join()
    world.play(30_000)
    awaited.join()
    group = world.shard.groups[GROUP]
    assert isinstance(group, ClassicGroup)
    while not group.pending_members:
        world.play(world.now_ms + 1)
    awaited.crash()
    assert not world.unrest()
    world.now_ms += 7_000
    world.come_to_rest(world.now_ms + REST_MS)


@pytest.mark.parametrize("seed", [322332411058, 322332422885])
def test_histories_that_once_failed(seed: int) -> None:
    """Seeds that the model once took for violations: a jump as the last trouble, and a client that forgets a
    sync that its group has already had.
    """
    ClassicWorld(seed).run()


@pytest.mark.long
def test_many_more_histories_keep_the_invariants() -> None:
    """The same for a hundred times as many histories."""
    play(lambda seed: ClassicWorld(seed).run(), 100 * HISTORIES)


# Mutants: each puts one fault into the machines; the histories must find every one of them.

Mutate = Callable[[pytest.MonkeyPatch], None]


def same_generation_again(patch: pytest.MonkeyPatch) -> None:
    """A rebalance does not make a new generation."""
    begin = rebalance._begin_generation

    def mutant(group: ClassicGroup, *rest: Any) -> None:
        if group.generation_id > 0:
            group.generation_id -= 1
        begin(group, *rest)

    patch.setattr(rebalance, "_begin_generation", mutant)


def anybody_commits(patch: pytest.MonkeyPatch) -> None:
    """A commit is not checked for membership and generation."""
    patch.setattr(offsets, "check_commit", lambda *_: None)


def sessions_never_end(patch: pytest.MonkeyPatch) -> None:
    """A dead member stays for ever."""
    patch.setattr(rebalance, "_expire_one_member", lambda *_: None)


def syncs_never_time_out(patch: pytest.MonkeyPatch) -> None:
    """A leader that lives and never syncs holds everybody up."""

    def mutant(group: ClassicGroup, *_: Any) -> None:
        group.sync_deadline_ms = None

    patch.setattr(rebalance, "_expire_sync", mutant)


def joins_never_time_out(patch: pytest.MonkeyPatch) -> None:
    """A member that lives and never joins holds everybody up."""

    def mutant(group: ClassicGroup, *_: Any) -> None:
        group.join_deadline_ms = None

    patch.setattr(rebalance, "_expire_join", mutant)


def assignments_are_mixed_up(patch: pytest.MonkeyPatch) -> None:
    """A follower that syncs after the leader gets the leader's assignment."""
    original = syncing.sync

    def mutant(group: ClassicGroup, request: Any, *rest: Any) -> None:
        member = group.members.get(request.member_id)
        leader = group.members.get(group.leader_id or "")
        if member is not None and leader is not None and not member.awaiting_sync:
            member.assignment = leader.assignment
        original(group, request, *rest)

    patch.setattr(syncing, "sync", mutant)


def returning_member_loses_its_assignment(patch: pytest.MonkeyPatch) -> None:
    """A static member that comes back under a new id owns nothing."""
    store = joining.Join._store_return

    def mutant(self: Any, old: Member, new: Member) -> None:
        new.assignment = b""
        store(self, old, new)

    patch.setattr(joining.Join, "_store_return", mutant)


def old_static_member_is_not_fenced(patch: pytest.MonkeyPatch) -> None:
    """The old process of a static member goes on beside the new one."""
    check = ClassicGroup.check_member

    def mutant(self: ClassicGroup, member_id: str, instance_id: str | None) -> Member:
        current = self.static_members.get(instance_id or "")
        return check(self, current or member_id, instance_id)

    patch.setattr(ClassicGroup, "check_member", mutant)


def creation_wipes_the_first_member(patch: pytest.MonkeyPatch) -> None:
    """Replaying the record that creates a group forgets who is joining."""

    def mutant(self: ClassicGroup, record: Any) -> None:
        self.stored = record
        self._settle(record)

    patch.setattr(ClassicGroup, "replay", mutant)


def assignment_is_not_stored(patch: pytest.MonkeyPatch) -> None:
    """The machine turns stable on its own, so that a restart does not know what it knew."""
    store = syncing._store_assignment

    def mutant(group: ClassicGroup, request: Any, now: Any, effects: Any) -> None:
        store(group, request, now, effects)
        for record in effects.records:
            group.replay(record)
        effects.records.clear()

    patch.setattr(syncing, "_store_assignment", mutant)


def offsets_live_in_memory_only(patch: pytest.MonkeyPatch) -> None:
    """A commit is answered without being written."""
    commit = offsets.commit

    def mutant(group: Any, request: Any, limit: int, now: Any, effects: Any) -> Any:
        errors = commit(group, request, limit, now, effects)
        if len(effects.records) == 1 and request.partitions[0].offset % 3 == 0:
            effects.records.clear()
        return errors

    patch.setattr(offsets, "commit", mutant)


def leaving_does_not_rebalance(patch: pytest.MonkeyPatch) -> None:
    """The partitions of a member that left are nobody's."""
    patch.setattr(leaving, "rebalance_or_complete_join", lambda *_: None)


def heartbeats_say_all_is_well(patch: pytest.MonkeyPatch) -> None:
    """Members are not told of a rebalance, and are put out for not joining it."""
    beat = syncing.heartbeat

    def mutant(*arguments: Any) -> ErrorCode:
        error = beat(*arguments)
        return ErrorCode.NONE if error is ErrorCode.REBALANCE_IN_PROGRESS else error

    patch.setattr(syncing, "heartbeat", mutant)


def restart_forgets_members(patch: pytest.MonkeyPatch) -> None:
    """Members do not keep their place over a restart."""
    settle = ClassicGroup._settle

    def mutant(self: ClassicGroup, record: Any) -> None:
        known = bool(self.members) or not record.members
        settle(self, record if known else record._replace(members=record.members[1:]))

    patch.setattr(ClassicGroup, "_settle", mutant)


MUTANTS: list[Mutate] = [
    same_generation_again,
    anybody_commits,
    sessions_never_end,
    syncs_never_time_out,
    joins_never_time_out,
    assignments_are_mixed_up,
    returning_member_loses_its_assignment,
    old_static_member_is_not_fenced,
    creation_wipes_the_first_member,
    assignment_is_not_stored,
    offsets_live_in_memory_only,
    leaving_does_not_rebalance,
    heartbeats_say_all_is_well,
    restart_forgets_members,
]


@pytest.mark.parametrize("mutate", MUTANTS, ids=lambda mutate: str(mutate.__name__))
def test_the_histories_find_a_fault(mutate: Mutate, monkeypatch: pytest.MonkeyPatch) -> None:
    """The checks can fail: with this fault in the machines, some history ends in a violation."""
    mutate(monkeypatch)
    assert_found(lambda seed: ClassicWorld(seed).run(), MUTANT_HISTORIES, mutate)
