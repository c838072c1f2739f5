"""DescribeCluster (API 60): who the brokers are (KIP-700).

- 1: controllers may be asked for instead (KIP-919), but not at a broker's address.
"""

from __future__ import annotations

from typing import Any

from ...protocol.errors import ErrorCode
from ...protocol.messages.describe_cluster import BROKER, RESPONSE
from ..authorized_operations import CLUSTER, NOT_ASKED
from ..context import RequestContext

_BROKERS, _CONTROLLERS = 1, 2


def handle(request: Any, context: RequestContext) -> Any:
    node = context.node
    if request.endpoint_type != _BROKERS:
        known = request.endpoint_type == _CONTROLLERS
        code = ErrorCode.MISMATCHED_ENDPOINT_TYPE if known else ErrorCode.UNSUPPORTED_ENDPOINT_TYPE
        message = (
            f"This address is a broker's, and the request is meant for endpoint type {request.endpoint_type}."
        )
        return RESPONSE(error_code=code, error_message=message)
    host, port = context.advertised
    return RESPONSE(
        endpoint_type=_BROKERS,
        cluster_id=node.cluster_id,
        controller_id=node.node_id,
        brokers=[BROKER(broker_id=node.node_id, host=host, port=port, rack=node.rack)],
        cluster_authorized_operations=CLUSTER if request.include_cluster_authorized_operations else NOT_ASKED,
    )
