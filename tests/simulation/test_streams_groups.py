"""Histories of the threads of a Kafka Streams program around one group of KIP-1071, and faults that the
histories must find.

`ODRADEK_SEED=n pytest tests/simulation/test_streams_groups.py` plays from the seed that a failure has named.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from odradek.broker.groups import offsets
from odradek.broker.groups.membership import STATIC_LEAVE_EPOCH
from odradek.broker.groups.shard import Shard
from odradek.broker.groups.streams import heartbeat, leaving, sticky_assignor
from odradek.broker.groups.streams.deadlines import Deadlines
from odradek.broker.groups.streams.group import StreamsGroup
from odradek.broker.groups.streams.reconciliation import Reconciliation
from odradek.broker.groups.streams.records import StreamsCurrent, StreamsGroupEpoch
from odradek.broker.groups.streams.tasks import TaskSets

from .histories import assert_found, play
from .streams_group_model import StreamsWorld

HISTORIES = 200
MUTANT_HISTORIES = 400


def test_every_history_keeps_the_invariants() -> None:
    """No task is run twice, no state of a process is opened twice, all comes to rest with every task run and
    replicated, offsets do not go back, and restarts and compaction lose nothing.
    """
    play(lambda seed: StreamsWorld(seed).run(), HISTORIES)


def test_a_history_is_a_function_of_its_seed() -> None:
    """The same seed gives the same log, record for record."""
    for seed in range(5):
        assert StreamsWorld(seed).run().log == StreamsWorld(seed).run().log


@pytest.mark.long
def test_many_more_histories_keep_the_invariants() -> None:
    """The same for twenty thousand histories."""
    play(lambda seed: StreamsWorld(seed).run(), 20_000)


# Mutants: each puts one fault into the machines; the histories must find every one of them.

Mutate = Callable[[pytest.MonkeyPatch], None]


def running_tasks_count_as_free(patch: pytest.MonkeyPatch) -> None:
    """A member gets active tasks that others have not given up yet."""
    patch.setattr(Reconciliation, "_is_active_taken", lambda *_: False)


def states_of_a_process_count_as_free(patch: pytest.MonkeyPatch) -> None:
    """A member gets a standby whose state another thread of its process has open."""
    patch.setattr(Reconciliation, "_is_standby_taken", lambda *_: False)


def replicas_of_a_process_are_overlooked(patch: pytest.MonkeyPatch) -> None:
    """A member gets an active task while another thread of its process has a replica of it."""
    patch.setattr(Reconciliation, "_is_standby_of_another", lambda *_: False)


def revocation_is_not_awaited(patch: pytest.MonkeyPatch) -> None:
    """What a member is to give up counts as given up at once."""
    patch.setattr(Reconciliation, "_has_any", lambda *_: False)


def revocation_is_awaited_for_ever(patch: pytest.MonkeyPatch) -> None:
    """A member that has given up everything is not believed."""
    patch.setattr(Reconciliation, "_has_any", lambda *_: True)


def sessions_never_end(patch: pytest.MonkeyPatch) -> None:
    """A dead member stays for ever."""
    patch.setattr(Deadlines, "live_until", lambda *_: None)


def rebalances_never_time_out(patch: pytest.MonkeyPatch) -> None:
    """A member that lives and gives up nothing holds up others."""
    patch.setattr(Deadlines, "give_up_by", lambda *_: None)


def anybody_commits(patch: pytest.MonkeyPatch) -> None:
    """A commit is not checked for membership and epoch."""
    patch.setattr(offsets, "check_streams_commit", lambda *_: None)


def leaving_keeps_the_epoch(patch: pytest.MonkeyPatch) -> None:
    """The tasks of a member that left are nobody's."""
    fence = leaving.fence

    def mutant(group: Any, member: Any, effects: Any) -> None:
        fence(group, member, effects)
        effects.records[:] = [r for r in effects.records if not isinstance(r, StreamsGroupEpoch)]

    patch.setattr(leaving, "fence", mutant)


def changed_topics_are_not_noticed(patch: pytest.MonkeyPatch) -> None:
    """A topic that grows keeps its new partitions for itself."""
    patch.setattr(Shard, "refresh_topics", lambda *_: None)


def internal_topics_are_not_made(patch: pytest.MonkeyPatch) -> None:
    """The group waits for topics for ever."""
    patch.setattr(heartbeat, "MakeTopics", lambda group_id, _: MakeNothing(group_id))


