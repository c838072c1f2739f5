"""Consumer groups (KIP-848) through the handlers: members, their epochs, and what is stored of them."""

from __future__ import annotations

from typing import Any

import pytest

from odradek.broker.group_coordinator import GATHERING_MS
from odradek.protocol.api_keys import ApiKey
from odradek.protocol.errors import ErrorCode
from odradek.protocol.messages import consumer_group_heartbeat
from odradek.protocol.messages.consumer_group_heartbeat import TOPIC_PARTITIONS

from .config_desk import resource
from .group_desk import Desk, Waiting

SESSION_MS = 45_000


def beat(desk: Desk, member_id: str = "m1", epoch: int = 0, version: int = 1, **fields: Any) -> Any:
    """A ConsumerGroupHeartbeat of the group `g`; one that joins wants `orders`."""
    if epoch == 0:
        joins = {"rebalance_timeout_ms": 30_000, "subscribed_topic_names": ["orders"], "topic_partitions": []}
        fields = {**joins, **fields}
    owned = fields.get("topic_partitions")
    if owned:
        topic_id = desk.node.topics.get("orders").topic_id
        fields["topic_partitions"] = [TOPIC_PARTITIONS(topic_id=topic_id, partitions=list(owned))]
    who: dict[str, Any] = {"group_id": "g", "member_id": member_id, "member_epoch": epoch}
    return desk.harness.consumer_beat(version, **who, **fields)


def assigned(answer: Any) -> list[int]:
    """The partitions of `orders` in an answer."""
    assert answer.error_code == ErrorCode.NONE, answer
    return [p for topic in answer.assignment.topic_partitions for p in topic.partitions]


def described(desk: Desk) -> Any:
    """The group `g`."""
    return desk.ask("consumer_group_describe", 1, group_ids=["g"]).groups[0]


def test_a_first_member_gets_everything_at_once() -> None:
    """Epoch 2, since a group begins with epoch 1 and the first subscription asks for another one."""
    desk = Desk()
    answer = beat(desk)
    assert (answer.member_epoch, answer.heartbeat_interval_ms) == (2, 5_000)
    assert assigned(answer) == [0, 1, 2]
    assert beat(desk, epoch=2).assignment is None
    assert described(desk).group_state == "Stable"


def joining(desk: Desk, member_id: str, **fields: Any) -> Waiting:
    """The heartbeat with which a member joins `g`, not yet answered."""
    joins: dict[str, Any] = {
        "group_id": "g",
        "member_id": member_id,
        "rebalance_timeout_ms": 30_000,
        "subscribed_topic_names": ["orders"],
        "topic_partitions": [],
    }
    waiting: Waiting = desk.ask("consumer_group_heartbeat", 1, **{**joins, **fields})
    assert not waiting.is_done
    return waiting


def test_members_that_join_together_get_their_shares_at_once() -> None:
    """Each in its first answer, a part of its own: nobody has to give up what it was told a moment ago."""
    desk = Desk()
    joins = [joining(desk, f"m{number}") for number in range(3)]
    desk.wait(GATHERING_MS)
    answers = [join.response for join in joins]
    assert {answer.member_epoch for answer in answers} == {4}
    assert sorted(assigned(answer) for answer in answers) == [[0], [1], [2]]
    assert described(desk).group_state == "Stable"


def test_a_member_that_joins_together_with_others_may_be_refused() -> None:
    """For an expression that is none; the others are in the group, and know nothing of it."""
    desk = Desk()
    bad = joining(desk, "m1", subscribed_topic_names=None, subscribed_topic_regex="(")
    joins = [joining(desk, "m2"), joining(desk, "m3")]
    desk.wait(GATHERING_MS)
    assert bad.response.error_code == ErrorCode.INVALID_REGULAR_EXPRESSION
    assert sorted(p for join in joins for p in assigned(join.response)) == [0, 1, 2]


def test_of_members_that_join_together_a_group_takes_as_many_as_it_may() -> None:
    """In the order in which they came."""
    desk = Desk(group_consumer_max_size=2)
    joins = [joining(desk, f"m{number}") for number in range(3)]
    desk.wait(GATHERING_MS)
    first, second, late = (join.response for join in joins)
    assert late.error_code == ErrorCode.GROUP_MAX_SIZE_REACHED
    assert sorted([*assigned(first), *assigned(second)]) == [0, 1, 2]


