"""Histories of members around one share group (KIP-932), and faults that the histories must find. What they
read is in test_share_groups.py.

`ODRADEK_SEED=n pytest tests/simulation/test_share_group_members.py` plays from the seed that a failure has
named.
"""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from typing import Any

import pytest

from odradek.broker.groups.shard import Shard
from odradek.broker.groups.share import heartbeat
from odradek.broker.groups.share.assignor import assign
from odradek.broker.groups.share.group import ShareGroup
from odradek.broker.groups.share.records import ShareCurrent, ShareGroupEpoch, ShareKind, ShareMemberMetadata

from .histories import assert_found, play
from .share_group_model import ShareGroupWorld

HISTORIES = 200
MUTANT_HISTORIES = 400


def test_every_history_keeps_the_invariants() -> None:
    """Members know what they are to read, and nothing without a state is read; all comes to rest with every
    partition read and nobody with more than its share; epochs do not go back, restarts and compaction lose
    nothing, and whoever deletes the group learns of every state.
    """
    play(lambda seed: ShareGroupWorld(seed).run(), HISTORIES)


def test_a_history_is_a_function_of_its_seed() -> None:
    """The same seed gives the same log, record for record."""
    for seed in range(5):
        assert ShareGroupWorld(seed).run().log == ShareGroupWorld(seed).run().log


@pytest.mark.parametrize("seed", [1292])
def test_histories_that_once_failed(seed: int) -> None:
    """The coordinator forgets with its last record that a topic is gone, which has come again: its states
    were looked for with every heartbeat, and found with nobody.
    """
    ShareGroupWorld(seed).run()


@pytest.mark.long
def test_many_more_histories_keep_the_invariants() -> None:
    """The same for twenty thousand histories."""
    play(lambda seed: ShareGroupWorld(seed).run(), 20_000)


# Mutants: each puts one fault into the machines; the histories must find every one of them.

Mutate = Callable[[pytest.MonkeyPatch], None]


def sessions_never_end(patch: pytest.MonkeyPatch) -> None:
    """A dead member stays for ever."""
    touch = ShareGroup.touch

    def mutant(self: ShareGroup, member_id: str, now: Any) -> None:
        touch(self, member_id, now._replace(monotonic_ms=now.monotonic_ms + 1e9))

    patch.setattr(ShareGroup, "touch", mutant)


def sessions_end_although_members_live(patch: pytest.MonkeyPatch) -> None:
    """A heartbeat does not count as a sign of life."""
    touch = ShareGroup.touch

    def mutant(self: ShareGroup, member_id: str, now: Any) -> None:
        if member_id not in self.sessions:
            touch(self, member_id, now)

    patch.setattr(ShareGroup, "touch", mutant)


def leaving_keeps_the_epoch(patch: pytest.MonkeyPatch) -> None:
    """What a member read that is gone is nobody's."""
    fence = heartbeat._fence

    def mutant(group: Any, member: Any, topics: Any, effects: Any) -> None:
        fence(group, member, topics, effects)
        effects.records[:] = [r for r in effects.records if not isinstance(r, ShareGroupEpoch)]

    patch.setattr(heartbeat, "_fence", mutant)


def changed_topics_are_not_noticed(patch: pytest.MonkeyPatch) -> None:
    """A topic that grows keeps its new partitions for itself."""
    patch.setattr(Shard, "refresh_topics", lambda *_: None)


def a_lost_epoch_record_is_not_written_again(patch: pytest.MonkeyPatch) -> None:
    """After an append that failed, the change that it was about is forgotten."""
    patch.setattr(heartbeat, "forget_topics", lambda _: None)


def the_group_may_be_too_large(patch: pytest.MonkeyPatch) -> None:
    """Nobody is turned away."""
    member = heartbeat._member
    patch.setattr(heartbeat, "_member", lambda group, request, _: member(group, request, 10**6))


def members_that_are_gone_want_topics(patch: pytest.MonkeyPatch) -> None:
    """The topics of somebody who has left count as wanted."""

    def mutant(self: ShareGroup, old: Any, new: Any) -> Any:
        return original(self, None if new is None else old, new)

    original = ShareGroup.topics_after
    patch.setattr(ShareGroup, "topics_after", mutant)


def _assigns_otherwise(patch: pytest.MonkeyPatch, change: Callable[[str, frozenset[int]], Any]) -> None:
    def mutant(members: Any, partitions: Any) -> Any:
        return {
            member_id: {topic_id: change(member_id, mine) for topic_id, mine in topics.items()}
            for member_id, topics in assign(members, partitions).items()
        }

    patch.setattr(heartbeat, "assign", mutant)


def assignment_leaves_one_out(patch: pytest.MonkeyPatch) -> None:
    """The first partition of every topic is nobody's."""
    _assigns_otherwise(patch, lambda _, mine: mine - {0})


def assignment_is_uneven(patch: pytest.MonkeyPatch) -> None:
    """One member reads the first partition of every topic beside the others."""
    _assigns_otherwise(patch, lambda member_id, mine: mine | {0} if member_id == "c0-id" else mine)


def partitions_without_a_state_are_assigned(patch: pytest.MonkeyPatch) -> None:
    """Members read before the share coordinator knows where."""

    def mutant(initialized: Any, topics: Any) -> Any:  # noqa: ARG001
        known = filter(None, map(topics.get, topics.names()))
        return {topic.topic_id: frozenset(range(topic.partition_count)) for topic in known}

    patch.setattr(heartbeat, "_readable", mutant)


