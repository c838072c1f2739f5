"""DeleteGroups (KIP-229): remove empty groups with all their committed offsets, and share groups with what
the share coordinator keeps of them (KIP-932).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...protocol.errors import ErrorCode
from ...protocol.messages.delete_groups import RESPONSE, RESULT
from ..context import Pending, RequestContext
from ..groups.events import Failure
from ..groups.share import requests as share_requests
from ..groups.share.requests import DoomedState
from ..share_coordinator import failure_of


def handle(request: Any, context: RequestContext) -> Any:
    """Delete each group, with an error code for each."""
    group_ids = list(dict.fromkeys(request.groups_names))
    pending, errors = Pending(), {}

    def delete(group_id: str) -> None:
        def settle(error: ErrorCode) -> None:
            errors[group_id] = error
            if len(errors) == len(group_ids):
                results = [RESULT(group_id=each, error_code=errors[each]) for each in group_ids]
                pending.complete(RESPONSE(results=results))

        _delete(context, group_id, settle)

    for group_id in group_ids:
        delete(group_id)
    return pending.settled() if group_ids else RESPONSE()


def _delete(context: RequestContext, group_id: str, done: Callable[[ErrorCode], None]) -> None:
    node = context.node

    def doomed(reply: DoomedState | Failure) -> None:
        if isinstance(reply, Failure):
            done(reply.error)
        elif reply.partitions:
            node.share_states.delete(group_id, reply.partitions, lambda results: remove(failure_of(results)))
        else:
            remove(None)

    def remove(failure: Failure | None) -> None:
        if failure is not None:
            done(failure.error)
            return
        node.groups.call(
            group_id,
            lambda shard, token, _, effects: shard.delete_group(group_id, token, effects),
            lambda reply: done(reply.error if isinstance(reply, Failure) else reply),
        )

    node.groups.call(
        group_id,
        lambda shard, token, _, effects: share_requests.doom_group(shard, group_id, token, effects),
        doomed,
    )
