"""What the group coordinator writes to the topic __consumer_offsets: keys and values of its records.

Each key and each value starts with its version as an int16; a key's version also says what the key is of: 0
and 1 an offset, 2 a classic group, others a consumer group (`consumer_group_records`), a share group
(`share_group_records`), or a group of a kind that is not known here. A record with a null value deletes.
Kafka 4.4 writes offsets at version 4 (at 1 if they carry their own expiry) and classic groups at version 3.

- OffsetCommitValue: 1: an expiry for each offset. 2: without it (KIP-211). 3: leader epoch (KIP-320).
  4: flexible (KIP-915); the topic id as a tagged field.
- GroupMetadataValue: 1: rebalance timeout (KIP-62). 2: when the group entered its state (KIP-211). 3: static
  members (KIP-345). 4: flexible (KIP-915).
"""

from struct import Struct as _Layout
from typing import Any

from ..errors import ProtocolError
from ..schema import BYTES, INT32, INT64, STRING, UUID, Array, Field, Message, Struct

OFFSET_COMMIT_KEY = Message(
    "OffsetCommitKey",
    api_key=None,
    versions=range(0, 2),
    flexible=None,
    fields=(
        Field("group", STRING),
        Field("topic", STRING),
        Field("partition", INT32),
    ),
)

OFFSET_COMMIT_VALUE = Message(
    "OffsetCommitValue",
    api_key=None,
    versions=range(0, 5),
    flexible=4,
    fields=(
        Field("offset", INT64),
        Field("leader_epoch", INT32, since=3, default=-1),
        Field("metadata", STRING),
        Field("commit_timestamp", INT64),
        Field("expire_timestamp", INT64, since=1, until=1, default=-1),
        Field("topic_id", UUID, since=4, tag=0),
    ),
)

GROUP_METADATA_KEY = Message(
    "GroupMetadataKey",
    api_key=None,
    versions=range(2, 3),
    flexible=None,
    fields=(Field("group", STRING),),
)

MEMBER = Struct(
    "MemberMetadata",
    Field("member_id", STRING),
    Field("group_instance_id", STRING, since=3, nullable=3, default=None),
    Field("client_id", STRING),
    Field("client_host", STRING),
    Field("rebalance_timeout", INT32, since=1, default=-1),
    Field("session_timeout", INT32),
    Field("subscription", BYTES),
    Field("assignment", BYTES),
)

GROUP_METADATA_VALUE = Message(
    "GroupMetadataValue",
    api_key=None,
    versions=range(0, 5),
    flexible=4,
    fields=(
        Field("protocol_type", STRING),
        Field("generation", INT32),
        Field("protocol", STRING, nullable=0),
        Field("leader", STRING, nullable=0),
        Field("current_state_timestamp", INT64, since=2, default=-1),
        Field("members", Array(MEMBER)),
    ),
)

_VERSION = _Layout(">h")
_KEY_OF_VERSION = {0: OFFSET_COMMIT_KEY, 1: OFFSET_COMMIT_KEY, 2: GROUP_METADATA_KEY}


def record_key(name: str, version: int, *fields: Field) -> Message:
    """The declaration of a newer key, which is of one group; `version` says of what kind."""
    return Message(
        name,
        api_key=None,
        versions=range(version, version + 1),
        flexible=None,
        fields=(Field("group_id", STRING), *fields),
    )


def record_value(name: str, *fields: Field) -> Message:
    """The declaration of a newer value: version 0, flexible."""
    return Message(name, api_key=None, versions=range(0, 1), flexible=0, fields=fields)


def write_versioned(message: Message, value: Any, version: int | None = None) -> bytes:
    """A key or a value of a record: its version, then its fields; `version` defaults to the newest."""
    chosen = message.versions[-1] if version is None else version
    return _VERSION.pack(chosen) + message.write(value, chosen)


def read_key(data: bytes | memoryview) -> tuple[Message, Any] | None:
    """What a record is about: (the declaration of its key, the key), or None for kinds not known here.

    Raises ProtocolError if the key is malformed.
    """
    version = _read_version(data)
    message = _KEY_OF_VERSION.get(version) or _newer_key(version)
    return None if message is None else (message, message.read(data, version, _VERSION.size))


def _newer_key(version: int) -> Message | None:
    """A broker without groups of the newer kinds starts without their declarations."""
    from . import consumer_group_records, share_group_records, streams_group_records

    modules = (consumer_group_records, share_group_records, streams_group_records)
    found = (module.KEY_OF_VERSION.get(version) for module in modules)
    return next((message for message in found if message is not None), None)


def read_value(message: Message, data: bytes | memoryview) -> Any:
    """The value of a record whose key told its `message`; raises ProtocolError, also for unknown versions."""
    version = _read_version(data)
    if version not in message.versions:
        raise ProtocolError(f"{message.name} has no version {version}")
    return message.read(data, version, _VERSION.size)


def _read_version(data: bytes | memoryview) -> int:
    if len(data) < _VERSION.size:
        raise ProtocolError(f"a record of {len(data)} bytes has no version")
    version: int = _VERSION.unpack_from(data)[0]
    return version
