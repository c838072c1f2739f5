"""Broker keys for streams groups (KIP-1071): names, types, bounds, defaults of Kafka 4.4, docs of ours."""

from __future__ import annotations

from .keys import (
    BOOLEAN,
    CLASS,
    INT,
    INT_MAX,
    LIST,
    LONG,
    ConfigKey,
    at_least,
    inert,
)

KEYS: tuple[ConfigKey, ...] = (
    ConfigKey(
        "group.streams.session.timeout.ms",
        INT,
        45_000,
        "Session timeout of members of streams groups (KIP-1071).",
        at_least(1),
    ),
    ConfigKey(
        "group.streams.min.session.timeout.ms",
        INT,
        45_000,
        "Least `streams.session.timeout.ms` of a group.",
        at_least(1),
    ),
    ConfigKey(
        "group.streams.max.session.timeout.ms",
        INT,
        60_000,
        "Greatest `streams.session.timeout.ms` of a group.",
        at_least(1),
    ),
    ConfigKey(
        "group.streams.heartbeat.interval.ms",
        INT,
        5000,
        "Heartbeat interval that members of streams groups are told.",
        at_least(1),
    ),
    ConfigKey(
        "group.streams.min.heartbeat.interval.ms",
        INT,
        5000,
        "Least `streams.heartbeat.interval.ms` of a group.",
        at_least(1),
    ),
    ConfigKey(
        "group.streams.max.heartbeat.interval.ms",
        INT,
        15_000,
        "Greatest `streams.heartbeat.interval.ms` of a group.",
        at_least(1),
    ),
    ConfigKey(
        "group.streams.assignment.interval.ms",
        INT,
        1000,
        "Least time between two target assignments of a streams group.",
        at_least(0),
    ),
    ConfigKey(
        "group.streams.min.assignment.interval.ms",
        INT,
        0,
        "Least `streams.assignment.interval.ms` of a group.",
        at_least(0),
    ),
    ConfigKey(
        "group.streams.max.assignment.interval.ms",
        INT,
        15_000,
        "Greatest `streams.assignment.interval.ms` of a group.",
        at_least(0),
    ),
    ConfigKey(
        "group.streams.initial.rebalance.delay.ms",
        INT,
        3000,
        "How long a new streams group waits for more members before its first assignment.",
        at_least(0),
    ),
    ConfigKey("group.streams.max.size", INT, INT_MAX, "Members of a streams group, at most.", at_least(1)),
    ConfigKey(
        "group.streams.num.standby.replicas", INT, 0, "Standby replicas of each task with state.", at_least(0)
    ),
    ConfigKey(
        "group.streams.max.standby.replicas",
        INT,
        2,
        "Greatest `streams.num.standby.replicas` of a group.",
        at_least(0),
    ),
    ConfigKey(
        "group.streams.rack.aware.assignment.tags",
        LIST,
        (),
        "Client tags that members are to have; one without them is told so.",
    ),
    ConfigKey(
        "group.streams.task.offset.interval.ms",
        INT,
        60_000,
        "How often members report how far the states of their tasks are.",
        at_least(1),
    ),
    ConfigKey(
        "group.streams.min.task.offset.interval.ms",
        INT,
        15_000,
        "Least `streams.task.offset.interval.ms` of a group.",
        at_least(1),
    ),
    ConfigKey(
        "group.streams.acceptable.recovery.lag",
        LONG,
        10_000,
        "Offsets by which a state may be behind that members still take for caught up.",
        at_least(0),
    ),
    *inert(
        "`sticky` is the task assignor, computed at once; like Kafka 4.4's it has nothing warm up.",
        ("group.streams.assignors", LIST, ("sticky",)),
        ("group.streams.assignor.offload.enable", BOOLEAN, True),
        ("group.streams.max.warmup.replicas", INT, 20, at_least(0)),
        ("group.streams.num.warmup.replicas", INT, 2, at_least(0)),
    ),
    *inert(
        "Plugins are Java classes; descriptions of topologies are not kept.",
        ("group.streams.topology.description.plugin.class", CLASS, None),
    ),
)
