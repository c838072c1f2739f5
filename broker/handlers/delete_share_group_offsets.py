"""DeleteShareGroupOffsets (API 92): have an empty share group forget topics (KIP-932)."""

from __future__ import annotations

from typing import Any

from ...protocol.errors import ErrorCode
from ...protocol.messages.delete_share_group_offsets import RESPONSE, RESPONSE_TOPIC
from ..context import Pending, RequestContext
from ..effects import Failure
from ..groups.share import requests as share_requests
from ..groups.share.requests import DoomedState
from ..share_coordinator import Results


def handle(request: Any, context: RequestContext) -> Any:
    """Note in the group what is to be deleted, have the share coordinator delete it, and note that it has."""
    if not request.group_id:
        error = ErrorCode.INVALID_GROUP_ID
        return RESPONSE(error_code=error, error_message=error.message)
    return _Deletion(request, context).run()


class _Deletion:
    """One request on its way."""

    def __init__(self, request: Any, context: RequestContext) -> None:
        self._group_id = request.group_id
        self._names = [topic.topic_name for topic in request.topics]
        self._node = context.node
        self._pending = Pending()
        self._rows: list[Any] = []

    def run(self) -> Any:
        """The response, or the Pending."""
        self._node.groups.call(
            self._group_id,
            lambda shard, token, _, effects: share_requests.doom_offsets(
                shard, self._group_id, self._names, token, effects
            ),
            self._doomed,
        )
        return self._pending.settled()

    def _doomed(self, reply: DoomedState | Failure) -> None:
        if isinstance(reply, Failure):
            self._fail(reply)
            return
        self._rows = [
            RESPONSE_TOPIC(
                topic_name=name, error_code=ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, error_message=message
            )
            for name, message in reply.refused.items()
        ]
        if reply.partitions:
            self._node.share_states.delete(self._group_id, reply.partitions, self._deleted)
        else:
            self._answer()

    def _deleted(self, results: Results) -> None:
        failed = {key.topic_id: reply for key, reply in results.items() if isinstance(reply, Failure)}
        gone = [t for t in dict.fromkeys(key.topic_id for key in results) if t not in failed]
        for topic_id, failure in failed.items():
            self._rows.append(self._row(topic_id, failure))
        if not gone:
            self._answer()
            return
        self._node.groups.call(
            self._group_id,
            lambda shard, token, _, effects: share_requests.forget_offsets(
                shard, self._group_id, gone, token, effects
            ),
            lambda reply: self._forgotten(gone, reply),
        )

    def _forgotten(self, topic_ids: list[bytes], reply: ErrorCode | Failure) -> None:
        if isinstance(reply, Failure):
            self._fail(reply)
            return
        self._rows += [self._row(topic_id, None) for topic_id in topic_ids]
        self._answer()

    def _row(self, topic_id: bytes, failure: Failure | None) -> Any:
        topic = self._node.topics.by_id(topic_id)
        row = RESPONSE_TOPIC(topic_id=topic_id, topic_name="" if topic is None else topic.name)
        if failure is not None:
            row.error_code, row.error_message = failure.error, failure.error.message
        return row

    def _fail(self, failure: Failure) -> None:
        message = failure.message or failure.error.message
        self._pending.complete(RESPONSE(error_code=failure.error, error_message=message))

    def _answer(self) -> None:
        self._pending.complete(RESPONSE(responses=self._rows))
