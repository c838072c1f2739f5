"""WriteTxnMarkers (API 27): write the ends of transactions into partitions (KIP-98).

The transactions of this broker need no such request; administrators send it to end a transaction that hangs
(`kafka-transactions abort`, KIP-664).

- 2: with the version of the transaction; from the second on the marker's epoch is a later one (KIP-1228).
"""

from __future__ import annotations

from functools import partial
from typing import Any

from ...protocol.errors import ErrorCode
from ...protocol.messages.write_txn_markers import PARTITION_RESULT, RESPONSE, RESULT, TOPIC_RESULT
from ..context import Pending, RequestContext
from ..markers import Marker, write_marker
from ..transactions.records import VERSION_WITH_EPOCHS


def handle(request: Any, context: RequestContext) -> Any:
    """Write every marker, and answer once all are durable."""
    results: list[Any] = []
    node, pending = context.node, Pending()
    missing = 1  # the loop itself

    def settle(row: Any, error: ErrorCode) -> None:
        nonlocal missing
        row.error_code = error
        finish()

    def finish() -> None:
        nonlocal missing
        missing -= 1
        if missing == 0:
            pending.complete(RESPONSE(markers=results))

    for asked in request.markers:
        marker = Marker(
            asked.producer_id,
            asked.producer_epoch,
            asked.transaction_result,
            asked.coordinator_epoch,
            has_next_epoch=asked.transaction_version >= VERSION_WITH_EPOCHS,
        )
        topics = []
        for topic in asked.topics:
            rows = [PARTITION_RESULT(partition_index=index) for index in topic.partition_indexes]
            topics.append(TOPIC_RESULT(name=topic.name, partitions=rows))
            for row in rows:
                found = node.topics.partition(topic.name, row.partition_index)
                if found is None:
                    row.error_code = ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
                else:
                    missing += 1
                    write_marker(found, marker, node.groups, context.now_ms, partial(settle, row))
        results.append(RESULT(producer_id=asked.producer_id, topics=topics))
    finish()
    return pending.settled()
