"""A simulated member of a share group that keeps the rules of its protocol (KIP-932)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from odradek.broker.groups.events import Effects, Instant
from odradek.broker.groups.share import requests
from odradek.broker.groups.share.heartbeat import ShareHeartbeat

from .client import GROUP, Token, Violation
from .consumer_group_client import Owned, places
from .heartbeat_client import HEARTBEAT_MS, HeartbeatClient

if TYPE_CHECKING:
    from .share_group_model import ShareGroupWorld


class ShareClient(HeartbeatClient):
    """A member. It reads what it is told to read at once, as others may read the same."""

    has: Owned

    def __init__(self, world: ShareGroupWorld, name: str, instance_id: str | None) -> None:
        super().__init__(world, name, instance_id)
        self.world: ShareGroupWorld = world
        self.change_mind()

    def change_mind(self) -> None:
        """Want other topics."""
        self.names = self.world.subscription()
        self.is_full = True

    def heartbeat(self, everything: bool) -> ShareHeartbeat:
        """The request."""
        names = self.names if everything else None
        return ShareHeartbeat(GROUP, self.member_id, self.epoch, self.name, "/::1", topic_names=names)

    def farewell(self, epoch: int) -> ShareHeartbeat:
        """The request with which it leaves."""
        return ShareHeartbeat(GROUP, self.member_id, epoch)

    def ask(self, request: ShareHeartbeat, token: Token, now: Instant, effects: Effects) -> None:
        """What the coordinator does about a request."""
        requests.heartbeat(self.world.shard, request, token, now, effects)

    def answered(self, reply: Any) -> None:
        """A heartbeat was carried out."""
        if reply.assignment is not None:
            self.has = places(reply.assignment)
        member = self.world.member(self.member_id)
        if member is not None and member.member_epoch == self.epoch and places(member.assigned) != self.has:
            raise Violation(f"{self.name} reads {sorted(self.has)}, and was to read {member.assigned}")
        self.later(HEARTBEAT_MS, self.beat)