class MakeNothing:
    """An order without topics."""

    topics = ()

    def __init__(self, group_id: str) -> None:
        self.group_id = group_id


def _assigns_otherwise(patch: pytest.MonkeyPatch, change: Callable[[TaskSets], TaskSets]) -> None:
    assign = sticky_assignor.assign

    def mutant(problem: Any) -> dict[str, TaskSets]:
        return {member_id: change(tasks) for member_id, tasks in assign(problem).items()}

    patch.setattr(sticky_assignor, "assign", mutant)


def assignment_leaves_one_out(patch: pytest.MonkeyPatch) -> None:
    """One task is nobody's."""
    _assigns_otherwise(patch, lambda tasks: tasks._replace(active=tasks.active - {("2", 3)}))


def assignment_gives_one_to_all(patch: pytest.MonkeyPatch) -> None:
    """One task is everybody's."""
    _assigns_otherwise(patch, lambda tasks: tasks._replace(active=tasks.active | {("2", 0)}))


def assignment_forgets_standbys(patch: pytest.MonkeyPatch) -> None:
    """No task has a replica."""
    _assigns_otherwise(patch, lambda tasks: TaskSets(tasks.active))


def instance_ids_go_over_at_once(patch: pytest.MonkeyPatch) -> None:
    """A second process takes over the instance id of one that is still there."""
    static_member = StreamsGroup.static_member

    def mutant(self: StreamsGroup, instance_id: str | None) -> Any:
        member = static_member(self, instance_id)
        return None if member is None else member._replace(member_epoch=STATIC_LEAVE_EPOCH)

    patch.setattr(StreamsGroup, "static_member", mutant)


def answers_do_not_repeat_tasks(patch: pytest.MonkeyPatch) -> None:
    """A member is told of its tasks only when it joins."""
    reply = heartbeat._reply

    def mutant(update: Any, request: Any, reached: Any) -> Any:
        answer = reply(update, request, reached)
        return answer if request.member_epoch == 0 else answer._replace(tasks=None)

    patch.setattr(heartbeat, "_reply", mutant)


def steps_are_not_stored(patch: pytest.MonkeyPatch) -> None:
    """A member's way lives in memory only, so that a restart does not know what it knew."""
    event = Shard.streams_heartbeat

    def mutant(self: Shard, request: Any, token: Any, now: Any, effects: Any) -> None:
        event(self, request, token, now, effects)
        for record in [r for r in effects.records if isinstance(r, StreamsCurrent)]:
            if record.member_epoch > 2 and len(effects.records) == 1:
                effects.records.remove(record)
                self.replay(record, now)

    patch.setattr(Shard, "streams_heartbeat", mutant)


MUTANTS: list[Mutate] = [
    running_tasks_count_as_free,
    states_of_a_process_count_as_free,
    replicas_of_a_process_are_overlooked,
    revocation_is_not_awaited,
    revocation_is_awaited_for_ever,
    sessions_never_end,
    rebalances_never_time_out,
    anybody_commits,
    leaving_keeps_the_epoch,
    changed_topics_are_not_noticed,
    internal_topics_are_not_made,
    assignment_leaves_one_out,
    assignment_gives_one_to_all,
    assignment_forgets_standbys,
    instance_ids_go_over_at_once,
    answers_do_not_repeat_tasks,
    steps_are_not_stored,
]


@pytest.mark.parametrize("mutate", MUTANTS, ids=lambda mutate: str(mutate.__name__))
def test_the_histories_find_a_fault(mutate: Mutate, monkeypatch: pytest.MonkeyPatch) -> None:
    """The checks can fail: with this fault in the machines, some history ends in a violation."""
    mutate(monkeypatch)
    assert_found(lambda seed: StreamsWorld(seed).run(), MUTANT_HISTORIES, mutate)


def test_the_histories_find_what_is_lost_with_an_append(monkeypatch: pytest.MonkeyPatch) -> None:
    """So do histories in which many appends fail."""

    def a_lost_epoch_is_not_written_again(patch: pytest.MonkeyPatch) -> None:
        """After an append that failed, the change of topics that it was about is forgotten."""
        patch.setattr(StreamsGroup, "forget_topics", lambda _: None)

    a_lost_epoch_is_not_written_again(monkeypatch)
    assert_found(
        lambda seed: StreamsWorld(seed, 0.3).run(),
        MUTANT_HISTORIES,
        a_lost_epoch_is_not_written_again,
    )
