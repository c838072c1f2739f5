"""AlterConfigs (API 33): what is set for topics, brokers, groups and client metrics (KIP-133).

- The request names all that is to be set: what it leaves out goes back to its default.
"""

from __future__ import annotations

from typing import Any

from ...protocol.messages.alter_configs import RESPONSE, RESULT
from ..config.requests import alter, check_nulls
from ..config.resources import Overrides
from ..context import RequestContext


def handle(request: Any, context: RequestContext) -> Any:
    return RESPONSE(responses=alter(request, context, _replaced, RESULT))


def _replaced(asked: Any, present: Overrides) -> Overrides:  # noqa: ARG001
    configs = {config.name: config.value for config in asked.configs}
    check_nulls(configs)
    return configs
