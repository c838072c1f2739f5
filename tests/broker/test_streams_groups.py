"""Streams groups (KIP-1071) through the handlers: members, tasks, and what is stored of them."""

from __future__ import annotations

from typing import Any

import pytest

from odradek.protocol.errors import ErrorCode
from odradek.protocol.messages.streams_group_heartbeat import ENDPOINT, KEY_VALUE, TASK_OFFSET

from .config_desk import GROUP, SET, alter
from .group_desk import Desk
from .streams_desk import NOTHING, STATEFUL, beat, described, statuses, subtopology, told, topology

SESSION_MS = 45_000
STALE, SHUTDOWN, DELAYED, NO_TAGS = 0, 4, 5, 6


def test_a_first_member_gets_every_task_at_once() -> None:
    """Epoch 2, since a group begins with epoch 1 and the first topology asks for another one."""
    desk = Desk()
    answer = beat(desk)
    assert (answer.member_epoch, answer.heartbeat_interval_ms) == (2, 5_000)
    assert told(answer) == {"0": [0, 1, 2]}
    assert told(beat(desk, epoch=2)) is None
    group = described(desk)
    assert (group.group_state, group.assignor_name) == ("Stable", "sticky")
    assert group.members[0].process_id == "p-m1"


def test_a_task_changes_hands_when_its_owner_has_let_go() -> None:
    """The first member keeps its epoch until it has given up; the second has nothing before."""
    desk = Desk()
    beat(desk)
    assert told(beat(desk, "m2")) == {}
    kept = told(beat(desk, epoch=2, active={"0": [0, 1, 2]}))
    assert kept is not None
    assert len(kept["0"]) == 2
    assert beat(desk, "m2", epoch=3).member_epoch == 3
    assert described(desk).group_state == "Reconciling"
    assert beat(desk, epoch=2, active=kept).member_epoch == 3
    gained = told(beat(desk, "m2", epoch=3))
    assert gained is not None
    assert sorted(kept["0"] + gained["0"]) == [0, 1, 2]
    assert described(desk).group_state == "Stable"


def test_a_member_that_lost_an_answer_is_told_again() -> None:
    """It says what it has, which is not what it should have."""
    desk = Desk()
    beat(desk)
    assert told(beat(desk, epoch=2, active={})) == {"0": [0, 1, 2]}
    assert told(beat(desk, epoch=2, active={"0": [0, 1, 2]})) is None


def test_a_member_that_gives_up_nothing_is_put_out() -> None:
    """Its rebalance timeout is over, and the second member gets what it had."""
    desk = Desk()
    beat(desk)
    beat(desk, "m2")
    beat(desk, epoch=2, active={"0": [0, 1, 2]})
    for _ in range(4):
        desk.wait(10_000)
        beat(desk, "m2", epoch=3)
    assert beat(desk, epoch=2).error_code == ErrorCode.UNKNOWN_MEMBER_ID
    assert told(beat(desk, "m2", epoch=4, **NOTHING)) in (None, {"0": [0, 1, 2]})
    assert described(desk).members[0].assignment.active_tasks[0].partitions == [0, 1, 2]


def test_a_silent_member_is_put_out() -> None:
    """Its session is over; the group has a new epoch for the others."""
    desk = Desk()
    beat(desk)
    desk.wait(SESSION_MS + 1)
    assert beat(desk, epoch=2).error_code == ErrorCode.UNKNOWN_MEMBER_ID
    group = described(desk)
    assert (group.group_state, group.group_epoch, group.assignment_epoch) == ("Empty", 3, 3)


def test_threads_of_one_process_do_not_share_a_state() -> None:
    """A standby is never in the process that runs the task, and goes to another one as soon as there is
    one.
    """
    desk = Desk(group_streams_num_standby_replicas=1)
    desk.node.topics.create("log", 3, now_ms=desk.clock.wall_ms())
    assert told(beat(desk, topology=STATEFUL)) == {"0": [0, 1, 2]}
    second = beat(desk, "m2", topology=STATEFUL, process_id="p-m1")
    assert (told(second), told(second, "standby")) == ({}, {})
    third = beat(desk, "m3", topology=STATEFUL)
    assert told(third, "standby") != {}
    targets = {member.member_id: member.target_assignment for member in described(desk).members}
    for first_process in ("m1", "m2"):
        active = {p for each in targets[first_process].active_tasks for p in each.partitions}
        standby = {p for each in targets[first_process].standby_tasks for p in each.partitions}
        assert not active & standby


def test_everything_outlives_a_kill() -> None:
    """Members, topology, epochs and tasks are there again, and a member goes on as if nothing had been."""
    desk = Desk()
    beat(desk, client_tags=[KEY_VALUE(key="zone", value="a")], user_endpoint=ENDPOINT(host="h", port=1))
    beat(desk, "m2", instance_id="i2", rack_id="r")
    beat(desk, epoch=2, active={"0": [0, 1, 2]})
    before = described(desk)
    desk.restart(clean=False)
    assert described(desk) == before
    answer = beat(desk, epoch=2, active={"0": [0, 1]})
    assert (answer.member_epoch, statuses(answer)) == (3, [])