def test_static_members_that_join_together_have_their_places() -> None:
    """One comes back under another member id, while another comes for the first time."""
    desk = Desk()
    beat(desk, instance_id="i1")
    assert beat(desk, epoch=-2, instance_id="i1").member_epoch == -2
    joins = [joining(desk, "m2", instance_id="i1"), joining(desk, "m3", instance_id="i3")]
    desk.wait(GATHERING_MS)
    assert sorted(p for join in joins for p in assigned(join.response)) == [0, 1, 2]
    assert {member.member_id for member in described(desk).members} == {"m2", "m3"}


@pytest.mark.parametrize(("epoch", "instance"), [(-1, {}), (-2, {"instance_id": "i"})])
def test_who_leaves_before_its_join_is_answered_is_gone(epoch: int, instance: dict[str, Any]) -> None:
    """Requests of one connection take effect in their order: nothing is left for a client that has gone."""
    desk = Desk()
    join = joining(desk, "m1", **instance)
    left = beat(desk, "m1", epoch, **instance)
    assert (left.error_code, left.member_epoch) == (ErrorCode.NONE, epoch)
    assert assigned(join.response) == [0, 1, 2]
    desk.wait(GATHERING_MS)
    assert sorted(assigned(beat(desk, "m2", **instance))) == [0, 1, 2]
    assert [member.member_id for member in described(desk).members] == ["m2"]


def test_a_member_commits_before_its_join_is_answered() -> None:
    """And whoever asks for the members by the same connection is told of all that it has brought."""
    desk = Desk()
    join = joining(desk, "m1")
    assert desk.commit(7, generation_id_or_member_epoch=2, member_id="m1") == ErrorCode.NONE
    assert join.response.member_epoch == 2
    another = joining(desk, "m2")
    assert {member.member_id for member in described(desk).members} == {"m1", "m2"}
    assert another.is_done


def test_others_do_not_keep_members_from_joining_together() -> None:
    """A heartbeat that comes by another connection finds the group as it was."""
    desk = Desk()
    joins = [joining(desk, "m1"), joining(desk, "m2")]
    request = consumer_group_heartbeat.REQUEST(group_id="g", member_id="m3", member_epoch=-1)
    other = desk.harness.ask(ApiKey.CONSUMER_GROUP_HEARTBEAT, 1, request, connection_id=2)
    assert other.error_code == ErrorCode.GROUP_ID_NOT_FOUND
    assert not any(join.is_done for join in joins)
    desk.wait(GATHERING_MS)
    assert sorted(p for join in joins for p in assigned(join.response)) == [0, 1, 2]
    assert {join.response.member_epoch for join in joins} == {3}


def test_members_that_join_as_the_broker_stops_are_told_so() -> None:
    """They look for the next coordinator."""
    desk = Desk()
    joins = [joining(desk, "m1"), joining(desk, "m2")]
    desk.node.close(clean=True)
    assert {join.response.error_code for join in joins} == {ErrorCode.NOT_COORDINATOR}


def test_a_partition_changes_hands_when_its_owner_has_let_go() -> None:
    """The first member keeps its epoch until it has given up; the second has nothing before."""
    desk = Desk()
    beat(desk)
    assert assigned(beat(desk, "m2")) == []
    kept = assigned(beat(desk, epoch=2, topic_partitions=[0, 1, 2]))
    assert len(kept) == 2
    waiting = beat(desk, "m2", epoch=3)
    assert (waiting.member_epoch, waiting.assignment) == (3, None)
    assert beat(desk, epoch=2, topic_partitions=kept).member_epoch == 3
    assert set(assigned(beat(desk, "m2", epoch=3))) == {0, 1, 2} - set(kept)


