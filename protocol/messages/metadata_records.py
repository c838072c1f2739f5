"""Records of the topic __cluster_metadata (KIP-500, KIP-631): what a KRaft node knows of its cluster.

The value of a record is framed: the version of the frame, which is 1, the type and the version of the record,
all three as unsigned varints, then the record, always flexible. These are the types that a single node needs;
those for ACLs, quotas, credentials and tokens are not among them.

- RegisterBroker: 1: controlled shutdown. 2: migration from ZooKeeper (KIP-866). 3: log directories (KIP-858).
  4: cordoned ones among them (KIP-1066).
- Partition, PartitionChange: 1: each replica's directory (KIP-858). 2: eligible leader replicas (KIP-966).
- FeatureLevel: stays at 0, because a log begins with one that says what is needed to read the rest (KIP-778).
- Begin-, End- and AbortTransaction: the records between them count all or not at all (KIP-868).
"""

from typing import Any

from ..errors import ProtocolError
from ..schema import BOOL, INT8, INT16, INT32, INT64, STRING, UINT16, UUID, Array, Field, Message, Struct

ENDPOINT = Struct(
    "BrokerEndpoint",
    Field("name", STRING),
    Field("host", STRING),
    Field("port", UINT16),
    Field("security_protocol", INT16),
)

FEATURE = Struct(
    "BrokerFeature",
    Field("name", STRING),
    Field("min_supported_version", INT16),
    Field("max_supported_version", INT16),
)

REGISTER_BROKER = Message(
    "RegisterBrokerRecord",
    api_key=None,
    versions=range(0, 5),
    flexible=0,
    fields=(
        Field("broker_id", INT32),
        Field("is_migrating_zk_broker", BOOL, since=2),
        Field("incarnation_id", UUID),
        Field("broker_epoch", INT64),
        Field("end_points", Array(ENDPOINT)),
        Field("features", Array(FEATURE)),
        Field("rack", STRING, nullable=0),
        Field("fenced", BOOL, default=True),
        Field("in_controlled_shutdown", BOOL, since=1),
        Field("log_dirs", Array(UUID), since=3, tag=0),
        Field("cordoned_log_dirs", Array(UUID), since=4, tag=1, nullable=4, default=None),
    ),
)

UNREGISTER_BROKER = Message(
    "UnregisterBrokerRecord",
    api_key=None,
    versions=range(0, 1),
    flexible=0,
    fields=(
        Field("broker_id", INT32),
        Field("broker_epoch", INT64),
    ),
)

TOPIC = Message(
    "TopicRecord",
    api_key=None,
    versions=range(0, 1),
    flexible=0,
    fields=(
        Field("name", STRING),
        Field("topic_id", UUID),
    ),
)

PARTITION = Message(
    "PartitionRecord",
    api_key=None,
    versions=range(0, 3),
    flexible=0,
    fields=(
        Field("partition_id", INT32, default=-1),
        Field("topic_id", UUID),
        Field("replicas", Array(INT32)),
        Field("isr", Array(INT32)),
        Field("removing_replicas", Array(INT32)),
        Field("adding_replicas", Array(INT32)),
        Field("leader", INT32, default=-1),
        Field("leader_recovery_state", INT8, tag=0),
        Field("leader_epoch", INT32, default=-1),
        Field("partition_epoch", INT32, default=-1),
        Field("directories", Array(UUID), since=1),
        Field("eligible_leader_replicas", Array(INT32), since=2, tag=1, nullable=2, default=None),
        Field("last_known_elr", Array(INT32), since=2, tag=2, nullable=2, default=None),
    ),
)

CONFIG = Message(
    "ConfigRecord",
    api_key=None,
    versions=range(0, 1),
    flexible=0,
    fields=(
        Field("resource_type", INT8),
        Field("resource_name", STRING),
        Field("name", STRING),
        Field("value", STRING, nullable=0),
    ),
)

PARTITION_CHANGE = Message(
    "PartitionChangeRecord",
    api_key=None,
    versions=range(0, 3),
    flexible=0,
    fields=(
        Field("partition_id", INT32, default=-1),
        Field("topic_id", UUID),
        Field("isr", Array(INT32), tag=0, nullable=0, default=None),
        Field("leader", INT32, tag=1, default=-2),
        Field("replicas", Array(INT32), tag=2, nullable=0, default=None),
        Field("removing_replicas", Array(INT32), tag=3, nullable=0, default=None),
        Field("adding_replicas", Array(INT32), tag=4, nullable=0, default=None),
        Field("leader_recovery_state", INT8, tag=5, default=-1),
        Field("directories", Array(UUID), since=1, tag=8, nullable=1, default=None),
        Field("eligible_leader_replicas", Array(INT32), since=2, tag=6, nullable=2, default=None),
        Field("last_known_elr", Array(INT32), since=2, tag=7, nullable=2, default=None),
    ),
)

FENCE_BROKER = Message(
    "FenceBrokerRecord",
    api_key=None,
    versions=range(0, 1),
    flexible=0,
    fields=(
        Field("id", INT32),
        Field("epoch", INT64),
    ),
)

