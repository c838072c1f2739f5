"""Static members (KIP-345), and what members find after a restart of the broker."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from odradek.protocol.errors import ErrorCode

from .group_desk import SUBSCRIPTION, Desk, Waiting, answered


@pytest.fixture
def desk() -> Iterator[Desk]:
    """A broker in memory."""
    desk = Desk()
    yield desk
    desk.node.close()


def test_a_static_member_returns_to_its_assignment(desk: Desk) -> None:
    """It joins without a member id and gets a new one; the group goes on in the same generation."""
    old = desk.stable(group_instance_id="shelf")
    new = desk.join(group_instance_id="shelf")
    assert (new.error_code, new.generation_id) == (ErrorCode.NONE, 1)
    assert new.member_id.startswith("shelf-")
    assert new.member_id != old.member_id
    assert desk.sync(new, group_instance_id="shelf").assignment == b"all"
    assert desk.beat(old, group_instance_id="shelf") == ErrorCode.FENCED_INSTANCE_ID
    assert desk.beat(old) == ErrorCode.UNKNOWN_MEMBER_ID
    assert desk.beat(new, group_instance_id="shelf") == ErrorCode.NONE
    assert desk.beat(new, group_instance_id="board") == ErrorCode.UNKNOWN_MEMBER_ID


@pytest.mark.parametrize(("version", "leads"), [(5, False), (8, False), (9, True)])
def test_a_returning_leader_may_skip_the_assignment(desk: Desk, version: int, leads: bool) -> None:
    """From v9 on it leads with skip_assignment; before, the old member id is the leader (KIP-814)."""
    old = desk.stable(group_instance_id="shelf")
    new = desk.join(version, group_instance_id="shelf")
    assert new.leader == (new.member_id if leads else old.member_id)
    assert new.skip_assignment is leads
    assert len(new.members) == (1 if leads else 0)


def test_a_static_member_with_another_protocol_rebalances(desk: Desk) -> None:
    """When its return changes the group's protocol, the group cannot stay as it is."""
    desk.stable(group_instance_id="shelf")
    changed = [("roundrobin", SUBSCRIPTION), ("range", SUBSCRIPTION)]
    new = answered(desk.join(group_instance_id="shelf", protocols=changed))
    assert (new.generation_id, new.protocol_name) == (2, "roundrobin")


def test_a_static_member_that_returns_while_joining_fences_the_old_one(desk: Desk) -> None:
    """The parked join under the old member id ends with FENCED_INSTANCE_ID."""
    desk.stable(group_instance_id="other")
    old = desk.enter(group_instance_id="shelf")
    new = desk.join(group_instance_id="shelf")
    assert old.response.error_code == ErrorCode.FENCED_INSTANCE_ID
    assert not new.is_done


def test_a_static_member_that_returns_before_the_sync_rebalances(desk: Desk) -> None:
    """Its parked sync ends with FENCED_INSTANCE_ID, and the others begin again."""
    leader, follower = desk.enter(), desk.enter(group_instance_id="shelf")
    desk.gather()
    old = desk.sync(follower.response, group_instance_id="shelf")
    new = desk.join(group_instance_id="shelf")
    assert old.response.error_code == ErrorCode.FENCED_INSTANCE_ID
    assert isinstance(new, Waiting)
    assert desk.beat(leader.response) == ErrorCode.REBALANCE_IN_PROGRESS


def test_static_members_keep_their_place_in_a_rebalance(desk: Desk) -> None:
    """A static member that is away while others rebalance stays a member until its session is over."""
    desk.stable(group_instance_id="shelf", session_timeout_ms=60_000)
    newcomer = desk.enter()
    desk.wait(20_000)
    assert {member.group_instance_id for member in newcomer.response.members} == {"shelf", None}


# Restarts


@pytest.mark.parametrize("clean", [True, False])
def test_members_keep_their_place_over_a_restart(desk: Desk, clean: bool) -> None:
    """Generation, members and assignments are stored with the sync, and every session starts anew."""
    joined = desk.stable()
    desk.wait(9_000)
    desk.restart(clean=clean)
    desk.wait(9_000)
    assert desk.beat(joined) == ErrorCode.NONE
    assert desk.sync(joined).assignment == b"all"
    desk.wait(10_000)
    assert desk.state() == "Empty"


def test_a_restart_amid_a_rebalance_falls_back_to_the_stored_generation(desk: Desk) -> None:
    """What was joined and not assigned is gone; members of the older generation are still there."""
    first = desk.stable()
    newcomer = desk.enter()
    again = answered(desk.join(member_id=first.member_id))
    assert again.generation_id == 2
    desk.restart()
    assert desk.state() == "Stable"
    assert desk.beat(again) == ErrorCode.ILLEGAL_GENERATION
    assert desk.beat(newcomer.response) == ErrorCode.UNKNOWN_MEMBER_ID


def test_parked_requests_are_answered_when_the_broker_stops(desk: Desk) -> None:
    """NOT_COORDINATOR sends clients to look for the next coordinator at once."""
    desk.stable()
    parked = desk.enter()
    desk.restart()
    assert parked.response.error_code == ErrorCode.NOT_COORDINATOR


def test_the_leader_of_a_stored_group_keeps_its_role(desk: Desk) -> None:
    """After a restart the stored leader's join rebalances, as before."""
    joined = desk.stable()
    desk.restart()
    assert answered(desk.join(member_id=joined.member_id)).generation_id == 2
