"""JoinGroup, SyncGroup, Heartbeat and LeaveGroup, through protocol values."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module

import pytest

from odradek.broker.group_coordinator import GATHERING_MS
from odradek.protocol.errors import ErrorCode

from .group_desk import SUBSCRIPTION, Desk, Waiting, answered


@pytest.fixture
def desk() -> Iterator[Desk]:
    """A broker in memory."""
    desk = Desk()
    yield desk
    desk.node.close()


def leave(desk: Desk, *members: tuple[str, str | None], version: int = 5) -> list[int]:
    """Remove members of `g`; the error code of each."""
    module = import_module("odradek.protocol.messages.leave_group")
    leaving = [module.REQUEST_MEMBER(member_id=m, group_instance_id=i) for m, i in members]
    answer = desk.ask("leave_group", version, group_id="g", members=leaving)
    assert answer.error_code == ErrorCode.NONE
    return [member.error_code for member in answer.members]


@pytest.mark.parametrize("version", range(10))
def test_one_member_joins_alone_and_leads(desk: Desk, version: int) -> None:
    """At every version a single member leads generation 1 and sees itself in the list of members."""
    waiting = desk.enter(version)
    assert isinstance(waiting, Waiting)
    desk.gather()
    joined = waiting.response
    assert joined.error_code == ErrorCode.NONE
    assert joined.generation_id == 1
    assert joined.leader == joined.member_id
    assert joined.protocol_name == "range"
    assert [(m.member_id, m.metadata) for m in joined.members] == [(joined.member_id, SUBSCRIPTION)]
    assert joined.protocol_type == ("consumer" if version >= 7 else None)


@pytest.mark.parametrize("version", range(6))
def test_the_assignment_reaches_every_member(desk: Desk, version: int) -> None:
    """A follower's sync is parked until the leader brings the assignment (all versions of SyncGroup)."""
    first = desk.enter()
    second = desk.enter()
    desk.gather()
    leader, follower = first.response, second.response
    assert leader.leader == follower.leader == leader.member_id
    assert follower.members == []
    parked = desk.sync(follower, version=version)
    assert isinstance(parked, Waiting)
    given = {leader.member_id: b"one", follower.member_id: b"two"}
    assert desk.sync(leader, given, version=version).assignment == b"one"
    assert parked.response.assignment == b"two"
    assert desk.state() == "Stable"


def test_a_new_dynamic_member_is_told_its_id_first(desk: Desk) -> None:
    """From v4 on MEMBER_ID_REQUIRED brings an id made of the client id, and v3 needs none (KIP-394)."""
    told = desk.join(4, client_id="billing")
    assert told.error_code == ErrorCode.MEMBER_ID_REQUIRED
    assert told.member_id.startswith("billing-")
    assert told.generation_id == -1
    assert isinstance(desk.join(4, member_id=told.member_id), Waiting)
    assert isinstance(desk.join(3, group_id="other"), Waiting)


def test_a_member_id_that_nobody_was_given_is_unknown(desk: Desk) -> None:
    """UNKNOWN_MEMBER_ID, both where there is no such group and where there is one."""
    assert desk.join(member_id="invented").error_code == ErrorCode.UNKNOWN_MEMBER_ID
    desk.stable()
    answer = desk.join(member_id="invented")
    assert (answer.error_code, answer.member_id) == (ErrorCode.UNKNOWN_MEMBER_ID, "invented")


def test_a_pending_member_that_never_comes_is_forgotten(desk: Desk) -> None:
    """The id given by MEMBER_ID_REQUIRED is good for one session timeout."""
    desk.stable()
    told = desk.join(session_timeout_ms=6_000)
    desk.wait(6_001)
    assert desk.join(member_id=told.member_id).error_code == ErrorCode.UNKNOWN_MEMBER_ID


@pytest.mark.parametrize("timeout_ms", [5_999, 1_800_001, -1])
def test_session_timeouts_have_bounds(desk: Desk, timeout_ms: int) -> None:
    """Outside of group.min.session.timeout.ms and the maximum: INVALID_SESSION_TIMEOUT."""
    answer = desk.join(session_timeout_ms=timeout_ms)
    assert answer.error_code == ErrorCode.INVALID_SESSION_TIMEOUT


def test_a_group_needs_an_id(desk: Desk) -> None:
    """The empty group id is INVALID_GROUP_ID for everything that members send."""
    joined = desk.stable()
    assert desk.join(group_id="").error_code == ErrorCode.INVALID_GROUP_ID
    assert desk.sync(joined, group_id="").error_code == ErrorCode.INVALID_GROUP_ID
    assert desk.beat(joined, group_id="") == ErrorCode.INVALID_GROUP_ID
    assert desk.ask("leave_group", 3, group_id="", members=[]).error_code == ErrorCode.INVALID_GROUP_ID


def test_members_must_share_a_protocol(desk: Desk) -> None:
    """Another protocol type, no protocol in common, or none at all: INCONSISTENT_GROUP_PROTOCOL."""
    wrong = ErrorCode.INCONSISTENT_GROUP_PROTOCOL
    assert desk.join(protocols=[]).error_code == wrong
    assert desk.join(protocol_type="").error_code == wrong
    desk.stable()
    assert desk.join(protocol_type="connect").error_code == wrong
    assert desk.join(protocols=[("sticky", b"")]).error_code == wrong