def test_a_group_waits_for_more_members_if_told_so() -> None:
    """group.streams.initial.rebalance.delay.ms: the first ones are told that their assignment is delayed."""
    desk = Desk(group_streams_initial_rebalance_delay_ms=3_000)
    first = beat(desk)
    assert (first.member_epoch, told(first)) == (1, {})
    assert statuses(first) == [(DELAYED, "Assignment delayed due to the configured initial rebalance delay.")]
    beat(desk, "m2")
    desk.wait(3_000)
    target = {m.member_id: m.target_assignment.active_tasks[0].partitions for m in described(desk).members}
    assert sorted(target["m1"] + target["m2"]) == [0, 1, 2]


def test_assignments_keep_their_distance() -> None:
    """Within streams.assignment.interval.ms of the group nothing is assigned anew."""
    desk = Desk()
    assert alter(desk.harness, GROUP, "g", ("streams.assignment.interval.ms", SET, "1000")) == (0, None)
    beat(desk)
    second = beat(desk, "m2")
    assert statuses(second) == [(DELAYED, "Assignment delayed due to the configured assignment interval.")]
    desk.wait(1_000)
    assert statuses(beat(desk, epoch=2)) == []
    assert described(desk).assignment_epoch == 3


def test_more_standbys_begin_a_new_epoch() -> None:
    """A changed setting that an assignment depends on is noticed with the next heartbeat."""
    desk = Desk()
    desk.node.topics.create("log", 3, now_ms=desk.clock.wall_ms())
    beat(desk, topology=STATEFUL)
    beat(desk, "m2", topology=STATEFUL)
    epoch = described(desk).group_epoch
    assert alter(desk.harness, GROUP, "g", ("streams.num.standby.replicas", SET, "1")) == (0, None)
    beat(desk, epoch=2)
    assert described(desk).group_epoch == epoch + 1
    targets = [member.target_assignment.standby_tasks for member in described(desk).members]
    assert sum(len(each.partitions) for tasks in targets for each in tasks) == 3


def test_a_member_of_an_older_program_is_told_so() -> None:
    """It gets tasks all the same; a newer topology than the group's is refused."""
    desk = Desk()
    newer = topology(subtopology("0", ["orders"]), epoch=3)
    beat(desk, topology=newer)
    detail = "The member's topology epoch 0 is behind the group's topology epoch 3."
    assert statuses(beat(desk, "m2")) == [(STALE, detail)]
    other = beat(desk, "m3", topology=topology(subtopology("0", ["orders"]), epoch=4))
    assert (other.error_code, other.error_message) == (
        ErrorCode.INVALID_REQUEST,
        "Topology updates are not supported yet.",
    )


def test_a_fatal_error_of_one_shuts_down_all() -> None:
    """Everybody is told until the group is empty."""
    desk = Desk()
    beat(desk)
    beat(desk, epoch=2, shutdown_application=True)
    assert [code for code, _ in statuses(beat(desk, epoch=2))] == [SHUTDOWN]
    assert [code for code, _ in statuses(beat(desk, "m2"))] == [SHUTDOWN]
    beat(desk, epoch=-1)
    beat(desk, "m2", epoch=-1)
    assert statuses(beat(desk)) == []


def test_members_without_tags_are_told_which() -> None:
    """From version 1 on, whose clients know the status."""
    desk = Desk(group_streams_rack_aware_assignment_tags="zone,cluster")
    tags = [KEY_VALUE(key="zone", value="a")]
    ((code, detail),) = statuses(beat(desk, client_tags=tags))
    assert (code, "[cluster]" in detail) == (NO_TAGS, True)
    assert statuses(beat(desk, "m2", version=0, client_tags=tags)) == []


def test_everybody_learns_who_serves_what() -> None:
    """Endpoints and their partitions come with an epoch, and again when it has moved on."""
    desk = Desk()
    here = ENDPOINT(host="here", port=1)
    beat(desk, user_endpoint=here)
    assert beat(desk, epoch=2).partitions_by_user_endpoint is None
    second = beat(desk, "m2", user_endpoint=ENDPOINT(host="there", port=2))
    assert second.endpoint_information_epoch == 1
    served: dict[str, Any] = {
        each.user_endpoint.host: [(row.topic, row.partitions) for row in each.active_partitions]
        for each in second.partitions_by_user_endpoint
    }
    assert served == {"here": [("orders", [0, 1, 2])], "there": []}
    assert beat(desk, "m2", epoch=3, endpoint_information_epoch=1).partitions_by_user_endpoint is None


