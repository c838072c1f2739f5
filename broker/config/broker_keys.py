"""The broker keys that mean something here, and those of this broker alone.

Names, types, bounds and defaults are Kafka 4.4's, the docs are ours. Where this broker starts from another
default, `DEVIATIONS` in `config.py` says so.
"""

from __future__ import annotations

from .keys import (
    BOOLEAN,
    INT,
    INT_MAX,
    LIST,
    LONG,
    SHORT,
    STRING,
    ConfigKey,
    at_least,
    items_of,
)

KEYS: tuple[ConfigKey, ...] = (
    # Who and where
    ConfigKey("node.id", INT, None, "Id of this broker in the cluster.", at_least(0)),
    ConfigKey("broker.id", INT, -1, "Older name of `node.id`; used when `node.id` is not set."),
    ConfigKey("broker.rack", STRING, None, "Name of the rack, handed to clients that prefer near replicas."),
    ConfigKey(
        "process.roles",
        LIST,
        None,
        "Roles of this process; one node plays both.",
        items_of("broker", "controller"),
    ),
    ConfigKey("log.dir", LIST, ("/tmp/kafka-logs",), "Folder of the data when `log.dirs` is not set."),
    ConfigKey("log.dirs", LIST, None, "Folder of the data. Only the first of several is used."),
    # Listeners and connections
    ConfigKey(
        "listeners",
        LIST,
        ("PLAINTEXT://:9092",),
        "Where to listen, as NAME://HOST:PORT. The option --listen wins. Controller listeners are left out.",
    ),
    ConfigKey(
        "advertised.listeners",
        LIST,
        None,
        "The address clients are told, as NAME://HOST:PORT. Unset: the one by which each client came.",
    ),
    ConfigKey(
        "listener.security.protocol.map",
        STRING,
        "SASL_SSL:SASL_SSL,PLAINTEXT:PLAINTEXT,SSL:SSL,SASL_PLAINTEXT:SASL_PLAINTEXT",
        "Which security protocol each listener name speaks.",
    ),
    ConfigKey(
        "controller.listener.names",
        LIST,
        None,
        "Listener names of the controller. Nothing listens there: the one node is its own controller.",
    ),
    ConfigKey("inter.broker.listener.name", STRING, None, "Listener between brokers; there is one broker."),
    ConfigKey(
        "socket.send.buffer.bytes",
        INT,
        102_400,
        "SO_SNDBUF of accepted sockets; -1 leaves the system's choice.",
    ),
    ConfigKey(
        "socket.receive.buffer.bytes",
        INT,
        102_400,
        "SO_RCVBUF of accepted sockets; -1 leaves the system's choice.",
    ),
    ConfigKey(
        "socket.request.max.bytes",
        INT,
        104_857_600,
        "Largest request in bytes; a connection that announces a larger one is closed.",
        at_least(1),
    ),
    ConfigKey(
        "socket.listen.backlog.size", INT, 50, "Connections that may wait to be accepted.", at_least(1)
    ),
    ConfigKey(
        "max.connections",
        INT,
        INT_MAX,
        "Open connections of this broker; more are closed as they come.",
        at_least(0),
    ),
    ConfigKey(
        "max.connections.per.ip",
        INT,
        INT_MAX,
        "Open connections from one address; more are closed as they come.",
        at_least(0),
    ),
    ConfigKey(
        "max.connections.per.ip.overrides",
        STRING,
        "",
        "Exceptions to `max.connections.per.ip`, as HOST:COUNT,HOST:COUNT.",
    ),
    ConfigKey(
        "connections.max.idle.ms", LONG, 600_000, "A connection without a request for this long is closed."
    ),
    ConfigKey(
        "queued.max.requests",
        INT,
        500,
        "Requests of one connection that may wait for their answers before reading pauses.",
        at_least(1),
    ),
    ConfigKey(
        "queued.max.request.bytes",
        LONG,
        -1,
        "Bytes of requests and answers that all connections together may hold; -1: 512 MiB.",
    ),
    # Fetching
    ConfigKey(
        "fetch.max.bytes",
        INT,
        57_671_680,
        "Largest answer to a fetch, the first batch always excepted.",
        at_least(1024),
    ),
    ConfigKey(
        "max.incremental.fetch.session.cache.slots",
        INT,
        1000,
        "Incremental fetch sessions that are kept.",
        at_least(0),
    ),
    # Groups and offsets
    ConfigKey(
        "group.initial.rebalance.delay.ms",
        INT,
        3000,
        "How long a new classic group waits for more members before its first rebalance.",
    ),
    ConfigKey(
        "group.min.session.timeout.ms",
        INT,
        6000,
        "Shortest session timeout that a classic member may ask for.",
    ),
    ConfigKey(
        "group.max.session.timeout.ms",
        INT,
        1_800_000,
        "Longest session timeout that a classic member may ask for.",
    ),
    ConfigKey("group.max.size", INT, INT_MAX, "Members of a classic group, at most.", at_least(1)),
    ConfigKey(
        "group.coordinator.rebalance.protocols",
        LIST,
        (
            "classic",
            "consumer",
            "streams",
        ),
        "Group protocols that are served.",
        items_of("consumer", "classic", "share", "streams"),
    ),
    ConfigKey(
        "group.consumer.session.timeout.ms",
        INT,
        45_000,
        "Session timeout of members of consumer groups (KIP-848).",
        at_least(1),
    ),
    ConfigKey(
        "group.consumer.min.session.timeout.ms",
        INT,
        45_000,
        "Least `consumer.session.timeout.ms` of a group.",
        at_least(1),
    ),
    ConfigKey(
        "group.consumer.max.session.timeout.ms",
        INT,
        60_000,
        "Greatest `consumer.session.timeout.ms` of a group.",
        at_least(1),
    ),
    ConfigKey(
        "group.consumer.heartbeat.interval.ms",
        INT,
        5000,
        "Heartbeat interval that members of consumer groups are told.",
        at_least(1),
    ),
    ConfigKey(
        "group.consumer.min.heartbeat.interval.ms",
        INT,
        5000,
        "Least `consumer.heartbeat.interval.ms` of a group.",
        at_least(1),
    ),
    ConfigKey(
        "group.consumer.max.heartbeat.interval.ms",
        INT,
        15_000,
        "Greatest `consumer.heartbeat.interval.ms` of a group.",
        at_least(1),
    ),
    ConfigKey("group.consumer.max.size", INT, INT_MAX, "Members of a consumer group, at most.", at_least(1)),
    ConfigKey(
        "group.consumer.assignors",
        LIST,
        (
            "uniform",
            "range",
        ),
        "Server-side assignors; the first is the default.",
    ),
    ConfigKey(
        "group.consumer.migration.policy",
        STRING,
        "bidirectional",
        "Between which protocols a group may move while it runs.",
    ),
    ConfigKey(
        "group.consumer.assignment.interval.ms",
        INT,
        1000,
        "Least time between two target assignments of a consumer group.",
        at_least(0),
    ),
    ConfigKey(
        "group.consumer.regex.refresh.interval.ms",
        INT,
        600_000,
        "How long the topics that match a regular expression are taken to be known.",
        at_least(10_000),
    ),
    ConfigKey("offset.metadata.max.bytes", INT, 4096, "Longest text that may be committed beside an offset."),
    ConfigKey(
        "offsets.retention.minutes",
        INT,
        10_080,
        "How long offsets of a group without members are kept.",
        at_least(1),
    ),
    ConfigKey(
        "offsets.retention.check.interval.ms",
        LONG,
        600_000,
        "How often expired offsets are looked for.",
        at_least(1),
    ),
    ConfigKey(
        "offsets.topic.num.partitions",
        INT,
        50,
        "Partitions of `__consumer_offsets`; fixed once the topic exists.",
        at_least(1),
    ),
    ConfigKey(
        "offsets.topic.replication.factor",
        SHORT,
        3,
        "Replication factor of `__consumer_offsets`.",
        at_least(1),
    ),
    ConfigKey(
        "offsets.topic.segment.bytes",
        INT,
        104_857_600,
        "Size of the log files of `__consumer_offsets`.",
        at_least(1),
    ),
    ConfigKey(
        "offsets.topic.compression.codec",
        INT,
        0,
        "Codec of the records in `__consumer_offsets`, as its number.",
    ),
    ConfigKey(
        "offsets.commit.timeout.ms", INT, 5000, "How long a commit may wait for its append.", at_least(1)
    ),
    # Transactions
    ConfigKey(
        "transactional.id.expiration.ms",
        INT,
        604_800_000,
        "How long a transactional id without transactions is remembered.",
        at_least(1),
    ),
    ConfigKey(
        "transaction.max.timeout.ms",
        INT,
        900_000,
        "Longest transaction timeout that a producer may ask for.",
        at_least(1),
    ),
    ConfigKey(
        "transaction.state.log.num.partitions",
        INT,
        50,
        "Partitions of `__transaction_state`; fixed once the topic exists.",
        at_least(1),
    ),
    ConfigKey(
        "transaction.state.log.replication.factor",
        SHORT,
        3,
        "Replication factor of `__transaction_state`.",
        at_least(1),
    ),
    ConfigKey(
        "transaction.state.log.min.isr",
        INT,
        2,
        "`min.insync.replicas` of `__transaction_state`.",
        at_least(1),
    ),
    ConfigKey(
        "transaction.state.log.segment.bytes",
        INT,
        104_857_600,
        "Size of the log files of `__transaction_state`.",
        at_least(1),
    ),
    ConfigKey(
        "transaction.abort.timed.out.transaction.cleanup.interval.ms",
        INT,
        10_000,
        "How often timed-out transactions are looked for.",
        at_least(1),
    ),
    ConfigKey(
        "transaction.remove.expired.transaction.cleanup.interval.ms",
        INT,
        3_600_000,
        "How often expired transactional ids are looked for.",
        at_least(1),
    ),
    ConfigKey(
        "add.partitions.to.txn.retry.backoff.max.ms",
        INT,
        100,
        "How long records of a transaction wait for the end of the producer's last one (KIP-890).",
        at_least(0),
    ),
    ConfigKey(
        "transaction.partition.verification.enable",
        BOOLEAN,
        True,
        "Whether a partition is checked to be part of the transaction (KIP-890).",
    ),
    ConfigKey(
        "transaction.two.phase.commit.enable",
        BOOLEAN,
        False,
        "Whether producers may prepare transactions without a timeout (KIP-939).",
    ),
)

OWN_KEYS: tuple[ConfigKey, ...] = (
    ConfigKey(
        "strict.replication",
        BOOLEAN,
        False,
        "Refuse replication factors and min.insync.replicas that one broker cannot keep, as Kafka would. "
        "Otherwise they are clamped to 1.",
    ),
)
