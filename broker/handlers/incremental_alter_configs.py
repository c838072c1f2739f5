"""IncrementalAlterConfigs (API 44): single settings of topics, brokers, groups and client metrics (KIP-339).

- An operation sets or deletes a setting, or appends items to a list or takes them out.
- Levels of loggers (KIP-412) last until the broker ends.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...protocol.errors import ErrorCode
from ...protocol.messages.incremental_alter_configs import RESPONSE, RESULT
from .. import broker_loggers
from ..config.broker_config import BROKER_KEYS, TOPIC_KEYS, ConfigKey
from ..config.keys import LIST
from ..config.requests import alter, check_node_id, check_nulls
from ..config.resources import (
    BROKER,
    BROKER_LOGGER,
    TOPIC,
    ConfigRefused,
    Overrides,
)
from ..context import RequestContext

_SET, _DELETE, _APPEND, _SUBTRACT = range(4)
_NAMES = {_APPEND: "APPEND", _SUBTRACT: "SUBTRACT"}

# Where there are lists to append to. Those of groups and client metrics can only be set, as in Kafka.
_LISTS: Mapping[int, Mapping[str, ConfigKey]] = {TOPIC: TOPIC_KEYS, BROKER: BROKER_KEYS}


def handle(request: Any, context: RequestContext) -> Any:
    return RESPONSE(responses=alter(request, context, _changed, RESULT, {BROKER_LOGGER: _set_levels}))


def _changed(asked: Any, present: Overrides) -> Overrides:
    check_nulls({each.name: each.value for each in asked.configs if each.config_operation != _DELETE})
    changed = dict(present)
    for each in asked.configs:
        if each.config_operation == _SET:
            changed[each.name] = each.value
        elif each.config_operation == _DELETE:
            changed.pop(each.name, None)
        elif each.config_operation in _NAMES:
            changed[each.name] = _items(asked.resource_type, each, present)
        else:
            raise ConfigRefused(ErrorCode.INVALID_REQUEST, f"Unknown operations type {each.config_operation}")
    return changed


def _items(resource_type: int, change: Any, present: Overrides) -> str:
    """A list after something was appended to it or taken out; one that is not set counts as its default."""
    key = _LISTS.get(resource_type, {}).get(change.name)
    if key is None or key.type != LIST:
        raise ConfigRefused(ErrorCode.INVALID_CONFIG, _no_list(resource_type, change, key))
    text = present.get(change.name, key.format(key.default) or "")
    items = [item for item in text.split(",") if item]
    for item in change.value.split(","):
        if change.config_operation == _APPEND and item not in items:
            items.append(item)
        elif change.config_operation == _SUBTRACT and item in items:
            items.remove(item)
    return ",".join(items)


def _no_list(resource_type: int, change: Any, key: ConfigKey | None) -> str:
    operation = _NAMES[change.config_operation]
    if resource_type != BROKER:
        return f"Can't {operation} to key {change.name} because its type is not LIST."
    if key is None:
        return f"Unknown config name: {change.name}"
    return f"Config value {operation.lower()} is not allowed for config key: {change.name}"


def _set_levels(asked: Any, context: RequestContext, validate_only: bool) -> None:
    changes = {each.name: each for each in asked.configs}
    check_nulls({name: each.value for name, each in changes.items() if each.config_operation != _DELETE})
    check_node_id(asked.resource_name)
    node_id = context.node.node_id
    if asked.resource_name != str(node_id):
        raise ConfigRefused(
            ErrorCode.INVALID_REQUEST,
            f"Unexpected node id. Expected {node_id}, but received {asked.resource_name}",
        )
    for each in changes.values():
        _check_level(each)
    if not validate_only:
        for name, each in changes.items():
            broker_loggers.set_level(name, each.value if each.config_operation == _SET else None)


def _check_level(change: Any) -> None:
    if change.config_operation not in (_SET, _DELETE):
        operation = _NAMES.get(change.config_operation, str(change.config_operation))
        raise ConfigRefused(
            ErrorCode.INVALID_REQUEST, f"{operation} operation is not allowed for the BROKER_LOGGER resource"
        )
    if change.name not in broker_loggers.levels():
        raise ConfigRefused(ErrorCode.INVALID_CONFIG, f"Logger {change.name} does not exist!")
    if change.config_operation == _SET and change.value not in broker_loggers.LEVELS:
        raise ConfigRefused(
            ErrorCode.INVALID_CONFIG,
            f"Cannot set the log level of {change.name} to {change.value} as it is not a supported log "
            f"level. Valid log levels are {', '.join(sorted(broker_loggers.LEVELS))}",
        )
    if change.config_operation == _DELETE and change.name == broker_loggers.ROOT:
        raise ConfigRefused(
            ErrorCode.INVALID_REQUEST, "Removing the log level of the root logger is not allowed"
        )
