"""FindCoordinator, DescribeGroups, ListGroups and DeleteGroups, through protocol values."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from odradek.protocol.errors import ErrorCode

from .group_desk import SUBSCRIPTION, Desk
from .harness import HOST, PORT

GROUP, SHARE = 0, 2


@pytest.fixture
def desk() -> Iterator[Desk]:
    """A broker in memory."""
    desk = Desk()
    yield desk
    desk.node.close()


def listed(desk: Desk, version: int = 5, **filters: Any) -> list[tuple[str, str, str, str]]:
    """The rows of ListGroups, sorted."""
    answer = desk.ask("list_groups", version, **filters)
    assert answer.error_code == ErrorCode.NONE
    return sorted((g.group_id, g.protocol_type, g.group_state, g.group_type) for g in answer.groups)


def deleted(desk: Desk, *group_ids: str, version: int = 2) -> list[tuple[str, int]]:
    """The rows of DeleteGroups."""
    answer = desk.ask("delete_groups", version, groups_names=list(group_ids))
    return [(row.group_id, row.error_code) for row in answer.results]


@pytest.mark.parametrize("version", range(4))
def test_one_coordinator_is_found(desk: Desk, version: int) -> None:
    """This broker coordinates every group, at the address by which the client came."""
    answer = desk.ask("find_coordinator", version, key="g")
    assert (answer.error_code, answer.node_id, answer.host, answer.port) == (0, 1, HOST, PORT)
    if version >= 1:
        assert answer.error_message == "NONE"


@pytest.mark.parametrize("version", [4, 5, 6])
def test_many_coordinators_are_found_at_once(desk: Desk, version: int) -> None:
    """One row for each key (KIP-699)."""
    answer = desk.ask("find_coordinator", version, key_type=GROUP, coordinator_keys=["a", "b"])
    assert [(row.key, row.error_code, row.node_id) for row in answer.coordinators] == [
        ("a", 0, 1),
        ("b", 0, 1),
    ]


@pytest.mark.parametrize("key_type", [SHARE, 9])
def test_other_coordinators_are_refused_in_words(desk: Desk, key_type: int) -> None:
    """No retriable error, and a sentence."""
    error = ErrorCode.INVALID_REQUEST
    answer = desk.ask("find_coordinator", 3, key_type=key_type, key="x")
    assert (answer.error_code, answer.node_id) == (error, -1)
    assert "This broker" in answer.error_message
    (row,) = desk.ask("find_coordinator", 6, key_type=key_type, coordinator_keys=["x"]).coordinators
    assert (row.key, row.error_code, row.node_id) == ("x", error, -1)


@pytest.mark.parametrize("version", range(7))
def test_a_stable_group_is_described_with_its_members(desk: Desk, version: int) -> None:
    """Protocol, and each member with client, host, subscription and assignment."""
    joined = desk.stable(group_instance_id="shelf")
    (group,) = desk.ask("describe_groups", version, groups=["g"]).groups
    assert (group.error_code, group.group_state) == (ErrorCode.NONE, "Stable")
    assert (group.protocol_type, group.protocol_data) == ("consumer", "range")
    assert group.authorized_operations == -(2**31)
    (member,) = group.members
    assert (member.member_id, member.client_id, member.client_host) == (
        joined.member_id,
        "tester",
        "/127.0.0.1",
    )
    assert (member.member_metadata, member.member_assignment) == (SUBSCRIPTION, b"all")
    assert member.group_instance_id == ("shelf" if version >= 4 else None)


def test_a_rebalancing_group_is_described_without_subscriptions(desk: Desk) -> None:
    """Metadata belongs to a chosen protocol, which there is none of yet."""
    desk.enter()
    (group,) = desk.ask("describe_groups", 5, groups=["g"]).groups
    assert (group.group_state, group.protocol_data) == ("PreparingRebalance", "")
    assert [member.member_metadata for member in group.members] == [b""]
    desk.gather()
    assert desk.state() == "CompletingRebalance"


@pytest.mark.parametrize(("version", "error"), [(0, 0), (5, 0), (6, ErrorCode.GROUP_ID_NOT_FOUND)])
def test_a_group_that_does_not_exist_is_dead(desk: Desk, version: int, error: int) -> None:
    """Dead without an error, and from v6 on with one and a sentence (KIP-1043)."""
    (group,) = desk.ask("describe_groups", version, groups=["nowhere"]).groups
    assert (group.error_code, group.group_state, group.members) == (error, "Dead", [])
    assert group.error_message == ("Group nowhere not found." if version == 6 else None)


@pytest.mark.parametrize("version", range(3, 7))
def test_authorized_operations_are_all_of_them(desk: Desk, version: int) -> None:
    """READ, DELETE, DESCRIBE, DESCRIBE_CONFIGS and ALTER_CONFIGS, when asked for (KIP-430)."""
    desk.commit(1)
    (group,) = desk.ask("describe_groups", version, groups=["g"], include_authorized_operations=True).groups
    assert group.authorized_operations == sum(1 << operation for operation in (3, 6, 8, 10, 11))


@pytest.mark.parametrize("version", range(6))
def test_all_groups_are_listed(desk: Desk, version: int) -> None:
    """Groups of every shard, with state from v4 (KIP-518) and type from v5 on (KIP-848)."""
    desk.stable()
    for number in range(6):
        desk.commit(1, group_id=f"simple-{number}")
    state = ("Stable", "Empty") if version >= 4 else ("", "")
    kind = "classic" if version >= 5 else ""
    expected = [("g", "consumer", state[0], kind)]
    assert listed(desk, version) == expected + [(f"simple-{n}", "", state[1], kind) for n in range(6)]


@pytest.mark.parametrize(
    ("filters", "names"),
    [
        ({"states_filter": ["Stable"]}, ["g"]),
        ({"states_filter": ["sTABLE", "Dead"]}, ["g"]),
        ({"states_filter": ["empty"]}, ["simple"]),
        ({"states_filter": ["Nonsense"]}, []),
        ({"types_filter": ["classic"]}, ["g", "simple"]),
        ({"types_filter": ["Classic", "share"]}, ["g", "simple"]),
        ({"types_filter": ["consumer"]}, []),
        ({"states_filter": [" stable "]}, ["g"]),
        ({"types_filter": [" classic "]}, []),
        ({"types_filter": ["nonsense"]}, []),
        ({"types_filter": ["classic"], "states_filter": ["Empty"]}, ["simple"]),
    ],
)
def test_lists_can_be_filtered(desk: Desk, filters: dict[str, Any], names: list[str]) -> None:
    """By states and types, without regard to case; unknown names match nothing."""
    desk.stable()
    desk.commit(1, group_id="simple")
    assert [row[0] for row in listed(desk, **filters)] == names


@pytest.mark.parametrize("version", range(4))
def test_empty_groups_are_deleted_with_their_offsets(desk: Desk, version: int) -> None:
    """GROUP_ID_NOT_FOUND and NON_EMPTY_GROUP for the others; a name that is given twice counts once."""
    desk.commit(1, group_id="simple")
    desk.stable()
    assert deleted(desk, "simple", "g", "nowhere", "simple", version=version) == [
        ("simple", 0),
        ("g", ErrorCode.NON_EMPTY_GROUP),
        ("nowhere", ErrorCode.GROUP_ID_NOT_FOUND),
    ]
    desk.restart(clean=False)
    assert [row[0] for row in listed(desk)] == ["g"]
    assert desk.committed(group_id="simple") == -1


def test_a_deleted_group_can_be_made_again(desk: Desk) -> None:
    """It begins with generation 1, also after a restart."""
    joined = desk.stable()
    desk.ask("leave_group", 2, group_id="g", member_id=joined.member_id)
    assert deleted(desk, "g") == [("g", 0)]
    assert desk.stable().generation_id == 1
    desk.restart()
    assert desk.state() == "Stable"


def test_an_unknown_pending_member_does_not_keep_a_group(desk: Desk) -> None:
    """A group with nothing but a member id that was given out can be deleted; the id is worthless then."""
    told = desk.join()
    assert deleted(desk, "g") == [("g", 0)]
    assert desk.join(member_id=told.member_id).error_code == ErrorCode.UNKNOWN_MEMBER_ID
