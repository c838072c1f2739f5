"""What DescribeGroups and ListGroups say about groups."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import NamedTuple

from ..shard import Group, Shard
from .group import ClassicGroup
from .transitions import DEAD, STABLE

_SPELLED_OTHERWISE = {"NotReady": "not_ready"}


class DescribedMember(NamedTuple):
    """One member; its metadata is shown in a stable group only."""

    member_id: str
    instance_id: str | None
    client_id: str
    client_host: str
    metadata: bytes
    assignment: bytes


class Description(NamedTuple):
    """One group. `state` is Dead for a group that does not exist, or is of another type."""

    state: str
    protocol_type: str = ""
    protocol_name: str = ""
    members: tuple[DescribedMember, ...] = ()
    is_of_other_type: bool = False


class Listing(NamedTuple):
    """One line of ListGroups."""

    group_id: str
    protocol_type: str
    state: str
    group_type: str


def describe(group: Group | None) -> Description:
    """A group as DescribeGroups shows it, which knows classic groups only."""
    if not isinstance(group, ClassicGroup):
        return Description(DEAD.value, is_of_other_type=group is not None)
    protocol = group.protocol_name if group.state is STABLE else None
    members = tuple(
        DescribedMember(
            m.member_id,
            m.instance_id,
            m.client_id,
            m.client_host,
            b"" if protocol is None else m.metadata(protocol),
            m.assignment,
        )
        for m in group.members.values()
    )
    return Description(group.state.value, group.protocol_type or "", protocol or "", members)


def listings(shard: Shard, states: Collection[str], types: Collection[str]) -> Iterator[Listing]:
    """The groups of a shard in one of `states` (KIP-518) and of one of `types` (KIP-848).

    Empty means all, case does not count, and a name that nobody knows matches nothing.
    """
    wanted_states = {state.strip().lower() for state in states}
    wanted_types = {kind.lower() for kind in types}
    for group in shard.groups.values():
        state = group.state_name
        # Kafka knows NotReady by another name here, clients by the one that they are shown.
        names = {state.lower(), _SPELLED_OTHERWISE.get(state, state)}
        if (not wanted_states or names & wanted_states) and (
            not wanted_types or group.group_type in wanted_types
        ):
            yield Listing(group.group_id, group.protocol_type or "", state, group.group_type)