def test_the_protocol_that_most_prefer_is_chosen(desk: Desk) -> None:
    """Among the protocols that all support, each member votes for its first."""
    range_first, sticky_first = [("range", b"r"), ("sticky", b"s")], [("sticky", b"s"), ("range", b"r")]
    parked = [
        desk.enter(protocols=protocols)
        for protocols in (range_first, sticky_first, [("own", b""), *sticky_first])
    ]
    desk.gather()
    assert {waiting.response.protocol_name for waiting in parked} == {"sticky"}


def test_a_second_member_makes_everybody_join_again(desk: Desk) -> None:
    """Heartbeats answer REBALANCE_IN_PROGRESS until the member has joined again, in the next generation."""
    first = desk.stable()
    newcomer = desk.enter()
    assert desk.beat(first) == ErrorCode.REBALANCE_IN_PROGRESS
    assert not newcomer.is_done
    again = answered(desk.join(member_id=first.member_id))
    assert again.generation_id == newcomer.response.generation_id == 2
    assert desk.beat(first) == ErrorCode.ILLEGAL_GENERATION
    assert desk.beat(again) == ErrorCode.NONE


def test_who_does_not_join_in_time_is_out(desk: Desk) -> None:
    """After the rebalance timeout a member that only sent heartbeats is no member any more."""
    first = desk.stable(session_timeout_ms=60_000)
    newcomer = desk.enter()
    desk.wait(20_000)
    assert newcomer.response.generation_id == 2
    assert newcomer.response.leader == newcomer.response.member_id
    assert desk.beat(first) == ErrorCode.UNKNOWN_MEMBER_ID


def test_who_does_not_sync_in_time_is_out(desk: Desk) -> None:
    """A leader that brings no assignment is put out after the rebalance timeout, and the rest rebalance."""
    first, second = desk.enter(session_timeout_ms=60_000), desk.enter()
    desk.gather()
    parked = desk.sync(second.response)
    desk.wait(20_000)
    assert parked.response.error_code == ErrorCode.REBALANCE_IN_PROGRESS
    assert desk.beat(first.response) == ErrorCode.UNKNOWN_MEMBER_ID
    again = answered(desk.join(member_id=second.response.member_id))
    assert again.leader == second.response.member_id


def test_a_silent_member_dies_after_its_session(desk: Desk) -> None:
    """Heartbeats prolong the session; without them the group loses the member, and is empty."""
    joined = desk.stable()
    desk.wait(9_000)
    assert desk.beat(joined) == ErrorCode.NONE
    desk.wait(9_999)
    assert desk.state() == "Stable"
    desk.wait(1)
    assert desk.state() == "Empty"
    assert desk.beat(joined) == ErrorCode.UNKNOWN_MEMBER_ID


def test_a_lost_connection_does_not_cost_membership(desk: Desk) -> None:
    """A parked join whose connection goes away stays in the group until its session is over."""
    first = desk.stable()
    newcomer = desk.enter(session_timeout_ms=6_000)
    newcomer.pending.abandon()
    assert desk.beat(first) == ErrorCode.REBALANCE_IN_PROGRESS
    again = answered(desk.join(member_id=first.member_id))
    assert len(again.members) == 2
    desk.wait(6_000)
    assert desk.state() == "PreparingRebalance"


def test_a_repeated_join_replaces_the_parked_one(desk: Desk) -> None:
    """A client that asks again gets its answer on the new request; the old one is sent to try again."""
    desk.stable()
    told = desk.join()
    old = desk.join(member_id=told.member_id)
    new = desk.join(member_id=told.member_id)
    assert old.response.error_code == ErrorCode.REBALANCE_IN_PROGRESS
    assert not new.is_done


def test_a_lost_join_answer_can_be_had_again(desk: Desk) -> None:
    """Before the sync, a join with the same protocols gets the same generation once more."""
    joined = desk.enter()
    desk.gather()
    again = desk.join(member_id=joined.response.member_id)
    assert again == joined.response


def test_a_follower_may_join_a_stable_group_again_without_a_rebalance(desk: Desk) -> None:
    """Only the leader's join, or another subscription, makes a stable group rebalance."""
    first, second = desk.enter(), desk.enter()
    desk.gather()
    leader, follower = first.response, second.response
    desk.sync(leader, {leader.member_id: b"1", follower.member_id: b"2"})
    again = desk.join(member_id=follower.member_id)
    assert (again.error_code, again.generation_id, again.members) == (ErrorCode.NONE, 1, [])
    assert isinstance(desk.join(member_id=follower.member_id, protocols=[("range", b"more")]), Waiting)
    assert desk.state() == "PreparingRebalance"


@pytest.mark.parametrize("version", [1, 4, 9])
def test_a_rejoining_leader_gets_a_new_generation(desk: Desk, version: int) -> None:
    """A leader joins a stable group in order to assign anew."""
    joined = desk.stable()
    assert answered(desk.join(version, member_id=joined.member_id)).generation_id == 2


