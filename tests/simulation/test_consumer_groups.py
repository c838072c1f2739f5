"""Histories of consumers around one group of KIP-848, and faults that the histories must find.

`ODRADEK_SEED=n pytest tests/simulation/test_consumer_groups.py` plays from the seed that a failure has named.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from odradek.broker.groups import offsets
from odradek.broker.groups.consumer import (
    assignors,
    migration,
)
from odradek.broker.groups.consumer import (
    classic_members as consumer_classic,
)
from odradek.broker.groups.consumer import (
    heartbeat as consumer_heartbeat,
)
from odradek.broker.groups.consumer import (
    leaving as consumer_leaving,
)
from odradek.broker.groups.consumer import (
    requests as consumer_requests,
)
from odradek.broker.groups.consumer import (
    update as consumer_update,
)
from odradek.broker.groups.consumer.group import ConsumerGroup
from odradek.broker.groups.consumer.member import MemberState
from odradek.broker.groups.consumer.reconciliation import Reconciliation
from odradek.broker.groups.consumer.records import ConsumerGroupEpoch, CurrentAssignment
from odradek.broker.groups.shard import Shard

from .consumer_group_model import ConsumerWorld
from .histories import assert_found, play

HISTORIES = 200
MUTANT_HISTORIES = 400


def test_every_history_keeps_the_invariants() -> None:
    """No partition has two owners, all comes to rest with every partition owned, offsets do not go back, and
    restarts and compaction lose nothing.
    """
    play(lambda seed: ConsumerWorld(seed).run(), HISTORIES)


def test_a_history_is_a_function_of_its_seed() -> None:
    """The same seed gives the same log, record for record."""
    for seed in range(5):
        assert ConsumerWorld(seed).run().log == ConsumerWorld(seed).run().log


@pytest.mark.parametrize("seed", [296534346909])
def test_histories_that_once_failed(seed: int) -> None:
    """A member was gone, whereupon the group became a classic one, and the coordinator restarted before the
    others had joined again: what the member had had stayed nobody's.
    """
    ConsumerWorld(seed).run()


@pytest.mark.long
def test_many_more_histories_keep_the_invariants() -> None:
    """The same for twenty thousand histories."""
    play(lambda seed: ConsumerWorld(seed).run(), 20_000)


# Mutants: each puts one fault into the machines; the histories must find every one of them.

Mutate = Callable[[pytest.MonkeyPatch], None]


def owned_partitions_count_as_free(patch: pytest.MonkeyPatch) -> None:
    """A member gets what others have not given up yet."""
    patch.setattr(Reconciliation, "_is_free", lambda *_: True)


def revocation_is_not_awaited(patch: pytest.MonkeyPatch) -> None:
    """What a member is to give up counts as given up at once."""
    patch.setattr(Reconciliation, "_owns_any", lambda *_: False)


def revocation_is_awaited_for_ever(patch: pytest.MonkeyPatch) -> None:
    """A member that has given up everything is not believed."""
    patch.setattr(Reconciliation, "_owns_any", lambda *_: True)


def sessions_never_end(patch: pytest.MonkeyPatch) -> None:
    """A dead member stays for ever."""
    patch.setattr(ConsumerGroup, "touch", lambda *_: None)


def rebalances_never_time_out(patch: pytest.MonkeyPatch) -> None:
    """A member that lives and gives up nothing holds up others."""
    move = ConsumerGroup._move

    def mutant(self: ConsumerGroup, record: Any, now: Any) -> None:
        move(self, record, now)
        self.rebalances.clear()

    patch.setattr(ConsumerGroup, "_move", mutant)


def anybody_commits(patch: pytest.MonkeyPatch) -> None:
    """A commit is not checked for membership and epoch."""
    patch.setattr(offsets, "check_consumer_commit", lambda *_: None)


def leaving_keeps_the_epoch(patch: pytest.MonkeyPatch) -> None:
    """The partitions of a member that left are nobody's."""
    fence = consumer_leaving.fence

    def mutant(group: Any, members: Any, settings: Any, now: Any, effects: Any) -> None:
        fence(group, members, settings, now, effects)
        effects.records[:] = [r for r in effects.records if not isinstance(r, ConsumerGroupEpoch)]

    patch.setattr(consumer_leaving, "fence", mutant)
    patch.setattr(consumer_classic, "fence", mutant)


def changed_topics_are_not_noticed(patch: pytest.MonkeyPatch) -> None:
    """A topic that grows keeps its new partitions for itself."""
    patch.setattr(Shard, "refresh_topics", lambda *_: None)


