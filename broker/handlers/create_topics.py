"""CreateTopics (API 19).

- 1: validate without creating; error messages. 4: -1 asks for the broker's defaults (KIP-464). 5: the answer
  describes the topic (KIP-525). 7: its id (KIP-516).
- A topic is there, whole, when the answer goes out; the request's time-out never comes into play.
- A request that would bring too many partitions, or records of the metadata, creates nothing at all.
- Replication factors above 1 are taken for 1, unless `strict.replication=true`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...protocol.errors import ErrorCode
from ...protocol.messages.create_topics import RESPONSE, RESPONSE_CONFIG, RESPONSE_TOPIC
from ..config.broker_config import TOPIC_KEYS, TopicConfig
from ..config.sources import is_shown, source_code
from ..context import RequestContext
from ..metadata_log import TOPIC_NAME as METADATA_TOPIC
from ..topic_requests import duplicates, partition_count
from ..topics import MAX_PARTITIONS_PER_CHANGE, TOO_MANY_PARTITIONS, TopicError

_MAX_RECORDS = 10_000  # Kafka's limit for one change of the metadata


def handle(request: Any, context: RequestContext) -> Any:
    twice = duplicates(topic.name for topic in request.topics)
    once = [topic for topic in request.topics if topic.name not in twice]
    problem = _excess(once, context)
    if problem is not None:
        rows = [_refused(topic.name, ErrorCode.POLICY_VIOLATION, problem) for topic in request.topics]
        return RESPONSE(topics=rows)
    rows = [_create(topic, request.validate_only, context) for topic in once]
    rows += [_refused(name, ErrorCode.INVALID_REQUEST, "Duplicate topic name.") for name in sorted(twice)]
    return RESPONSE(topics=rows)


def _excess(topics: Sequence[Any], context: RequestContext) -> str | None:
    """Why a request is too large to be carried out. The records are those of the topics that can be made."""
    default = context.node.config["num.partitions"]
    partitions = sum(_asked_partitions(topic, default) for topic in topics)
    if partitions > MAX_PARTITIONS_PER_CHANGE:
        return TOO_MANY_PARTITIONS
    records = partitions + sum(1 + len(topic.configs) for topic in topics)
    if records > _MAX_RECORDS:
        records = sum(_record_count(topic, context) for topic in topics)
    return "Unable to perform excessively large batch operation." if records > _MAX_RECORDS else None


def _asked_partitions(topic: Any, default: int) -> int:
    if topic.assignments:
        return len(topic.assignments)
    return default if topic.num_partitions == -1 else max(topic.num_partitions, 0)


def _record_count(topic: Any, context: RequestContext) -> int:
    try:
        partitions, configs = _check(topic, context)
    except TopicError:
        return 0
    return 1 + len(configs) + partitions


def _check(topic: Any, context: RequestContext) -> tuple[int, dict[str, str]]:
    """The number of partitions and the configuration of a topic that can be made. Raises TopicError.

    Name and configuration come before counts and replicas in Kafka's order of checks.
    """
    node = context.node
    if topic.name == METADATA_TOPIC:
        message = f"Creation of internal topic {METADATA_TOPIC} is prohibited."
        raise TopicError(ErrorCode.INVALID_REQUEST, message)
    configs = {each.name: each.value for each in topic.configs}
    node.topics.check_new(topic.name, 1, configs)
    partitions = partition_count(topic, node.replication, node.config["num.partitions"])
    return partitions, {name: value for name, value in configs.items() if value is not None}


def _create(topic: Any, validate_only: bool, context: RequestContext) -> Any:
    node = context.node
    try:
        partitions, configs = _check(topic, context)
        if validate_only:
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


def _config(name: str, config: TopicConfig) -> Any:
    return RESPONSE_CONFIG(name=name, value=config.text(name), config_source=source_code(config.origin(name)))


def _refused(name: str, code: ErrorCode, message: str | None) -> Any:
    return RESPONSE_TOPIC(name=name, error_code=code, error_message=message, configs=[])