def test_a_member_that_does_not_let_go_is_put_out() -> None:
    """After its rebalance timeout, though its heartbeats go on."""
    desk = Desk()
    beat(desk, rebalance_timeout_ms=20_000)
    beat(desk, "m2")
    beat(desk, epoch=2, topic_partitions=[0, 1, 2])
    for _ in range(5):
        desk.wait(4_500)
        answer, other = beat(desk, epoch=2), beat(desk, "m2", epoch=3)
    assert answer.error_code == ErrorCode.UNKNOWN_MEMBER_ID
    assert assigned(other) == [0, 1, 2]


def test_a_silent_member_is_put_out_after_its_session() -> None:
    """And the others get what it had."""
    desk = Desk()
    beat(desk)
    beat(desk, "m2")
    desk.wait(SESSION_MS - GATHERING_MS - 1)
    beat(desk, "m2", epoch=3)
    desk.wait(1)
    assert beat(desk, epoch=2).error_code == ErrorCode.UNKNOWN_MEMBER_ID
    assert assigned(beat(desk, "m2", epoch=3)) == [0, 1, 2]


@pytest.mark.parametrize("clean", [True, False])
def test_members_keep_their_place_over_a_restart(clean: bool) -> None:
    """Epochs, assignments and subscriptions are in the log."""
    desk = Desk()
    beat(desk, server_assignor="range", rack_id="r")
    before = described(desk)
    desk.restart(clean=clean)
    assert described(desk) == before
    assert beat(desk, epoch=2).error_code == ErrorCode.NONE
    desk.wait(SESSION_MS)
    assert described(desk).group_state == "Empty"


def test_a_topic_that_grows_is_shared_anew() -> None:
    """The next heartbeat after it notices, and brings the new partition."""
    desk = Desk()
    beat(desk)
    topics = desk.node.topics
    topics.add_partitions(topics.get("orders"), 4, now_ms=desk.clock.wall_ms())
    answer = beat(desk, epoch=2)
    assert (answer.member_epoch, assigned(answer)) == (3, [0, 1, 2, 3])


def test_a_deleted_topic_is_taken_away() -> None:
    """And one of that name made again is another one."""
    desk = Desk()
    beat(desk)
    topics = desk.node.topics
    old = topics.get("orders").topic_id
    topics.delete(topics.get("orders"), now_ms=desk.clock.wall_ms())
    assert assigned(beat(desk, epoch=2)) == []
    topics.create("orders", 2, now_ms=desk.clock.wall_ms())
    answer = beat(desk, epoch=2, topic_partitions=[])
    assert assigned(answer) == [0, 1]
    assert answer.assignment.topic_partitions[0].topic_id != old


def test_a_regular_expression_is_resolved_by_the_broker() -> None:
    """Right after the heartbeat that brings it; topics made later are found ten seconds after that."""
    desk = Desk()
    answer = beat(desk, subscribed_topic_names=None, subscribed_topic_regex="ord.*")
    assert assigned(answer) == []
    desk.gather()
    answer = beat(desk, epoch=answer.member_epoch)
    assert assigned(answer) == [0, 1, 2]
    desk.node.topics.create("ordinary", 1, now_ms=desk.clock.wall_ms())
    assert beat(desk, epoch=answer.member_epoch).assignment is None
    desk.wait(10_001)
    beat(desk, epoch=answer.member_epoch)
    desk.gather()
    assert len(assigned(beat(desk, epoch=answer.member_epoch))) == 4


def test_a_regular_expression_survives_a_restart() -> None:
    """What it matched is in the log, and so is nobody's wait for it."""
    desk = Desk()
    beat(desk, subscribed_topic_names=None, subscribed_topic_regex="ord.*")
    desk.restart(clean=False)
    desk.gather()
    assert assigned(beat(desk, epoch=1)) == [0, 1, 2]


def test_a_static_member_is_awaited_for_a_session() -> None:
    """It leaves with epoch -2, keeps what it had, and finds it again under another member id."""
    desk = Desk()
    beat(desk, instance_id="i")
    beat(desk, "m2")
    assert beat(desk, epoch=-2, instance_id="i").member_epoch == -2
    assert beat(desk, "m2", epoch=3).assignment is None
    assert len(assigned(beat(desk, "m3", instance_id="i"))) == 2
    assert beat(desk, epoch=2, instance_id="i").error_code == ErrorCode.FENCED_INSTANCE_ID