def a_lost_epoch_record_is_not_written_again(patch: pytest.MonkeyPatch) -> None:
    """After an append that failed, the change that it was about is forgotten."""
    patch.setattr(consumer_update, "forget_topics", lambda _: None)


def assignment_leaves_one_out(patch: pytest.MonkeyPatch) -> None:
    """The last partition of a topic is nobody's."""
    assign = assignors.assign

    def mutant(name: str, problem: Any) -> Any:
        target = assign(name, problem)
        return {
            member_id: {topic_id: p - {5} for topic_id, p in topics.items()}
            for member_id, topics in target.items()
        }

    patch.setattr(assignors, "assign", mutant)


def assignment_gives_one_to_all(patch: pytest.MonkeyPatch) -> None:
    """The first partition of every topic is everybody's."""
    assign = assignors.assign

    def mutant(name: str, problem: Any) -> Any:
        target = assign(name, problem)
        return {
            member_id: {topic_id: p | {0} for topic_id, p in topics.items()}
            for member_id, topics in target.items()
        }

    patch.setattr(assignors, "assign", mutant)


def instance_ids_need_no_release(patch: pytest.MonkeyPatch) -> None:
    """A second process takes over the instance id of one that is still there."""
    patch.setattr(consumer_heartbeat, "check_released", lambda *_: None)


def answers_do_not_repeat_assignments(patch: pytest.MonkeyPatch) -> None:
    """A member whose answer was lost is not told again what it has."""
    beat = consumer_heartbeat.beat

    def mutant(group: Any, request: Any, *rest: Any) -> Any:
        reply = beat(group, request, *rest)
        known = group.members.get(request.member_id)
        is_behind = known is not None and known.state is MemberState.STABLE and request.member_epoch > 0
        return reply._replace(assignment=None) if is_behind else reply

    patch.setattr(consumer_requests, "beat", mutant)


def steps_are_not_stored(patch: pytest.MonkeyPatch) -> None:
    """A member's way lives in memory only, so that a restart does not know what it knew."""
    event = Shard.consumer_heartbeat

    def mutant(self: Shard, request: Any, token: Any, now: Any, effects: Any) -> None:
        event(self, request, token, now, effects)
        for record in [r for r in effects.records if isinstance(r, CurrentAssignment)]:
            if record.member_epoch > 2 and len(effects.records) == 1:
                effects.records.remove(record)
                self.replay(record, now)

    patch.setattr(Shard, "consumer_heartbeat", mutant)


def classic_members_are_not_told(patch: pytest.MonkeyPatch) -> None:
    """Members with the classic protocol are never told to join again."""
    beat = consumer_classic.heartbeat

    def mutant(*arguments: Any) -> Any:
        beat(*arguments)
        return 0

    patch.setattr(consumer_classic, "heartbeat", mutant)


def downgrade_does_not_rebalance(patch: pytest.MonkeyPatch) -> None:
    """What the last member with the consumer protocol had is nobody's."""
    downgrade = migration.downgrade
    patch.setattr(consumer_leaving, "downgrade", lambda *a: downgrade(*a, rebalances=False))


MUTANTS: list[Mutate] = [
    owned_partitions_count_as_free,
    revocation_is_not_awaited,
    revocation_is_awaited_for_ever,
    sessions_never_end,
    rebalances_never_time_out,
    anybody_commits,
    leaving_keeps_the_epoch,
    changed_topics_are_not_noticed,
    assignment_leaves_one_out,
    assignment_gives_one_to_all,
    instance_ids_need_no_release,
    answers_do_not_repeat_assignments,
    steps_are_not_stored,
    classic_members_are_not_told,
    downgrade_does_not_rebalance,
]


@pytest.mark.parametrize("mutate", MUTANTS, ids=lambda mutate: str(mutate.__name__))
def test_the_histories_find_a_fault(mutate: Mutate, monkeypatch: pytest.MonkeyPatch) -> None:
    """The checks can fail: with this fault in the machines, some history ends in a violation."""
    mutate(monkeypatch)
    assert_found(lambda seed: ConsumerWorld(seed).run(), MUTANT_HISTORIES, mutate)


def test_the_histories_find_what_is_lost_with_an_append(monkeypatch: pytest.MonkeyPatch) -> None:
    """So do histories in which many appends fail."""
    a_lost_epoch_record_is_not_written_again(monkeypatch)
    assert_found(
        lambda seed: ConsumerWorld(seed, 0.3).run(),
        MUTANT_HISTORIES,
        a_lost_epoch_record_is_not_written_again,
    )
