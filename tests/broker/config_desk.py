"""Requests about configurations to a broker without sockets, in few words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from odradek.protocol.api_keys import ApiKey
from odradek.protocol.messages import alter_configs, describe_configs, incremental_alter_configs

from .harness import Harness

TOPIC, BROKER, BROKER_LOGGER, CLIENT_METRICS, GROUP = 2, 4, 8, 16, 32
SET, DELETE, APPEND, SUBTRACT = range(4)
NONE, INVALID_CONFIG, INVALID_REQUEST = 0, 40, 42

Verdict = tuple[int, str | None]


class Shown(NamedTuple):
    """A setting as DescribeConfigs shows it."""

    value: str | None
    source: int
    read_only: bool
    synonyms: list[tuple[str, str | None, int]]


def resource(kind: int, name: str, settings: Mapping[str, str | None]) -> Any:
    """A resource of AlterConfigs."""
    configs = [alter_configs.CONFIG(name=key, value=value) for key, value in settings.items()]
    return alter_configs.RESOURCE(resource_type=kind, resource_name=name, configs=configs)


def replace(
    harness: Harness, kind: int, name: str, version: int = 2, *, validate_only: bool = False, **settings: Any
) -> Verdict:
    """AlterConfigs of one resource; keys of its configuration have '_' for '.'."""
    asked = resource(kind, name, {key.replace("_", "."): value for key, value in settings.items()})
    value = alter_configs.REQUEST(resources=[asked], validate_only=validate_only)
    (row,) = harness.ask(ApiKey.ALTER_CONFIGS, version, value).responses
    return row.error_code, row.error_message


def alter(
    harness: Harness,
    kind: int,
    name: str,
    *changes: tuple[str, int, str | None],
    version: int = 1,
    validate_only: bool = False,
) -> Verdict:
    """IncrementalAlterConfigs of one resource, by (key, operation, value)s."""
    configs = [
        incremental_alter_configs.CONFIG(name=key, config_operation=operation, value=value)
        for key, operation, value in changes
    ]
    asked = incremental_alter_configs.RESOURCE(resource_type=kind, resource_name=name, configs=configs)
    value = incremental_alter_configs.REQUEST(resources=[asked], validate_only=validate_only)
    (row,) = harness.ask(ApiKey.INCREMENTAL_ALTER_CONFIGS, version, value).responses
    assert (row.resource_type, row.resource_name) == (kind, name)
    return row.error_code, row.error_message


def set_to(harness: Harness, kind: int, name: str, **settings: Any) -> None:
    """Set some of a resource's configuration, which must be accepted; keys have '_' for '.'."""
    changes = [(key.replace("_", "."), SET, str(value)) for key, value in settings.items()]
    assert alter(harness, kind, name, *changes) == (NONE, None)


def describe(harness: Harness, kind: int, name: str) -> dict[str, Shown]:
    """What DescribeConfigs shows of a resource."""
    asked = describe_configs.RESOURCE(resource_type=kind, resource_name=name, configuration_keys=None)
    value = describe_configs.REQUEST(resources=[asked], include_synonyms=True)
    (result,) = harness.ask(ApiKey.DESCRIBE_CONFIGS, 4, value).results
    assert result.error_code == 0, result.error_message
    return {
        config.name: Shown(
            config.value,
            config.config_source,
            config.read_only,
            [(each.name, each.value, each.source) for each in config.synonyms],
        )
        for config in result.configs
    }
