"""IncrementalAlterConfigs (API 44): single settings of topics, brokers, groups and client metrics (KIP-339).

- An operation sets or deletes a setting, or appends items to a list or takes them out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...protocol.errors import ErrorCode
from ...protocol.messages.incremental_alter_configs import RESPONSE, RESULT
from ..config import BROKER_KEYS, TOPIC_KEYS, ConfigKey
from ..config_keys import LIST
from ..config_requests import alter, check_nulls
from ..config_resources import BROKER, TOPIC, ConfigRefused, Overrides
from ..context import RequestContext

_SET, _DELETE, _APPEND, _SUBTRACT = range(4)
_NAMES = {_APPEND: "APPEND", _SUBTRACT: "SUBTRACT"}

# Where there are lists to append to. Those of groups and client metrics can only be set, as in Kafka.
_LISTS: Mapping[int, Mapping[str, ConfigKey]] = {TOPIC: TOPIC_KEYS, BROKER: BROKER_KEYS}


def handle(request: Any, context: RequestContext) -> Any:
    return RESPONSE(responses=alter(request, context, _changed, RESULT))


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
        raise ConfigRefused(
            ErrorCode.INVALID_CONFIG,
            f"Can't {_NAMES[change.config_operation]} to key {change.name} because its type is not LIST.",
        )
    text = present.get(change.name, key.format(key.default) or "")
    items = [item for item in text.split(",") if item]
    for item in change.value.split(","):
        if change.config_operation == _APPEND and item not in items:
            items.append(item)
        elif change.config_operation == _SUBTRACT and item in items:
            items.remove(item)
    return ",".join(items)
