"""Broker keys of topics, records and logs: Kafka 4.4's names, types, bounds and defaults, the docs ours."""

from __future__ import annotations

from .keys import (
    BOOLEAN,
    DOUBLE,
    INT,
    LIST,
    LONG,
    LONG_MAX,
    STRING,
    ConfigKey,
    at_least,
    between,
    gzip_level,
    items_of,
    one_of,
)

KEYS: tuple[ConfigKey, ...] = (
    # Topics
    ConfigKey(
        "auto.create.topics.enable",
        BOOLEAN,
        True,
        "Whether asking for a topic that does not exist creates it.",
    ),
    ConfigKey("delete.topic.enable", BOOLEAN, True, "Whether topics can be deleted."),
    ConfigKey(
        "num.partitions", INT, 1, "Partitions of a topic that is created without a number.", at_least(1)
    ),
    ConfigKey(
        "default.replication.factor",
        INT,
        1,
        "Replication factor of a topic that is created without one; there is one replica.",
    ),
    ConfigKey(
        "min.insync.replicas",
        INT,
        1,
        "Replicas that must have a record before acks=all answers. Clamped to 1 unless strict.replication.",
        at_least(1),
    ),
    ConfigKey(
        "max.request.partition.size.limit",
        INT,
        2000,
        "Partitions that one DescribeTopicPartitions answer names.",
        at_least(1),
    ),
    # Records
    ConfigKey(
        "message.max.bytes",
        INT,
        1_048_588,
        "Largest record batch that is accepted, in bytes, as it lies in the log.",
        at_least(0),
    ),
    ConfigKey(
        "max.decompressed.message.bytes",
        INT,
        2_147_483_639,
        "Largest size that a compressed record batch may have when inflated.",
        between(1, 2_147_483_639),
    ),
    ConfigKey(
        "compression.type",
        STRING,
        "producer",
        "Compression of stored batches; `producer` keeps what the producer chose.",
        one_of("uncompressed", "zstd", "lz4", "snappy", "gzip", "producer"),
    ),
    ConfigKey("compression.gzip.level", INT, -1, "Level when the broker compresses with gzip.", gzip_level),
    ConfigKey("compression.lz4.level", INT, 9, "Level when the broker compresses with lz4.", between(1, 17)),
    ConfigKey(
        "compression.zstd.level", INT, 3, "Level when the broker compresses with zstd.", between(-131_072, 22)
    ),
    ConfigKey(
        "log.message.timestamp.type",
        STRING,
        "CreateTime",
        "Whether records keep the producer's time or get the time of their append.",
        one_of("CreateTime", "LogAppendTime"),
    ),
    ConfigKey(
        "log.message.timestamp.before.max.ms",
        LONG,
        LONG_MAX,
        "How far a record's timestamp may lie before the broker's clock.",
        at_least(0),
    ),
    ConfigKey(
        "log.message.timestamp.after.max.ms",
        LONG,
        3_600_000,
        "How far a record's timestamp may lie after the broker's clock.",
        at_least(0),
    ),
    # Logs
    ConfigKey(
        "log.segment.bytes",
        INT,
        1_073_741_824,
        "Size at which a log file is closed and the next one begun.",
        at_least(1_048_576),
    ),
    ConfigKey(
        "log.roll.ms",
        LONG,
        None,
        "Age at which a log file is closed and the next one begun; unset: `log.roll.hours`.",
    ),
    ConfigKey(
        "log.roll.hours",
        INT,
        168,
        "Age in hours at which a log file is closed, unless `log.roll.ms` is set.",
        at_least(1),
    ),
    ConfigKey(
        "log.roll.jitter.ms",
        LONG,
        None,
        "Random share taken off `log.roll.ms`; unset: `log.roll.jitter.hours`.",
    ),
    ConfigKey("log.roll.jitter.hours", INT, 0, "Random share in hours taken off the roll time.", at_least(0)),
    ConfigKey(
        "log.retention.ms",
        LONG,
        None,
        "How long records are kept; -1: for ever. Unset: `log.retention.minutes`.",
    ),
    ConfigKey(
        "log.retention.minutes",
        INT,
        None,
        "How long records are kept, unless `log.retention.ms` is set. Unset: `log.retention.hours`.",
    ),
    ConfigKey(
        "log.retention.hours", INT, 168, "How long records are kept, unless minutes or milliseconds are set."
    ),
    ConfigKey(
        "log.retention.bytes",
        LONG,
        -1,
        "Size beyond which the oldest log files of a partition are deleted; -1: no limit.",
    ),
    ConfigKey(
        "log.retention.check.interval.ms", LONG, 300_000, "How often retention is looked at.", at_least(1)
    ),
    ConfigKey(
        "log.cleanup.policy",
        LIST,
        ("delete",),
        "What happens to old records: `delete`, `compact` or both.",
        items_of("compact", "delete"),
    ),
    ConfigKey(
        "log.index.size.max.bytes",
        INT,
        10_485_760,
        "Size of an index file at which its log file is rolled.",
        at_least(4),
    ),
    ConfigKey(
        "log.index.interval.bytes",
        INT,
        4096,
        "Bytes of log between two entries of the offset index.",
        at_least(0),
    ),
    ConfigKey(
        "log.flush.interval.messages",
        LONG,
        LONG_MAX,
        "Records after which a log is synced to disk. 1: acknowledgements wait for a (shared) sync.",
        at_least(1),
    ),
    ConfigKey(
        "log.flush.interval.ms",
        LONG,
        None,
        "Time after which an appended record is synced; unset: `log.flush.scheduler.interval.ms`.",
    ),
    ConfigKey(
        "log.flush.scheduler.interval.ms",
        LONG,
        LONG_MAX,
        "How often it is looked whether a log has to be synced.",
    ),
    ConfigKey(
        "log.flush.offset.checkpoint.interval.ms",
        INT,
        60_000,
        "How often recovery points are written.",
        at_least(0),
    ),
    ConfigKey(
        "log.flush.start.offset.checkpoint.interval.ms",
        INT,
        60_000,
        "How often log start offsets are written.",
        at_least(0),
    ),
    ConfigKey(
        "log.segment.delete.delay.ms",
        LONG,
        60_000,
        "How long a deleted log file lies renamed before it is removed.",
        at_least(0),
    ),
    ConfigKey(
        "log.preallocate", BOOLEAN, False, "Whether log files are allocated whole when they are created."
    ),
    ConfigKey("log.cleaner.enable", BOOLEAN, True, "Whether compaction runs."),
    ConfigKey("log.cleaner.threads", INT, 1, "Compactions at a time.", at_least(0)),
    ConfigKey(
        "log.cleaner.io.max.bytes.per.second",
        DOUBLE,
        1.7976931348623157e308,
        "Reading and writing of the compaction, at most.",
    ),
    ConfigKey("log.cleaner.dedupe.buffer.size", LONG, 134_217_728, "Memory for the keys of one compaction."),
    ConfigKey(
        "log.cleaner.backoff.ms",
        LONG,
        15_000,
        "Pause of the compaction when there is nothing to do.",
        at_least(0),
    ),
    ConfigKey(
        "log.cleaner.min.cleanable.ratio",
        DOUBLE,
        0.5,
        "Share of not yet compacted bytes that makes a log worth compacting.",
        between(0, 1),
    ),
    ConfigKey(
        "log.cleaner.delete.retention.ms",
        LONG,
        86_400_000,
        "How long deletion markers are kept in compacted logs.",
        at_least(0),
    ),
    ConfigKey(
        "log.cleaner.min.compaction.lag.ms",
        LONG,
        0,
        "Age before which a record is not compacted.",
        at_least(0),
    ),
    ConfigKey(
        "log.cleaner.max.compaction.lag.ms",
        LONG,
        LONG_MAX,
        "Age after which a record must be compacted.",
        at_least(1),
    ),
    ConfigKey(
        "producer.id.expiration.ms",
        INT,
        86_400_000,
        "How long a producer's sequence numbers are remembered after its last record.",
        at_least(1),
    ),
    ConfigKey(
        "producer.id.expiration.check.interval.ms",
        INT,
        600_000,
        "How often producers whose time is over are forgotten.",
        at_least(1),
    ),
    ConfigKey(
        "unclean.leader.election.enable",
        BOOLEAN,
        False,
        "Whether a replica that is behind may lead; there is one replica.",
    ),
)
