"""The APIs by which brokers keep the state of share groups (KIP-932), so far as they are alike."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from .context import Pending, RequestContext
from .share.state_records import SharePartitionKey
from .share_coordinator import Results

Ask = Callable[[Any, SharePartitionKey, Any, Any, Any, Any], None]


class StateApi(NamedTuple):
    """One API: `ask(shard, key, partition, token, now, effects)` hands what the request says of a partition
    to a shard, and `row(index, reply)` makes the partition's element of the response.
    """

    ask: Ask
    row: Callable[[int, Any], Any]
    response: Any
    response_topic: Any


def handle_states(api: StateApi, request: Any, context: RequestContext) -> Any:
    """The response to a request about states, or a Pending. What names nothing is answered with nothing."""
    if not request.group_id or not all(topic.partitions for topic in request.topics):
        return api.response()
    asked = {
        SharePartitionKey(request.group_id, topic.topic_id, partition.partition): partition
        for topic in request.topics
        for partition in topic.partitions
    }
    pending = Pending()

    def finish(results: Results) -> None:
        topics: dict[bytes, Any] = {}
        for key, reply in results.items():
            topic = topics.setdefault(key.topic_id, api.response_topic(topic_id=key.topic_id))
            topic.partitions.append(api.row(key.partition, reply))
        pending.complete(api.response(results=list(topics.values())))

    context.node.share_states.each(
        list(asked),
        lambda shard, key, token, now, effects: api.ask(shard, key, asked[key], token, now, effects),
        finish,
    )
    return pending.settled()
