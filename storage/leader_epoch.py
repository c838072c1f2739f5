"""Where each leader epoch began (KIP-101): the file `leader-epoch-checkpoint` of a partition."""

from __future__ import annotations

from bisect import bisect_left, bisect_right

from .checkpoint import format_entries, parse_entries
from .errors import CheckpointCorrupted

FILE_NAME = "leader-epoch-checkpoint"


class LeaderEpochs:
    """Pairs (epoch, start offset), both increasing. `changed` counts the changes: who writes the file
    compares it.
    """

    __slots__ = ("_epochs", "_starts", "changed")

    def __init__(self) -> None:
        self._epochs: list[int] = []
        self._starts: list[int] = []
        self.changed = 0

    def __len__(self) -> int:
        return len(self._epochs)

    @property
    def entries(self) -> list[tuple[int, int]]:
        """All (epoch, start offset), oldest first."""
        return list(zip(self._epochs, self._starts, strict=True))

    @property
    def latest_epoch(self) -> int:
        """The newest epoch, or -1."""
        return self._epochs[-1] if self._epochs else -1

    def assign(self, epoch: int, start_offset: int) -> None:
        """`epoch` begins at `start_offset`. Entries that contradict it are dropped; a known epoch keeps its
        start.
        """
        epochs, starts = self._epochs, self._starts
        if epochs and epoch == epochs[-1] and start_offset >= starts[-1]:
            return
        keep = min(bisect_left(epochs, epoch), bisect_left(starts, start_offset))
        del epochs[keep:], starts[keep:]
        epochs.append(epoch)
        starts.append(start_offset)
        self.changed += 1

    def truncate_from_end(self, end_offset: int) -> None:
        """Drop the epochs that begin at `end_offset` or later."""
        keep = bisect_left(self._starts, end_offset)
        if keep < len(self._starts):
            del self._epochs[keep:], self._starts[keep:]
            self.changed += 1

    def truncate_from_start(self, start_offset: int) -> None:
        """Drop the epochs that ended before `start_offset`; the one that holds it begins there now."""
        first = bisect_right(self._starts, start_offset) - 1
        if first >= 0 and (first > 0 or self._starts[0] != start_offset):
            del self._epochs[:first], self._starts[:first]
            self._starts[0] = start_offset
            self.changed += 1

    def epoch_at(self, offset: int) -> int:
        """The epoch of the batch at `offset`, or -1 if it lies before all known epochs."""
        slot = bisect_right(self._starts, offset) - 1
        return self._epochs[slot] if slot >= 0 else -1

    def end_offset(self, epoch: int, log_end_offset: int) -> tuple[int, int]:
        """Answer OffsetForLeaderEpoch (KIP-101, KIP-279): the largest known epoch <= `epoch`, and where it
        ended.

        (-1, -1) if that is not known.
        """
        epochs, starts = self._epochs, self._starts
        if epoch < 0 or not epochs or epoch > epochs[-1]:
            return -1, -1
        if epoch == epochs[-1]:
            return epoch, log_end_offset
        above = bisect_right(epochs, epoch)
        return (epoch if above == 0 else epochs[above - 1]), starts[above]

    def to_bytes(self) -> bytes:
        """The contents of the file."""
        return format_entries(f"{epoch} {start}" for epoch, start in self.entries)

    @classmethod
    def from_bytes(cls, path: str, data: bytes) -> LeaderEpochs:
        """Read the contents of the file. Raises CheckpointCorrupted."""
        result = cls()
        try:
            for epoch, start in parse_entries(path, data, 2):
                result.assign(int(epoch), int(start))
        except ValueError as error:
            raise CheckpointCorrupted(f"{path} has an entry that is not a number") from error
        result.changed = 0
        return result
