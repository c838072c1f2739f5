"""DescribeQuorum (API 55): this node alone votes on the metadata log, and leads (KIP-595).

- The one topic and partition that can be asked for is that log; other requests are refused as a whole.
- 2: the voter's address, which is the broker's (KIP-853).
"""

from __future__ import annotations

from typing import Any

from ...protocol.errors import ErrorCode
from ...protocol.messages.describe_quorum import (
    LISTENER,
    NODE,
    REPLICA,
    RESPONSE,
    RESPONSE_PARTITION,
    RESPONSE_TOPIC,
)
from ..context import RequestContext
from ..metadata_log import TOPIC_NAME


def handle(request: Any, context: RequestContext) -> Any:
    asked = [
        (topic.topic_name, [each.partition_index for each in topic.partitions]) for topic in request.topics
    ]
    if asked != [(TOPIC_NAME, [0])]:
        return RESPONSE(
            topics=[
                RESPONSE_TOPIC(topic_name=name, partitions=[_unknown(index) for index in indexes])
                for name, indexes in asked
            ]
        )
    node = context.node
    host, port = context.advertised
    listener = LISTENER(name=node.config["controller.listener.names"][0], host=host, port=port)
    return RESPONSE(
        topics=[RESPONSE_TOPIC(topic_name=TOPIC_NAME, partitions=[_described(context)])],
        nodes=[NODE(node_id=node.node_id, listeners=[listener])],
    )


def _unknown(index: int) -> Any:
    code = ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
    return RESPONSE_PARTITION(partition_index=index, error_code=code, error_message=code.message)


def _described(context: RequestContext) -> Any:
    node, log = context.node, context.node.metadata_log.log
    voter = REPLICA(
        replica_id=node.node_id,
        log_end_offset=log.log_end_offset,
        last_fetch_timestamp=context.now_ms,
        last_caught_up_timestamp=context.now_ms,
    )
    return RESPONSE_PARTITION(
        leader_id=node.node_id,
        leader_epoch=log.leader_epochs.latest_epoch,
        high_watermark=log.log_end_offset,
        current_voters=[voter],
    )
