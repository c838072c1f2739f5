"""What consumers of the classic protocol say to each other through JoinGroup and SyncGroup, behind a version.

- 1: a subscription tells the partitions that the consumer has (KIP-429). 2: and since which generation
  (KIP-792). 3: and its rack (KIP-881).
"""

from __future__ import annotations

from struct import Struct as _Layout
from typing import Any

from ..errors import ProtocolError
from ..schema import BYTES, INT32, STRING, Array, Field, Message, Struct

TOPIC_PARTITION = Struct(
    "TopicPartition",
    Field("topic", STRING),
    Field("partitions", Array(INT32)),
)

SUBSCRIPTION = Message(
    "ConsumerProtocolSubscription",
    api_key=None,
    versions=range(0, 4),
    flexible=None,
    fields=(
        Field("topics", Array(STRING)),
        Field("user_data", BYTES, nullable=0, default=None),
        Field("owned_partitions", Array(TOPIC_PARTITION), since=1),
        Field("generation_id", INT32, since=2, default=-1),
        Field("rack_id", STRING, since=3, nullable=3, default=None),
    ),
)

ASSIGNMENT = Message(
    "ConsumerProtocolAssignment",
    api_key=None,
    versions=range(0, 4),
    flexible=None,
    fields=(
        Field("assigned_partitions", Array(TOPIC_PARTITION)),
        Field("user_data", BYTES, nullable=0, default=None),
    ),
)

_VERSION = _Layout(">h")


def read_version(data: bytes | memoryview) -> int:
    """The version in front, or the newest that is known here if that is older. Raises ProtocolError."""
    if len(data) < _VERSION.size:
        raise ProtocolError(f"a consumer's {len(data)} bytes have no version")
    version: int = _VERSION.unpack_from(data)[0]
    if version < 0:
        raise ProtocolError(f"a consumer's version {version}")
    return min(version, SUBSCRIPTION.versions[-1])


def read(message: Message, data: bytes | memoryview) -> Any:
    """A SUBSCRIPTION or an ASSIGNMENT; what comes after it is passed over. Raises ProtocolError."""
    return message.read_from(data, read_version(data), _VERSION.size)[0]


def write(message: Message, value: Any, version: int) -> bytes:
    """A SUBSCRIPTION or an ASSIGNMENT with its version in front."""
    return _VERSION.pack(version) + message.write(value, version)
