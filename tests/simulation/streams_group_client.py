"""A simulated thread of a Kafka Streams program that keeps the rules of the streams protocol (KIP-1071)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from odradek.broker.groups.events import Effects, Instant
from odradek.broker.groups.membership import JOIN_EPOCH
from odradek.broker.groups.streams.events import StreamsHeartbeat
from odradek.broker.groups.streams.tasks import Tasks, TaskSets

from .client import GROUP, Token
from .heartbeat_client import OwningClient

if TYPE_CHECKING:
    from .streams_group_model import StreamsWorld


class StreamsClient(OwningClient):
    """A member. What it may work on is `has.active`; its process shares a folder of state with others."""

    nothing = TaskSets()

    def __init__(self, world: StreamsWorld, name: str, instance_id: str | None, process_id: str) -> None:
        super().__init__(world, name, instance_id)
        self.world: StreamsWorld = world
        self.process_id = process_id

    def heartbeat(self, everything: bool) -> StreamsHeartbeat:
        """The request."""
        return StreamsHeartbeat(
            GROUP,
            self.member_id,
            self.epoch,
            client_id=self.name,
            client_host="/::1",
            instance_id=self.instance_id,
            rebalance_timeout_ms=self.rebalance_ms if everything else -1,
            topology=self.world.topology if self.epoch == JOIN_EPOCH else None,
            owned=self.has if everything or self.has != self.sent else None,
            process_id=self.process_id if everything else None,
            user_endpoint=(self.name, 1) if everything else None,
            client_tags=() if everything else None,
        )

    def farewell(self, epoch: int) -> StreamsHeartbeat:
        """The request with which it leaves."""
        return StreamsHeartbeat(GROUP, self.member_id, epoch, instance_id=self.instance_id)

    def ask(self, request: StreamsHeartbeat, token: Token, now: Instant, effects: Effects) -> None:
        """What the coordinator does about a request."""
        self.world.shard.streams_heartbeat(request, token, now, effects)

    def told_by(self, reply: Any) -> TaskSets | None:
        """What a reply says that it is to have, or None."""
        told: TaskSets | None = reply.tasks
        return told

    def places_of(self, having: TaskSets) -> Tasks:
        """The active tasks."""
        return having.active