def test_reported_offsets_are_shown() -> None:
    """A task may be reported once; the rest of the members' report stays as it was."""
    desk = Desk()
    beat(desk)
    offsets = [TASK_OFFSET(subtopology_id="0", partition=1, offset=70)]
    beat(desk, epoch=2, task_offsets=offsets)
    beat(desk, epoch=2, task_end_offsets=[TASK_OFFSET(subtopology_id="0", partition=1, offset=90)])
    (member,) = described(desk).members
    assert [(each.partition, each.offset) for each in member.task_offsets] == [(1, 70)]
    assert [each.offset for each in member.task_end_offsets] == [90]
    assert beat(desk, epoch=2, task_offsets=offsets * 2).error_code == ErrorCode.INVALID_REQUEST


def test_a_static_member_finds_its_tasks_again() -> None:
    """It leaves for a while, comes back as another member of the same process, and nobody else notices."""
    desk = Desk()
    beat(desk, instance_id="i1")
    assert beat(desk, "m2", instance_id="i1").error_code == ErrorCode.UNRELEASED_INSTANCE_ID
    beat(desk, epoch=-2, instance_id="i1")
    back = beat(desk, "m2", instance_id="i1", process_id="p-m1")
    assert (back.member_epoch, told(back)) == (2, {"0": [0, 1, 2]})
    assert beat(desk, epoch=2, instance_id="i1").error_code == ErrorCode.FENCED_INSTANCE_ID


def test_commits_need_the_task_and_its_epoch() -> None:
    """Whoever has the task may commit, with its epoch or one since which it has it; nobody else may."""
    desk = Desk()
    beat(desk)
    assert desk.commit(5, member_id="m1", generation_id_or_member_epoch=2) == ErrorCode.NONE
    beat(desk, "m2")
    beat(desk, epoch=2, active={"0": [0, 1, 2]})
    kept = described(desk).members[0].assignment.active_tasks[0].partitions
    (given,) = {0, 1, 2} - set(kept)
    beat(desk, epoch=2, active={"0": kept})
    as_first: dict[str, Any] = {"member_id": "m1", "generation_id_or_member_epoch": 2}
    assert desk.commit(6, partition=kept[0], **as_first) == ErrorCode.NONE
    assert desk.commit(6, partition=given, **as_first) == ErrorCode.STALE_MEMBER_EPOCH
    assert desk.commit(6, member_id="m9", generation_id_or_member_epoch=2) == ErrorCode.UNKNOWN_MEMBER_ID
    assert desk.commit(6, version=8, **as_first) == ErrorCode.UNSUPPORTED_VERSION


def test_a_group_is_of_one_kind_while_it_has_members() -> None:
    """Members of the classic and of the consumer protocol stay outside; an empty group may change."""
    desk = Desk()
    beat(desk)
    assert desk.join(version=3).error_code == ErrorCode.INCONSISTENT_GROUP_PROTOCOL
    consumer: dict[str, Any] = {
        "group_id": "g",
        "member_id": "c",
        "member_epoch": 0,
        "rebalance_timeout_ms": 30_000,
        "subscribed_topic_names": ["orders"],
        "topic_partitions": [],
    }
    refused = desk.harness.consumer_beat(**consumer)
    assert refused.error_code == ErrorCode.GROUP_ID_NOT_FOUND
    assert desk.ask("delete_groups", 2, groups_names=["g"]).results[0].error_code == ErrorCode.NON_EMPTY_GROUP
    beat(desk, epoch=-1)
    desk.enter()
    assert desk.state() == "PreparingRebalance"
    assert described(desk).error_code == ErrorCode.GROUP_ID_NOT_FOUND


def test_an_empty_group_is_deleted_with_everything() -> None:
    """Nothing of it is left, after a restart neither."""
    desk = Desk()
    beat(desk)
    beat(desk, epoch=-1)
    assert desk.ask("delete_groups", 2, groups_names=["g"]).results[0].error_code == ErrorCode.NONE
    desk.restart()
    assert described(desk).error_code == ErrorCode.GROUP_ID_NOT_FOUND


@pytest.mark.parametrize("wanted", ["NotReady", "not_ready", "NOTREADY"])
def test_groups_that_are_not_ready_are_listed_by_either_spelling(wanted: str) -> None:
    """By the one that they are shown with, and by Kafka's other one."""
    desk = Desk()
    beat(desk, topology=topology(subtopology("0", ["missing"])))
    answer = desk.ask("list_groups", 5, states_filter=[wanted], types_filter=["streams"])
    assert [(group.group_id, group.group_state) for group in answer.groups] == [("g", "NotReady")]


def test_the_protocol_may_be_left_out() -> None:
    """group.coordinator.rebalance.protocols without streams: neither API is served."""
    desk = Desk(group_coordinator_rebalance_protocols="classic,consumer")
    assert beat(desk).error_code == ErrorCode.UNSUPPORTED_VERSION
    assert described(desk).error_code == ErrorCode.UNSUPPORTED_VERSION


def test_a_full_group_takes_nobody_in() -> None:
    """Those who are in it may join again."""
    desk = Desk(group_streams_max_size=1)
    beat(desk)
    assert beat(desk, "m2").error_code == ErrorCode.GROUP_MAX_SIZE_REACHED
    assert beat(desk).error_code == ErrorCode.NONE
