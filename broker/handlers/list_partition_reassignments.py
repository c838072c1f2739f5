"""ListPartitionReassignments (API 46): with one broker no partition ever moves (KIP-455)."""

from __future__ import annotations

from typing import Any

from ...protocol.messages.list_partition_reassignments import RESPONSE
from ..context import RequestContext


def handle(request: Any, context: RequestContext) -> Any:  # noqa: ARG001
    return RESPONSE(error_message=None)