def test_a_static_member_that_does_not_come_back_is_put_out() -> None:
    """When its session is over."""
    desk = Desk()
    beat(desk, instance_id="i")
    beat(desk, epoch=-2, instance_id="i")
    desk.wait(SESSION_MS)
    assert described(desk).members == []


def test_an_instance_id_in_use_is_not_given_away() -> None:
    """UNRELEASED_INSTANCE_ID."""
    desk = Desk()
    beat(desk, instance_id="i")
    assert beat(desk, "m2", instance_id="i").error_code == ErrorCode.UNRELEASED_INSTANCE_ID


def test_a_group_has_at_most_so_many_members() -> None:
    """`group.consumer.max.size`, and who is a member may join again."""
    desk = Desk(group_consumer_max_size=1)
    beat(desk)
    assert beat(desk, "m2").error_code == ErrorCode.GROUP_MAX_SIZE_REACHED
    assert beat(desk).error_code == ErrorCode.NONE


def test_targets_may_be_made_to_wait() -> None:
    """`group.consumer.assignment.interval.ms` after the last one."""
    desk = Desk(group_consumer_assignment_interval_ms=1_000)
    beat(desk)
    assert assigned(beat(desk, "m2")) == []
    assert described(desk).assignment_epoch == 2
    desk.wait(1_000)
    beat(desk, "m2", epoch=2)
    assert described(desk).assignment_epoch == 3


def test_a_group_may_have_settings_of_its_own() -> None:
    """From the metadata log, where Apache Kafka keeps them; DescribeConfigs shows them and the broker's."""
    desk = Desk()
    settings = {"consumer.session.timeout.ms": "50000", "consumer.heartbeat.interval.ms": "7000"}
    assert desk.ask("alter_configs", 2, resources=[resource(32, "g", settings)]).responses[0].error_code == 0
    assert beat(desk).heartbeat_interval_ms == 7_000
    desk.wait(SESSION_MS)
    assert described(desk).group_state == "Stable"
    from odradek.protocol.messages.describe_configs import RESOURCE

    asked = [RESOURCE(resource_type=32, resource_name=name, configuration_keys=None) for name in ("g", "")]
    answer = desk.ask("describe_configs", 4, resources=asked, include_synonyms=True)
    shown = {config.name: (config.value, config.config_source) for config in answer.results[0].configs}
    assert shown["consumer.session.timeout.ms"] == ("50000", 8)
    assert shown["consumer.assignment.interval.ms"] == ("0", 5)
    assert answer.results[1].error_code == ErrorCode.INVALID_REQUEST


def test_an_empty_group_changes_its_type_with_who_joins() -> None:
    """A classic group becomes a consumer group and the other way round, and keeps its offsets."""
    desk = Desk()
    desk.commit(7, version=8, generation_id_or_member_epoch=-1)
    beat(desk)
    assert described(desk).group_state == "Stable"
    assert desk.committed() == 7
    beat(desk, epoch=-1)
    assert described(desk).group_state == "Empty"
    joined = desk.stable()
    assert desk.state() == "Stable"
    assert described(desk).error_code == ErrorCode.GROUP_ID_NOT_FOUND
    desk.restart()
    assert desk.state() == "Stable"
    assert desk.beat(joined) == ErrorCode.NONE
    assert desk.committed() == 7


def test_offsets_of_a_group_expire_by_their_commits() -> None:
    """Those of topics that it subscribes to never do; an empty group goes with its last offset."""
    desk = Desk(offsets_retention_minutes=1)
    beat(desk)
    member: dict[str, Any] = {"member_id": "m1", "generation_id_or_member_epoch": 2}
    assert desk.commit(7, **member) == ErrorCode.NONE
    for _ in range(4):
        desk.wait(40_000)
        assert beat(desk, epoch=2).error_code == ErrorCode.NONE
    desk.node.groups.expire_offsets()
    assert desk.committed() == 7
    beat(desk, epoch=-1)
    desk.node.groups.expire_offsets()
    assert desk.committed() == -1
    assert described(desk).error_code == ErrorCode.GROUP_ID_NOT_FOUND