def new_states_are_not_noticed(patch: pytest.MonkeyPatch) -> None:
    """A partition that gets its state late is nobody's."""
    patch.setattr(heartbeat, "_has_unassigned", lambda *_: False)


def every_heartbeat_begins_an_epoch(patch: pytest.MonkeyPatch) -> None:
    """The group never comes to rest."""
    patch.setattr(heartbeat, "_has_unassigned", lambda *_: True)


def states_are_not_asked_for(patch: pytest.MonkeyPatch) -> None:
    """The share coordinator hears of nothing."""
    patch.setattr(heartbeat, "_ask_for_state", lambda *_: None)


def states_are_asked_for_once(patch: pytest.MonkeyPatch) -> None:
    """An answer of the share coordinator that does not come is awaited for ever."""

    def mutant(self: ShareGroup, record: Any, _: Any) -> None:
        self.asked_ms = dict.fromkeys(record.initializing, 1 << 60)
        self.state = record
        self.has_state_record = True

    patch.setattr(ShareGroup, "_note_state", mutant)


def states_are_made_again(patch: pytest.MonkeyPatch) -> None:
    """Partitions whose state is there count as without."""
    patch.setattr(heartbeat, "inf", -inf)


def answers_do_not_repeat_assignments(patch: pytest.MonkeyPatch) -> None:
    """A member whose answer was lost is not told again what it has."""
    beat = heartbeat.beat

    def mutant(group: Any, request: Any, *rest: Any) -> Any:
        before = group.members.get(request.member_id)
        reply = beat(group, request, *rest)
        knows = before is not None and before.assigned == reply.assignment
        return reply._replace(assignment=None) if knows else reply

    patch.setattr(heartbeat, "beat", mutant)


def new_assignments_are_not_told(patch: pytest.MonkeyPatch) -> None:
    """A member learns what it is to read only when it asks."""
    beat = heartbeat.beat

    def mutant(group: Any, request: Any, *rest: Any) -> Any:
        reply = beat(group, request, *rest)
        return reply if request.topic_names is not None else reply._replace(assignment=None)

    patch.setattr(heartbeat, "beat", mutant)


def unwanted_topics_are_read(patch: pytest.MonkeyPatch) -> None:
    """What a member wants is forgotten when it says so the second time."""
    put = ShareGroup._put

    def mutant(self: ShareGroup, record: ShareMemberMetadata, now: Any) -> None:
        known = self.members.get(record.member_id)
        if known is not None and known.topic_names:
            record = record._replace(subscribed_topic_names=tuple(sorted(known.topic_names)))
        put(self, record, now)

    patch.setattr(ShareGroup, "_put", mutant)


def steps_are_not_stored(patch: pytest.MonkeyPatch) -> None:
    """A member's way lives in memory only, so that a restart does not know what it knew."""
    beat = heartbeat.beat

    def mutant(group: Any, request: Any, settings: Any, now: Any, effects: Any) -> Any:
        reply = beat(group, request, settings, now, effects)
        for record in [r for r in effects.records if isinstance(r, ShareCurrent)]:
            if record.member_epoch > 2 and len(effects.records) == 1:
                effects.records.remove(record)
                group.replay(record, now)
        return reply

    patch.setattr(heartbeat, "beat", mutant)


def targets_outlive_members(patch: pytest.MonkeyPatch) -> None:
    """What somebody was to read stays when it has gone."""
    remove = ShareGroup._remove

    def mutant(self: ShareGroup, record: Any) -> None:
        if record.kind is not ShareKind.TARGET:
            remove(self, record)

    patch.setattr(ShareGroup, "_remove", mutant)


MUTANTS: list[Mutate] = [
    sessions_never_end,
    sessions_end_although_members_live,
    leaving_keeps_the_epoch,
    changed_topics_are_not_noticed,
    the_group_may_be_too_large,
    members_that_are_gone_want_topics,
    assignment_leaves_one_out,
    assignment_is_uneven,
    partitions_without_a_state_are_assigned,
    new_states_are_not_noticed,
    every_heartbeat_begins_an_epoch,
    states_are_not_asked_for,
    states_are_asked_for_once,
    states_are_made_again,
    answers_do_not_repeat_assignments,
    new_assignments_are_not_told,
    unwanted_topics_are_read,
    steps_are_not_stored,
    targets_outlive_members,
]


@pytest.mark.parametrize("mutate", MUTANTS, ids=lambda mutate: str(mutate.__name__))
def test_the_histories_find_a_fault(mutate: Mutate, monkeypatch: pytest.MonkeyPatch) -> None:
    """The checks can fail: with this fault in the machines, some history ends in a violation."""
    mutate(monkeypatch)
    assert_found(lambda seed: ShareGroupWorld(seed).run(), MUTANT_HISTORIES, mutate)


def test_the_histories_find_what_is_lost_with_an_append(monkeypatch: pytest.MonkeyPatch) -> None:
    """So do histories in which many appends fail."""
    a_lost_epoch_record_is_not_written_again(monkeypatch)
    assert_found(
        lambda seed: ShareGroupWorld(seed, 0.3).run(),
        MUTANT_HISTORIES,
        a_lost_epoch_record_is_not_written_again,
    )