UNFENCE_BROKER = Message(
    "UnfenceBrokerRecord",
    api_key=None,
    versions=range(0, 1),
    flexible=0,
    fields=(
        Field("id", INT32),
        Field("epoch", INT64),
    ),
)

REMOVE_TOPIC = Message(
    "RemoveTopicRecord",
    api_key=None,
    versions=range(0, 1),
    flexible=0,
    fields=(Field("topic_id", UUID),),
)

FEATURE_LEVEL = Message(
    "FeatureLevelRecord",
    api_key=None,
    versions=range(0, 1),
    flexible=0,
    fields=(
        Field("name", STRING),
        Field("feature_level", INT16),
    ),
)

PRODUCER_IDS = Message(
    "ProducerIdsRecord",
    api_key=None,
    versions=range(0, 1),
    flexible=0,
    fields=(
        Field("broker_id", INT32),
        Field("broker_epoch", INT64, default=-1),
        Field("next_producer_id", INT64),
    ),
)

BROKER_REGISTRATION_CHANGE = Message(
    "BrokerRegistrationChangeRecord",
    api_key=None,
    versions=range(0, 4),
    flexible=0,
    fields=(
        Field("broker_id", INT32),
        Field("broker_epoch", INT64),
        Field("fenced", INT8, tag=0),
        Field("in_controlled_shutdown", INT8, since=1, tag=1),
        Field("log_dirs", Array(UUID), since=2, tag=2),
        Field("cordoned_log_dirs", Array(UUID), since=3, tag=3, nullable=3, default=None),
    ),
)

NO_OP = Message(
    "NoOpRecord",
    api_key=None,
    versions=range(0, 1),
    flexible=0,
    fields=(),
)

BEGIN_TRANSACTION = Message(
    "BeginTransactionRecord",
    api_key=None,
    versions=range(0, 1),
    flexible=0,
    fields=(Field("name", STRING, tag=0, nullable=0, default=None),),
)

END_TRANSACTION = Message(
    "EndTransactionRecord",
    api_key=None,
    versions=range(0, 1),
    flexible=0,
    fields=(),
)

ABORT_TRANSACTION = Message(
    "AbortTransactionRecord",
    api_key=None,
    versions=range(0, 1),
    flexible=0,
    fields=(Field("reason", STRING, tag=0, nullable=0, default=None),),
)

CONTROLLER_ENDPOINT = Struct(
    "ControllerEndpoint",
    Field("name", STRING),
    Field("host", STRING),
    Field("port", UINT16),
    Field("security_protocol", INT16),
)

CONTROLLER_FEATURE = Struct(
    "ControllerFeature",
    Field("name", STRING),
    Field("min_supported_version", INT16),
    Field("max_supported_version", INT16),
)

REGISTER_CONTROLLER = Message(
    "RegisterControllerRecord",
    api_key=None,
    versions=range(0, 1),
    flexible=0,
    fields=(
        Field("controller_id", INT32),
        Field("incarnation_id", UUID),
        Field("zk_migration_ready", BOOL),
        Field("end_points", Array(CONTROLLER_ENDPOINT)),
        Field("features", Array(CONTROLLER_FEATURE)),
    ),
)

RECORDS_BY_TYPE = {
    0: REGISTER_BROKER,
    1: UNREGISTER_BROKER,
    2: TOPIC,
    3: PARTITION,
    4: CONFIG,
    5: PARTITION_CHANGE,
    7: FENCE_BROKER,
    8: UNFENCE_BROKER,
    9: REMOVE_TOPIC,
    12: FEATURE_LEVEL,
    15: PRODUCER_IDS,
    17: BROKER_REGISTRATION_CHANGE,
    20: NO_OP,
    23: BEGIN_TRANSACTION,
    24: END_TRANSACTION,
    25: ABORT_TRANSACTION,
    27: REGISTER_CONTROLLER,
}
"""The types by their number, which Kafka calls the record's API key."""

_TYPES = {message.name: number for number, message in RECORDS_BY_TYPE.items()}
_FRAME_VERSION = 1


def write_record(message: Message, value: Any, version: int | None = None) -> bytes:
    """The framed value of a record; `version` defaults to the newest. Types and versions stay below 128."""
    chosen = message.versions[-1] if version is None else version
    return bytes((_FRAME_VERSION, _TYPES[message.name], chosen)) + message.write(value, chosen)


def read_record(data: bytes | memoryview) -> tuple[Message, Any]:
    """A record's type and its value; raises ProtocolError for a malformed frame, an unknown type or version.

    Frame version, type and version are one byte each: all that exist are below 128.
    """
    if len(data) < 3:
        raise ProtocolError(f"a metadata record of {len(data)} bytes has no frame")
    frame_version, number, version = data[0], data[1], data[2]
    if frame_version != _FRAME_VERSION:
        raise ProtocolError(f"metadata frame version {frame_version} is unknown")
    message = RECORDS_BY_TYPE.get(number)
    if message is None or version not in message.versions:
        raise ProtocolError(f"metadata record type {number} version {version} is unknown")
    return message, message.read(data, version, 3)
