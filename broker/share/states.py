"""The states of a record in flight, as data, with the numbers by which they are stored.

An acquired record that is not done with in time, or is released, becomes available again; at the limit of
deliveries it is archived instead. What is archived for that, or because a member rejects it, goes to the
group's dead letter queue first, where it has one (KIP-1191): meanwhile it is archiving.
"""

from __future__ import annotations

from enum import Enum, IntEnum


class RecordState(IntEnum):
    """What has become of a record in a share group."""

    AVAILABLE = 0
    ACQUIRED = 1
    ACKNOWLEDGED = 2
    ARCHIVING = 3
    ARCHIVED = 4

    @property
    def is_terminal(self) -> bool:
        """Whether the share group is done with the record."""
        return self in (RecordState.ACKNOWLEDGED, RecordState.ARCHIVED)


class Cause(Enum):
    """Why a record goes to the dead letter queue, in Kafka's words, which are written beside it."""

    REJECTED = "Offset rejected by client."
    DELIVERED_TOO_OFTEN = "Offset delivery count exceeded the threshold."


class AcknowledgeType(IntEnum):
    """What a member says of an acquired record (KIP-932; RENEW: KIP-1222)."""

    GAP = 0
    ACCEPT = 1
    RELEASE = 2
    REJECT = 3
    RENEW = 4


OUTCOMES = {
    AcknowledgeType.GAP: RecordState.ARCHIVED,
    AcknowledgeType.ACCEPT: RecordState.ACKNOWLEDGED,
    AcknowledgeType.RELEASE: RecordState.AVAILABLE,
}
"""The state that follows from an acknowledgement. What is rejected is given up; renewing leaves the record as
it is.
"""
