"""What a topic's configuration means for the paths that run often: looked up once, not with every request."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ..protocol.compression import Compression
from ..protocol.record_batch import CREATE_TIME, LOG_APPEND_TIME
from ..protocol.record_validation import ProduceRules
from ..storage.log_config import LogConfig

if TYPE_CHECKING:
    from .config.broker_config import BrokerConfig, TopicConfig

_LEVELS = {
    Compression.GZIP: "compression.gzip.level",
    Compression.LZ4: "compression.lz4.level",
    Compression.ZSTD: "compression.zstd.level",
}


class TopicPolicy(NamedTuple):
    """`produce` rules for arriving batches, the `log` configuration, and when to sync.

    `flush_messages` is how many records may lie unsynced (1: an acknowledgement waits for its sync, so that
    the topic is *durable*); `flush_ms` how long, in milliseconds.
    """

    produce: ProduceRules
    log: LogConfig
    flush_messages: int
    flush_ms: int
    min_insync_replicas: int

    @property
    def is_durable(self) -> bool:
        return self.flush_messages <= 1

    @property
    def appends_time(self) -> bool:
        """Whether records get the broker's time (`message.timestamp.type=LogAppendTime`)."""
        return self.produce.timestamp_type == LOG_APPEND_TIME


def topic_policy(config: TopicConfig, broker: BrokerConfig) -> TopicPolicy:
    """The policy that `config` asks for."""
    return TopicPolicy(
        produce=_produce_rules(config, broker),
        log=LogConfig(
            segment_bytes=config["internal.segment.bytes"] or config["segment.bytes"],
            segment_ms=config["segment.ms"],
            index_interval_bytes=config["index.interval.bytes"],
            segment_index_bytes=config["segment.index.bytes"],
            producer_id_expiration_ms=broker["producer.id.expiration.ms"],
            compacted=config.is_compacted,
        ),
        flush_messages=config["flush.messages"],
        flush_ms=config["flush.ms"],
        min_insync_replicas=config["min.insync.replicas"] if broker["strict.replication"] else 1,
    )


def _produce_rules(config: TopicConfig, broker: BrokerConfig) -> ProduceRules:
    inflated = config["max.decompressed.message.bytes"]
    if (
        config.source("max.decompressed.message.bytes") == "DEFAULT_CONFIG"
    ):  # 2 GiB, which no machine has to spare
        inflated = min(inflated, broker["socket.request.max.bytes"])
    name = config["compression.type"]
    codec = _codec(name)
    level = _LEVELS.get(codec) if codec is not None else None
    append_time = config["message.timestamp.type"] == "LogAppendTime"
    return ProduceRules(
        max_message_bytes=config["max.message.bytes"],
        timestamp_type=LOG_APPEND_TIME if append_time else CREATE_TIME,
        timestamp_before_max_ms=config["message.timestamp.before.max.ms"],
        timestamp_after_max_ms=config["message.timestamp.after.max.ms"],
        compression=codec,
        compression_level=config[level] if level is not None else None,
        keys_required=config.is_compacted,
        max_inflated_bytes=inflated,
    )


def _codec(name: str) -> Compression | None:
    """The codec of `compression.type`; None for `producer`."""
    if name == "producer":
        return None
    return Compression.NONE if name == "uncompressed" else Compression[name.upper()]