def test_syncs_are_checked(desk: Desk) -> None:
    """Unknown group and member, a wrong generation, another protocol, or none from v5 on (KIP-559)."""
    joined = desk.stable()
    assert desk.sync(joined, group_id="nowhere").error_code == ErrorCode.UNKNOWN_MEMBER_ID
    assert desk.sync(joined, member_id="x").error_code == ErrorCode.UNKNOWN_MEMBER_ID
    assert desk.sync(joined, generation_id=2).error_code == ErrorCode.ILLEGAL_GENERATION
    assert desk.sync(joined, generation_id=0).error_code == ErrorCode.ILLEGAL_GENERATION
    wrong = ErrorCode.INCONSISTENT_GROUP_PROTOCOL
    assert desk.sync(joined, protocol_name="other").error_code == wrong
    assert desk.sync(joined, protocol_type="connect").error_code == wrong
    assert desk.sync(joined, protocol_name=None).error_code == wrong
    assert desk.sync(joined, version=4).assignment == b"all"
    desk.enter()
    assert desk.sync(joined).error_code == ErrorCode.REBALANCE_IN_PROGRESS


def test_members_without_an_assignment_get_an_empty_one(desk: Desk) -> None:
    """The leader may leave members out, and name some that do not exist."""
    waiting = desk.enter()
    desk.gather()
    assert desk.sync(waiting.response, {"stranger": b"x"}).assignment == b""
    assert desk.state() == "Stable"


@pytest.mark.parametrize("version", [0, 1, 2])
def test_one_member_leaves(desk: Desk, version: int) -> None:
    """Up to v2 a LeaveGroup names one member, and its error is that of the whole."""
    joined = desk.stable()

    def left(member_id: str, group_id: str = "g") -> int:
        answer = desk.ask("leave_group", version, group_id=group_id, member_id=member_id)
        return int(answer.error_code)

    assert left("stranger") == left(joined.member_id, "nowhere") == ErrorCode.UNKNOWN_MEMBER_ID
    assert left(joined.member_id) == ErrorCode.NONE
    assert desk.state() == "Empty"


@pytest.mark.parametrize("version", [3, 4, 5])
def test_several_members_leave_at_once(desk: Desk, version: int) -> None:
    """Each is named by member id, by instance id, or by both, and has an error code of its own (KIP-345)."""
    static = desk.enter(group_instance_id="shelf")
    dynamic = desk.enter()
    desk.gather()
    pending = desk.join()
    assert leave(
        desk,
        (dynamic.response.member_id, None),
        ("", "shelf"),
        (pending.member_id, None),
        ("stranger", None),
        ("", None),
        (static.response.member_id, "shelf"),
        version=version,
    ) == [0, 0, 0, ErrorCode.UNKNOWN_MEMBER_ID, ErrorCode.UNKNOWN_MEMBER_ID, ErrorCode.UNKNOWN_MEMBER_ID]
    assert desk.state() == "Empty"


def test_leaving_with_the_wrong_member_id_is_fenced(desk: Desk) -> None:
    """An instance id that belongs to another member id: FENCED_INSTANCE_ID."""
    desk.stable(group_instance_id="shelf")
    assert leave(desk, ("stranger", "shelf")) == [ErrorCode.FENCED_INSTANCE_ID]


def test_a_leaving_member_gets_its_parked_requests_back(desk: Desk) -> None:
    """A join that waits is answered with UNKNOWN_MEMBER_ID when its member is removed from elsewhere."""
    desk.stable()
    parked = desk.enter(group_instance_id="shelf")
    assert leave(desk, ("", "shelf")) == [0]
    assert parked.response.error_code == ErrorCode.UNKNOWN_MEMBER_ID


def test_a_group_has_a_maximal_size() -> None:
    """group.max.size: GROUP_MAX_SIZE_REACHED for those who come later; members may join again."""
    desk = Desk(group_max_size=1)
    joined = desk.stable()
    assert desk.join().error_code == ErrorCode.GROUP_MAX_SIZE_REACHED
    assert answered(desk.join(member_id=joined.member_id)).generation_id == 2
    desk.node.close()


def test_the_first_rebalance_waits_for_more_members() -> None:
    """group.initial.rebalance.delay.ms starts anew with each newcomer, within the rebalance timeout."""
    desk = Desk(group_initial_rebalance_delay_ms=3_000)
    first = desk.enter()
    desk.wait(2_000)
    second = desk.enter()
    desk.wait(3_999)
    assert not first.is_done
    desk.wait(1)
    assert first.response.generation_id == second.response.generation_id == 1
    desk.node.close()


def test_without_a_delay_members_of_the_same_moment_are_gathered(desk: Desk) -> None:
    """The default delay here is 0; who comes milliseconds later is still part of the first generation."""
    first = desk.enter()
    desk.wait(GATHERING_MS - 1)
    assert not first.is_done
    second = desk.enter()
    desk.wait(1 + GATHERING_MS)
    assert first.response.generation_id == second.response.generation_id == 1
    late = desk.enter()
    desk.gather()
    assert not late.is_done
