"""CreateTopics (API 19).

- 1: validate without creating; error messages. 4: -1 asks for the broker's defaults (KIP-464). 5: the answer
  describes the topic (KIP-525). 7: its id (KIP-516).
- A topic is there, whole, when the answer goes out; the request's time-out never comes into play.
- Replication factors above 1 are taken for 1, unless `strict.replication=true`.
"""

from __future__ import annotations

from typing import Any

from ...protocol.errors import ErrorCode
from ...protocol.messages.create_topics import RESPONSE, RESPONSE_CONFIG, RESPONSE_TOPIC
from ..config.broker_config import TOPIC_KEYS, TopicConfig
from ..config.sources import is_shown, source_code
from ..context import RequestContext
from ..metadata_log import TOPIC_NAME as METADATA_TOPIC
from ..topic_requests import duplicates, partition_count
from ..topics import TopicError


def handle(request: Any, context: RequestContext) -> Any:
    twice = duplicates(topic.name for topic in request.topics)
    rows = [
        _create(topic, request.validate_only, context) for topic in request.topics if topic.name not in twice
    ]
    rows += [_refused(name, ErrorCode.INVALID_REQUEST, "Duplicate topic name.") for name in sorted(twice)]
    return RESPONSE(topics=rows)


def _create(topic: Any, validate_only: bool, context: RequestContext) -> Any:
    node = context.node
    if topic.name == METADATA_TOPIC:
        message = f"Creation of internal topic {METADATA_TOPIC} is prohibited."
        return _refused(topic.name, ErrorCode.INVALID_REQUEST, message)
    try:
        configs = {each.name: each.value for each in topic.configs}
        _check_names(topic, configs, context)
        partitions = partition_count(topic, node.replication, node.config["num.partitions"])
        if validate_only:
            node.topics.check_new(topic.name, partitions, configs)
            topic_id, config = node.random_uuid(), TopicConfig(node.config, configs)
        else:
            created = node.topics.create(topic.name, partitions, configs, now_ms=context.now_ms)
            topic_id, config = created.topic_id, created.config
    except TopicError as error:
        return _refused(topic.name, error.code, str(error))
    row = RESPONSE_TOPIC(
        name=topic.name,
        topic_id=topic_id,
        error_message=None,
        num_partitions=partitions,
        replication_factor=1,
    )
    if context.version >= 5:
        row.configs = [
            _config(name, config) for name in sorted(TOPIC_KEYS) if is_shown(name) or name in config.overrides
        ]
    return row


def _check_names(topic: Any, configs: dict[str, str | None], context: RequestContext) -> None:
    """Name and configuration come before counts and replicas in Kafka's order of checks. Raises
    TopicError.
    """
    context.node.topics.check_new(topic.name, 1, configs)


def _config(name: str, config: TopicConfig) -> Any:
    return RESPONSE_CONFIG(name=name, value=config.text(name), config_source=source_code(config.origin(name)))


def _refused(name: str, code: ErrorCode, message: str | None) -> Any:
    return RESPONSE_TOPIC(name=name, error_code=code, error_message=message, configs=[])
