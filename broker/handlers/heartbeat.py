"""Heartbeat: a member of a classic group lives. KIP-345 (v3): static members."""

from __future__ import annotations

from typing import Any

from ...protocol.errors import ErrorCode
from ...protocol.messages.heartbeat import RESPONSE
from ..context import RequestContext
from ..groups.events import Effects, Failure, Instant
from ..groups.shard import Shard


def handle(request: Any, context: RequestContext) -> Any:
    """Note the life sign; the error code tells a member to join again."""

    def event(shard: Shard, token: Any, now: Instant, effects: Effects) -> None:
        error = shard.heartbeat(
            request.group_id, request.member_id, request.group_instance_id, request.generation_id, now
        )
        effects.reply(token, error)

    return context.node.groups.ask(context, request.group_id, event, _response)


def _response(reply: ErrorCode | Failure) -> Any:
    return RESPONSE(error_code=reply.error if isinstance(reply, Failure) else reply)
