"""DescribeConfigs (API 32): the settings of topics, of groups and of this broker.

- 0: is_default; 1: where each value comes from, and all that could give it (KIP-226); 3: types and
  documentation (KIP-569).
- An unknown key is left out. The broker "" means what is set for all brokers while they run: nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ...protocol.errors import ErrorCode
from ...protocol.messages.describe_configs import CONFIG, RESPONSE, RESULT, SYNONYM
from ..config import BROKER_KEYS, TOPIC_KEYS, BrokerConfig, ConfigKey, TopicConfig
from ..config_group import GROUP_KEYS, GroupConfig
from ..config_sources import DEFAULT_SOURCE, is_shown, source_code, type_code
from ..context import RequestContext
from ..topic_names import name_problem
from ..topics import TopicError

_TOPIC, _BROKER, _BROKER_LOGGER, _GROUP = 2, 4, 8, 32


def handle(request: Any, context: RequestContext) -> Any:
    return RESPONSE(results=[_describe(resource, request, context) for resource in request.resources])


def _describe(resource: Any, request: Any, context: RequestContext) -> Any:
    row = RESULT(resource_type=resource.resource_type, resource_name=resource.resource_name, error_message="")
    try:
        configs = _configs(resource, context)
    except TopicError as error:
        row.error_code = error.code
        if error.code != ErrorCode.UNKNOWN_TOPIC_OR_PARTITION:  # of which Kafka says no more
            row.error_message = str(error)
        return row
    keys = resource.configuration_keys
    row.configs = [each for each in configs if not keys or each.name in keys]
    for config in row.configs:
        if not request.include_synonyms:
            config.synonyms = []
        if not request.include_documentation:
            config.documentation = None
    return row


def _configs(resource: Any, context: RequestContext) -> Iterable[Any]:
    name, node = resource.resource_name, context.node
    if resource.resource_type == _TOPIC:
        problem = name_problem(name)
        if problem is not None:
            raise TopicError(ErrorCode.INVALID_TOPIC_EXCEPTION, problem)
        topic = node.topics.get(name)
        if topic is None:
            raise TopicError(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
        return [_own_config(topic.config, key) for key in TOPIC_KEYS.values() if is_shown(key.name)]
    if resource.resource_type == _BROKER:
        if name == "":
            return []
        _check_broker(name, node.node_id, " or empty string")
        return [_broker_config(node.config, key) for key in BROKER_KEYS.values()]
    if resource.resource_type == _BROKER_LOGGER:
        _check_broker(name, node.node_id, "")
        return []
    if resource.resource_type == _GROUP:
        if not name:
            raise TopicError(ErrorCode.INVALID_REQUEST, "Group name must not be empty")
        group = GroupConfig(node.config, node.group_configs(name))
        return [_own_config(group, key) for key in GROUP_KEYS.values()]
    raise TopicError(ErrorCode.INVALID_REQUEST, f"Unsupported resource type: {resource.resource_type}")


def _check_broker(name: str, node_id: int, alternative: str) -> None:
    if not name.removeprefix("-").isdecimal():
        problem = f"be an integer, but it is: {name}" if name else "not be empty"
        raise TopicError(ErrorCode.INVALID_REQUEST, f"Broker id must {problem}")
    if name != str(node_id):
        raise TopicError(
            ErrorCode.INVALID_REQUEST,
            f"Unexpected broker id, expected {node_id}{alternative}, but received {name}",
        )


def _own_config(config: TopicConfig | GroupConfig, key: ConfigKey) -> Any:
    synonyms = [
        SYNONYM(name=name, value=value, source=source_code(source))
        for name, value, source in config.synonyms(key.name)
    ]
    return _config(
        key, config.text(key.name), source_code(config.source(key.name)), synonyms, read_only=False
    )


def _broker_config(config: BrokerConfig, key: ConfigKey) -> Any:
    value, source = config.text(key.name), source_code(config.source(key.name))
    synonyms = []
    if source != DEFAULT_SOURCE:
        synonyms.append(SYNONYM(name=key.name, value=value, source=source))
    default = config.default_text(key.name)
    if default is not None and not key.is_sensitive:
        synonyms.append(SYNONYM(name=key.name, value=default, source=DEFAULT_SOURCE))
    return _config(key, value, source, synonyms, read_only=True)


def _config(key: ConfigKey, value: str | None, source: int, synonyms: list[Any], *, read_only: bool) -> Any:
    return CONFIG(
        name=key.name,
        value=None if key.is_sensitive else value,
        read_only=read_only,
        is_default=source == DEFAULT_SOURCE,
        config_source=source,
        is_sensitive=key.is_sensitive,
        synonyms=synonyms,
        config_type=type_code(key.type),
        documentation=key.doc,
    )
