"""DescribeConfigs (API 32): the settings of topics, brokers, groups and client metrics.

- 0: is_default; 1: where each value comes from, and all that could give it (KIP-226); 3: types and
  documentation (KIP-569).
- An unknown key is left out. The broker "" means what is set for all brokers while they run.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ...protocol.errors import ErrorCode
from ...protocol.messages.describe_configs import CONFIG, RESPONSE, RESULT, SYNONYM
from ..broker_loggers import levels
from ..config import sources as config_sources
from ..config.broker_config import (
    BROKER_KEYS,
    TOPIC_KEYS,
    BrokerConfig,
    ConfigKey,
    TopicConfig,
)
from ..config.client_metrics import CLIENT_METRICS_KEYS, ClientMetricsConfig
from ..config.dynamic import DYNAMIC_KEYS, dynamic_key
from ..config.group import GroupConfig
from ..config.group_keys import GROUP_KEYS, INTERNAL_GROUP_KEYS
from ..config.resources import (
    BROKER,
    BROKER_LOGGER,
    CLIENT_METRICS,
    GROUP,
    TOPIC,
    ConfigRefused,
)
from ..config.sources import (
    DEFAULT,
    OF_ALL_BROKERS,
    OF_BROKER,
    Synonym,
    is_shown,
    source_code,
    source_of,
    type_code,
)
from ..context import RequestContext
from ..topic_names import name_problem


def handle(request: Any, context: RequestContext) -> Any:
    return RESPONSE(results=[_describe(resource, request, context) for resource in request.resources])


def _describe(resource: Any, request: Any, context: RequestContext) -> Any:
    row = RESULT(resource_type=resource.resource_type, resource_name=resource.resource_name, error_message="")
    try:
        configs = _configs(resource, context)
    except ConfigRefused as error:
        row.error_code, row.error_message = error.code, str(error)
        return row
    keys = resource.configuration_keys
    row.configs = [each for each in configs if not keys or each.name in keys]
    for config in row.configs:
        if not request.include_synonyms:
            config.synonyms = []
        if config.documentation and not request.include_documentation:
            config.documentation = None
    return row


def _configs(resource: Any, context: RequestContext) -> Iterable[Any]:
    """Everything that is set for a resource, or has a default. Raises ConfigRefused."""
    name, node = resource.resource_name, context.node
    if resource.resource_type == TOPIC:
        return _topic_configs(name, context)
    if resource.resource_type == BROKER:
        if name == "":
            return _dynamic_configs(node.config, OF_ALL_BROKERS)
        _check_broker(name, node.node_id, " or empty string")
        return _broker_configs(node.config)
    if resource.resource_type == BROKER_LOGGER:
        _check_broker(name, node.node_id, "")
        return _loggers()
    overrides = node.config_resources.overrides(resource.resource_type, name)
    if resource.resource_type == CLIENT_METRICS:
        if not name:
            raise _invalid_request("Client metrics subscription name must not be empty")
        metrics = ClientMetricsConfig(overrides)
        return [_own_config(metrics, key) for key in CLIENT_METRICS_KEYS.values()]
    if resource.resource_type == GROUP:
        if not name:
            raise _invalid_request("Group name must not be empty")
        group = GroupConfig(node.config, overrides)
        return [
            _own_config(group, key)
            for name, key in GROUP_KEYS.items()
            if name not in INTERNAL_GROUP_KEYS or name in overrides
        ]
    raise _invalid_request(ErrorCode.INVALID_REQUEST.message)


def _loggers() -> Iterable[Any]:
    source = source_code(config_sources.BROKER_LOGGER)
    for name, level in levels().items():
        yield CONFIG(name=name, value=level, config_source=source, documentation="")


def _topic_configs(name: str, context: RequestContext) -> Iterable[Any]:
    problem = name_problem(name)
    if problem is not None:
        raise ConfigRefused(ErrorCode.INVALID_TOPIC_EXCEPTION, problem)
    topic = context.node.topics.get(name)
    if topic is None:
        raise ConfigRefused(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, "")  # of which Kafka says no more
    return [
        _own_config(topic.config, key)
        for name, key in TOPIC_KEYS.items()
        if is_shown(name) or name in topic.config.overrides
    ]


def _check_broker(name: str, node_id: int, alternative: str) -> None:
    if not name.removeprefix("-").isdecimal():
        raise _invalid_request(
            f"Broker id must {f'be an integer, but it is: {name}' if name else 'not be empty'}"
        )
    if name != str(node_id):
        raise _invalid_request(f"Unexpected broker id, expected {node_id}{alternative}, but received {name}")


def _invalid_request(message: str) -> ConfigRefused:
    return ConfigRefused(ErrorCode.INVALID_REQUEST, message)


def _own_config(config: TopicConfig | GroupConfig | ClientMetricsConfig, key: ConfigKey) -> Any:
    return _config(key.name, key, config.text(key.name), config.synonyms(key.name), read_only=False)


def _broker_configs(config: BrokerConfig) -> Iterable[Any]:
    for name, key in BROKER_KEYS.items():
        yield _config(name, key, config.text(name), config.synonyms(name), read_only=name not in DYNAMIC_KEYS)
    others = {**config.dynamic(OF_ALL_BROKERS), **config.dynamic(OF_BROKER)}
    for name, text in others.items():
        if name not in BROKER_KEYS:
            yield _dynamic_config(name, text, config.synonyms(name))


def _dynamic_configs(config: BrokerConfig, source: str) -> Iterable[Any]:
    """What is set in one place alone."""
    for name, text in config.dynamic(source).items():
        synonyms = [synonym for synonym in config.synonyms(name) if synonym[2] == source]
        yield _dynamic_config(name, text, synonyms)


def _dynamic_config(name: str, text: str, synonyms: list[Synonym]) -> Any:
    key = dynamic_key(name, BROKER_KEYS)
    return _config(name, key, text, synonyms, read_only=name not in DYNAMIC_KEYS)


def _config(
    name: str, key: ConfigKey | None, text: str | None, synonyms: list[Synonym], *, read_only: bool
) -> Any:
    """One setting; of one that nobody knows (`key` is None) the value might be a password."""
    source = source_of(synonyms)
    is_sensitive = key is None or key.is_sensitive
    return CONFIG(
        name=name,
        value=None if is_sensitive else text,
        read_only=read_only,
        is_default=source == DEFAULT,
        config_source=source_code(source),
        is_sensitive=is_sensitive,
        synonyms=[
            SYNONYM(name=name, value=value, source=source_code(source)) for name, value, source in synonyms
        ],
        config_type=0 if key is None else type_code(key.type),
        documentation=None if key is None else key.doc,
    )
