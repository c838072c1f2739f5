"""DescribeShareGroupOffsets (API 90): where share groups begin to read partitions (KIP-932).

- 1: the lag (KIP-1226).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...protocol.errors import ErrorCode
from ...protocol.messages.describe_share_group_offsets import (
    RESPONSE,
    RESPONSE_GROUP,
    RESPONSE_PARTITION,
    RESPONSE_TOPIC,
)
from ..context import Pending, RequestContext
from ..effects import Failure
from ..groups.share.group import ShareGroup
from ..partition import Partition
from ..share.state_records import NO_COUNT, NO_OFFSET
from ..share.state_shard import StateSummary
from ..share_coordinator import Results, keys_of

_NO_LAG = -1

Wanted = dict[bytes, list[int]]


def handle(request: Any, context: RequestContext) -> Any:
    """Describe each group."""
    pending, groups = Pending(), [None] * len(request.groups)
    missing = len(groups)

    def settle(position: int, group: Any) -> None:
        nonlocal missing
        groups[position] = group
        missing -= 1
        if missing == 0:
            pending.complete(RESPONSE(groups=groups))

    for position, group in enumerate(request.groups):
        _Description(context, group).run(lambda described, at=position: settle(at, described))  # type: ignore[misc]
    return pending.settled() if groups else RESPONSE()


class _Description:
    """One group on its way."""

    def __init__(self, context: RequestContext, asked: Any) -> None:
        self._context, self._asked = context, asked
        self._unknown: list[Any] = []

    def run(self, done: Callable[[Any], None]) -> None:
        """Read the summaries of what is asked for, or of everything that has a state."""
        asked = self._asked
        if asked.topics is None:
            self._context.node.groups.call(
                asked.group_id,
                lambda shard, token, _, effects: effects.reply(token, _all(shard, asked.group_id)),
                lambda reply: (
                    done(self._failed(reply)) if isinstance(reply, Failure) else self._read(reply, done)
                ),
            )
        else:
            self._read(self._known(), done)

    def _failed(self, failure: Failure) -> Any:
        return RESPONSE_GROUP(
            group_id=self._asked.group_id, error_code=failure.error, error_message=failure.error.message
        )

    def _known(self) -> Wanted:
        """The topics asked for that exist; the others are told of as they are."""
        wanted: Wanted = {}
        for asked in self._asked.topics:
            topic = self._context.node.topics.get(asked.topic_name)
            if topic is not None:
                wanted[topic.topic_id] = list(asked.partitions)
                continue
            rows = [RESPONSE_PARTITION(partition_index=i, start_offset=NO_OFFSET) for i in asked.partitions]
            self._unknown.append(RESPONSE_TOPIC(topic_name=asked.topic_name, partitions=rows))
        return wanted

    def _read(self, wanted: Wanted, done: Callable[[Any], None]) -> None:
        keys = keys_of(self._asked.group_id, {t: dict.fromkeys(each, 0) for t, each in wanted.items()})
        self._context.node.share_states.each(
            keys,
            lambda shard, key, token, _, effects: shard.read_summary(key, token, effects),
            lambda results: done(self._described(results)),
        )

    def _described(self, results: Results) -> Any:
        topics: dict[bytes, Any] = {}
        for key, reply in results.items():
            topic = self._context.node.topics.by_id(key.topic_id)
            if topic is None:
                continue
            row = topics.setdefault(
                key.topic_id, RESPONSE_TOPIC(topic_id=key.topic_id, topic_name=topic.name)
            )
            if isinstance(reply, Failure):
                summary, partition = StateSummary(), None
            else:
                summary, partition = reply, topic.partitions[key.partition]
            row.partitions.append(
                RESPONSE_PARTITION(
                    partition_index=key.partition,
                    start_offset=summary.start_offset,
                    leader_epoch=summary.leader_epoch,
                    lag=_lag(summary, partition),
                )
            )
        return RESPONSE_GROUP(
            group_id=self._asked.group_id,
            topics=[*topics.values(), *self._unknown],
            error_code=ErrorCode.NONE,
        )


def _all(shard: Any, group_id: str) -> Wanted:
    group = shard.groups.get(group_id)
    if not isinstance(group, ShareGroup):
        return {}
    return {topic_id: sorted(topic.partitions) for topic_id, topic in group.state.initialized.items()}


def _lag(summary: StateSummary, partition: Partition | None) -> int:
    """How many records the group has not done with yet."""
    if partition is None or summary.start_offset == NO_OFFSET or summary.delivery_complete_count == NO_COUNT:
        return _NO_LAG
    return partition.high_watermark - summary.start_offset - summary.delivery_complete_count
