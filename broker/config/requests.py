"""What AlterConfigs and IncrementalAlterConfigs have in common: checks of a request, one verdict a resource.

A resource is changed as a whole or not at all; what is accepted of one request is one change of the metadata.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from ...protocol.errors import ErrorCode
from ...storage.errors import StorageError
from ..topic_requests import duplicates
from .resources import (
    BROKER,
    CLIENT_METRICS,
    GROUP,
    TOPIC,
    ConfigRefused,
    Overrides,
    Resource,
)

if TYPE_CHECKING:
    from ..context import RequestContext

# Of a requested resource and what is set for it: what is to be set for it. Raises ConfigRefused.
Change = Callable[[Any, Overrides], Overrides]


# Carries out what is requested of a resource, or only looks whether it can. Raises ConfigRefused.
Action = Callable[[Any, "RequestContext", bool], None]


def alter(
    request: Any,
    context: RequestContext,
    change: Change,
    result: Any,
    actions: Mapping[int, Action] | None = None,
) -> list[Any]:
    """Carry out a request; a row of the struct `result` for each of its resources.

    `actions` are for types of resources whose settings are not kept, but last as long as the process.
    """
    node = context.node
    twice = duplicates((each.resource_type, each.resource_name) for each in request.resources)
    accepted: list[tuple[Resource, Overrides]] = []
    rows = []
    for asked in request.resources:
        resource = asked.resource_type, asked.resource_name
        row = result(resource_type=asked.resource_type, resource_name=asked.resource_name, error_message=None)
        rows.append(row)
        try:
            if resource in twice:
                raise ConfigRefused(ErrorCode.INVALID_REQUEST, "Each resource must appear at most once.")
            if duplicates(config.name for config in asked.configs):
                raise ConfigRefused(ErrorCode.INVALID_REQUEST, "Error due to duplicate config keys")
            action = (actions or {}).get(asked.resource_type)
            if action is not None:
                action(asked, context, request.validate_only)
                continue
            _check_resource(asked, node.node_id)
            overrides = change(asked, node.config_resources.overrides(*resource))
            node.config_resources.check(*resource, overrides)
            accepted.append((resource, overrides))
        except ConfigRefused as error:
            row.error_code, row.error_message = error.code, str(error)
    if not request.validate_only:
        try:
            node.config_resources.change(accepted, context.now_ms)
        except StorageError as error:
            for row in rows:
                if row.error_code == ErrorCode.NONE:
                    row.error_code, row.error_message = ErrorCode.KAFKA_STORAGE_ERROR, str(error)
    return rows


def _check_resource(asked: Any, node_id: int) -> None:
    if asked.resource_type not in (TOPIC, BROKER, CLIENT_METRICS, GROUP):
        raise ConfigRefused(ErrorCode.INVALID_REQUEST, f"Unknown resource type {asked.resource_type}")
    name = asked.resource_name
    if asked.resource_type == BROKER and name:
        check_node_id(name)
        if name != str(node_id):
            raise ConfigRefused(
                ErrorCode.INVALID_REQUEST, f"Unexpected broker id, expected {node_id}, but received {name}"
            )


def check_node_id(name: str) -> None:
    """Raise ConfigRefused unless the name of a resource is a number."""
    if not name.removeprefix("-").isdecimal():
        raise ConfigRefused(ErrorCode.INVALID_REQUEST, f"Node id must be an integer, but it is: {name}")


def check_nulls(configs: Mapping[str, str | None]) -> None:
    """Raise ConfigRefused for settings without a value."""
    nulls = [name for name, value in configs.items() if value is None]
    if nulls:
        raise ConfigRefused(ErrorCode.INVALID_REQUEST, f"Null value not supported for : {', '.join(nulls)}")
