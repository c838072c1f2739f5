"""The states of a record in flight, as data, with the numbers by which they are stored.

An acquired record that is not done with in time, or is released, becomes available again; at the limit of
deliveries it is archived instead.
"""

from __future__ import annotations

from enum import IntEnum


class RecordState(IntEnum):
    """What has become of a record in a share group."""

    AVAILABLE = 0
    ACQUIRED = 1
    ACKNOWLEDGED = 2
    ARCHIVED = 4

    @property
    def is_terminal(self) -> bool:
        """Whether the share group is done with the record."""
        return self in (RecordState.ACKNOWLEDGED, RecordState.ARCHIVED)


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
    AcknowledgeType.REJECT: RecordState.ARCHIVED,
}
"""The state that follows from an acknowledgement; renewing leaves the record as it is."""
