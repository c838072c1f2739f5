"""StreamsGroupTopologyDescriptionUpdate (API 93): the topology of a streams group (KIP-1331).

Descriptions are the business of a plugin. A broker without one, as this is and Apache Kafka as it comes,
never asks a member for its description and takes none.
"""

from __future__ import annotations

from typing import Any

from ...protocol.errors import ErrorCode
from ...protocol.messages.streams_group_topology_description_update import RESPONSE
from ..context import RequestContext


def handle(request: Any, context: RequestContext) -> Any:  # noqa: ARG001
    """Refuse the description."""
    return RESPONSE(
        error_code=ErrorCode.UNSUPPORTED_VERSION,
        error_message="The broker has no streams group topology description plugin configured.",
    )
