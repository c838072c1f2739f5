"""The keys of a group: Kafka 4.4's names, types, bounds, defaults and broker synonyms; the docs are ours."""

from __future__ import annotations

from .iso_durations import duration_ms
from .keys import (
    BOOLEAN,
    INT,
    LIST,
    LONG,
    STRING,
    ConfigKey,
    Validator,
    Value,
    at_least,
    invalid,
    not_empty_items,
    one_of,
    table,
)

_DURATION = "by_duration:"


def _offset_reset(name: str, value: Value) -> None:
    """`earliest`, `latest`, or a duration that is not negative (KIP-1106)."""
    text = str(value)
    if text in ("earliest", "latest"):
        return
    age_ms = duration_ms(text.removeprefix(_DURATION)) if text.startswith(_DURATION) else None
    if age_ms is None or age_ms < 0:
        raise invalid(
            name,
            value,
            f"Invalid value `{value}` for configuration {name}. The value must be either 'earliest', "
            "'latest' or of the format 'by_duration:<PnDTnHnMn.nS>'.",
        )


def _like_the_broker(
    name: str, type: str, default: Value, doc: str, validator: Validator | None = None, broker_key: str = ""
) -> ConfigKey:
    """A key whose default is a setting of the broker, `group.` and the name where nothing else is said."""
    return ConfigKey(name, type, default, doc, validator, synonyms=((broker_key or f"group.{name}", 1),))


GROUP_KEYS: dict[str, ConfigKey] = table(
    (
        # Consumer groups
        _like_the_broker(
            "consumer.session.timeout.ms",
            INT,
            45_000,
            "Session timeout of the members of the consumer group.",
            at_least(1),
        ),
        _like_the_broker(
            "consumer.heartbeat.interval.ms",
            INT,
            5_000,
            "Heartbeat interval that members of the consumer group are told.",
            at_least(1),
        ),
        _like_the_broker(
            "consumer.assignment.interval.ms",
            INT,
            1_000,
            "Least time between two target assignments of the consumer group.",
            at_least(0),
        ),
        _like_the_broker(
            "consumer.assignor.offload.enable",
            BOOLEAN,
            True,
            "Whether assignments of consumer groups are computed in the background.",
        ),
        # Share groups
        _like_the_broker(
            "share.session.timeout.ms",
            INT,
            45_000,
            "Session timeout of the members of the share group.",
            at_least(1),
        ),
        _like_the_broker(
            "share.heartbeat.interval.ms",
            INT,
            5_000,
            "Heartbeat interval that members of the share group are told.",
            at_least(1),
        ),
        _like_the_broker(
            "share.record.lock.duration.ms",
            INT,
            30_000,
            "How long a record is locked for the member of the share group that acquired it.",
            at_least(1_000),
        ),
        _like_the_broker(
            "share.delivery.count.limit",
            INT,
            5,
            "How often a record is delivered to the share group, at most.",
            at_least(2),
        ),
        _like_the_broker(
            "share.partition.max.record.locks",
            INT,
            2_000,
            "Records of one partition that the share group may have under way.",
            at_least(100),
        ),
        ConfigKey(
            "share.auto.offset.reset",
            STRING,
            "latest",
            "Where a share group begins in a partition: `latest`, `earliest`, or `by_duration:` and an "
            "ISO 8601 duration before now.",
            _offset_reset,
        ),
        ConfigKey(
            "share.isolation.level",
            STRING,
            "read_uncommitted",
            "Whether the share group gets records of transactions that are not committed.",
            one_of("read_committed", "read_uncommitted"),
        ),
        ConfigKey(
            "share.renew.acknowledge.enable",
            BOOLEAN,
            True,
            "Whether members of the share group may renew their locks.",
        ),
        _like_the_broker(
            "share.assignment.interval.ms",
            INT,
            1_000,
            "Least time between two target assignments of the share group.",
            at_least(0),
        ),
        _like_the_broker(
            "share.assignor.offload.enable",
            BOOLEAN,
            True,
            "Whether assignments of share groups are computed in the background.",
        ),
        ConfigKey(
            "errors.deadletterqueue.topic.name",
            STRING,
            "",
            "Topic for the records that the share group rejects; empty: none.",
        ),
        ConfigKey(
            "errors.deadletterqueue.copy.record.enable",
            BOOLEAN,
            False,
            "Whether a record in the dead letter queue holds the rejected one.",
        ),
        # Streams groups
        _like_the_broker(
            "streams.session.timeout.ms",
            INT,
            45_000,
            "Session timeout of the members of the streams group.",
            at_least(1),
        ),
        _like_the_broker(
            "streams.heartbeat.interval.ms",
            INT,
            5_000,
            "Heartbeat interval that members of the streams group are told.",
            at_least(1),
        ),
        _like_the_broker(
            "streams.num.standby.replicas",
            INT,
            0,
            "Standby replicas of each task with state.",
            at_least(0),
        ),
        _like_the_broker(
            "streams.initial.rebalance.delay.ms",
            INT,
            3_000,
            "How long a new streams group waits for more members before its first assignment.",
            at_least(0),
        ),
        _like_the_broker(
            "streams.assignment.interval.ms",
            INT,
            1_000,
            "Least time between two target assignments of the streams group.",
            at_least(0),
        ),
        _like_the_broker(
            "streams.assignor.offload.enable",
            BOOLEAN,
            True,
            "Whether assignments of streams groups are computed in the background.",
        ),
        _like_the_broker(
            "streams.task.offset.interval.ms",
            INT,
            60_000,
            "How often members report the offsets of tasks that are warming up.",
            at_least(1),
        ),
        _like_the_broker(
            "streams.num.warmup.replicas",
            INT,
            2,
            "Tasks that may warm up at a time.",
            at_least(0),
        ),
        _like_the_broker(
            "streams.rack.aware.assignment.tags",
            LIST,
            (),
            "Client tags over which standby replicas are spread.",
            not_empty_items,
        ),
        _like_the_broker(
            "streams.acceptable.recovery.lag",
            LONG,
            10_000,
            "Offsets by which a task may be behind and still become active at once.",
            at_least(0),
        ),
        _like_the_broker(
            "streams.assignor.name",
            STRING,
            None,
            "The task assignor; unset: the first one of the broker.",
            broker_key="group.streams.assignors",
        ),
    )
)

# Kafka's internal ones, of which clients are told only where they are set.
INTERNAL_GROUP_KEYS = frozenset(
    (
        "consumer.assignor.offload.enable",
        "share.assignor.offload.enable",
        "streams.assignor.offload.enable",
        "streams.task.offset.interval.ms",
        "streams.num.warmup.replicas",
        "streams.acceptable.recovery.lag",
    )
)


def _between(family: str, rest: str) -> tuple[str, str]:
    return f"group.{family}.min.{rest}", f"group.{family}.max.{rest}"


# The broker's keys for the least and the greatest value of a group's key.
BOUNDS: dict[str, tuple[str | None, str | None]] = {
    **{
        f"{family}.{rest}": _between(family, rest)
        for family in ("consumer", "share", "streams")
        for rest in ("session.timeout.ms", "heartbeat.interval.ms", "assignment.interval.ms")
    },
    **{
        f"share.{rest}": _between("share", rest)
        for rest in ("record.lock.duration.ms", "delivery.count.limit", "partition.max.record.locks")
    },
    "streams.num.standby.replicas": (None, "group.streams.max.standby.replicas"),
    "streams.num.warmup.replicas": (None, "group.streams.max.warmup.replicas"),
    "streams.task.offset.interval.ms": ("group.streams.min.task.offset.interval.ms", None),
}
