"""What a disk remembers after a crash: durable contents, and a choice among the changes that were not synced.

A file or directory is its durable state plus the changes since its last sync. A power loss keeps any subset
of the changes, each write whole, torn or as a mere length; the next start finds what that leaves. No one file
system is as harsh as this; together they are: see "All File Systems Are Not Created Equal" (Pillai et al.,
OSDI 2014) and, on failed syncs, "Can Applications Recover from fsync Failures?" (Rebello et al., ATC 2020).
"""

from __future__ import annotations

import enum
from typing import NamedTuple, Protocol

SECTOR_BYTES = 512
PAGE_BYTES = 4096


class Chance(Protocol):
    """The source of chance, seeded by the caller: random.Random is one."""

    def random(self) -> float:
        """A number in [0, 1)."""
        ...

    def randrange(self, stop: int, /) -> int:
        """An integer in [0, stop)."""
        ...

    def randbytes(self, n: int, /) -> bytes:
        """`n` bytes."""
        ...


class Fate(enum.Enum):
    """Whether the disk has a change."""

    PENDING = enum.auto()  # in the page cache, dirty: a sync brings it to the disk
    IN_DOUBT = enum.auto()  # a sync failed: it counts as clean, no later sync writes it, only luck has
    DURABLE = enum.auto()  # synced, but kept apart because it follows a change in doubt


class FileChange:
    """A write of `data` at `offset`, or with `data` None a truncation to `offset` bytes."""

    __slots__ = ("data", "fate", "offset", "order")

    def __init__(self, order: int, offset: int, data: bytes | None, fate: Fate = Fate.PENDING) -> None:
        self.order = order
        self.offset = offset
        self.data = data
        self.fate = fate

    def apply(self, contents: bytearray) -> None:
        if self.data is None:
            _resize(contents, self.offset)
        else:
            _overwrite(contents, self.offset, self.data)


class NameChange:
    """Names of one directory that change in one step, each to a node, or to None when it goes."""

    __slots__ = ("names", "order")

    def __init__(self, order: int, names: dict[str, Node | None]) -> None:
        self.order = order
        self.names = names

    def apply(self, names: dict[str, Node]) -> None:
        for name, node in self.names.items():
            if node is None:
                names.pop(name, None)
            else:
                names[name] = node


class FileNode:
    """A file. Always: `durable` with all `changes` applied gives `contents`, which is what programs see."""

    __slots__ = ("changes", "contents", "durable")

    def __init__(self, durable: bytes = b"") -> None:
        self.durable = durable
        self.contents = bytearray(durable)
        self.changes: list[FileChange] = []

    def change(self, change: FileChange) -> None:
        self.changes.append(change)
        change.apply(self.contents)

    def sync(self) -> None:
        if any(change.fate is Fate.IN_DOUBT for change in self.changes):
            self._settle(Fate.DURABLE)
        else:
            self.durable = bytes(self.contents)
            self.changes.clear()

    def fail_sync(self) -> None:
        self._settle(Fate.IN_DOUBT)

    def _settle(self, fate: Fate) -> None:
        for change in self.changes:
            if change.fate is Fate.PENDING:
                change.fate = fate


class DirectoryNode:
    """A directory, likewise: `durable` with all `changes` applied gives `names`."""

    __slots__ = ("changes", "durable", "names")

    def __init__(self, durable: dict[str, Node] | None = None) -> None:
        self.durable: dict[str, Node] = durable or {}
        self.names = dict(self.durable)
        self.changes: list[NameChange] = []

    def change(self, change: NameChange) -> None:
        self.changes.append(change)
        change.apply(self.names)

    def sync(self) -> None:
        self.durable = dict(self.names)
        self.changes.clear()


Node = FileNode | DirectoryNode


class Survival(NamedTuple):
    """How likely it is that a change reached the disk."""

    names: float  # a name created, renamed or removed
    data: float  # a write or truncation, of which...
    torn: float  # ...this share only in part
    lengths: float  # the length of a write whose data did not
    in_order: bool = False  # everything up to some change, that one torn, and nothing after it


SURVIVALS = (
    Survival(names=0, data=0, torn=0, lengths=0),
    Survival(names=1, data=1, torn=0, lengths=0),
    Survival(names=1, data=1, torn=0, lengths=0, in_order=True),
    Survival(names=1, data=0, torn=0, lengths=0),
    Survival(names=1, data=0, torn=0, lengths=1),
    Survival(names=0, data=1, torn=0, lengths=0),
    Survival(names=0.5, data=0.5, torn=0.3, lengths=0.5),
    Survival(names=0.9, data=0.9, torn=0.2, lengths=0.5),
    Survival(names=0.2, data=0.2, torn=0.5, lengths=0.5),
    Survival(names=0.9, data=0.7, torn=1, lengths=0.3),
)
# The latest changes among which an in-order crash picks the last one that is kept.
_RECENT = 16


class PowerLoss:
    """One outcome of losing power: decides change by change, and makes the tree that the next start finds."""

    def __init__(self, chance: Chance, last_order: int) -> None:
        self._chance = chance
        self._survival = SURVIVALS[chance.randrange(len(SURVIVALS))]
        self._last_kept = last_order - chance.randrange(_RECENT) if self._survival.in_order else last_order

    def directory(self, node: DirectoryNode) -> DirectoryNode:
        names = dict(node.durable)
        for change in node.changes:
            if change.order <= self._last_kept and self._happens(self._survival.names):
                _keep_one_name(names, change)
                change.apply(names)
        return DirectoryNode({name: self._node(child) for name, child in names.items()})

    def _node(self, node: Node) -> Node:
        return self.directory(node) if isinstance(node, DirectoryNode) else FileNode(self._contents(node))

    def _happens(self, probability: float) -> bool:
        return probability == 1 or (probability > 0 and self._chance.random() < probability)

    def _contents(self, node: FileNode) -> bytes:
        if not node.changes:
            return node.durable
        contents = bytearray(node.durable)
        for change in node.changes:
            if change.fate is Fate.DURABLE:
                change.apply(contents)
            elif change.order <= self._last_kept:
                self._maybe_apply(change, contents)
        return bytes(contents)

    def _maybe_apply(self, change: FileChange, contents: bytearray) -> None:
        survival, data = self._survival, change.data
        tail = survival.in_order and change.order == self._last_kept
        if self._happens(survival.data):
            if data is not None and data and (tail or self._happens(survival.torn)):
                self._tear(change.offset, data, contents)
            else:
                change.apply(contents)
        elif data is not None and self._happens(survival.lengths):
            self._extend(contents, change.offset + len(data))

    def _tear(self, offset: int, data: bytes, contents: bytearray) -> None:
        """Write some of the blocks of `data`, or a part up to any byte."""
        chance = self._chance
        unit = (1, SECTOR_BYTES, PAGE_BYTES)[chance.randrange(3)]
        end = offset + len(data)
        length_first = chance.random() < 0.5
        if unit == 1:
            _overwrite(contents, offset, data[: chance.randrange(len(data) + 1)])
            if length_first and len(contents) < end:
                contents.extend(bytes(end - len(contents)))
            return
        if length_first:
            self._extend(contents, end)
        start = offset
        while start < end:
            stop = min(end, start - start % unit + unit)
            if chance.random() < 0.5:
                self._extend(contents, start)
                _overwrite(contents, start, data[start - offset : stop - offset])
            start = stop

    def _extend(self, contents: bytearray, size: int) -> None:
        """Bring a file to a length without its data: zeros, or what lay in those blocks before.

        The rest of a sector in which the file ended has been zeros since that was written.
        """
        contents.extend(bytes(max(0, min(size - len(contents), -len(contents) % SECTOR_BYTES))))
        missing = size - len(contents)
        if missing <= 0:
            return
        choice = self._chance.random()
        if choice < 0.6 or not contents:
            contents.extend(bytes(missing))
        elif choice < 0.8:
            contents.extend(self._chance.randbytes(missing))
        else:  # an earlier part of the same file, which is well formed and in the wrong place
            start = self._chance.randrange(len(contents)) if choice < 0.9 else 0
            stale = bytes(contents[start:])
            contents.extend((stale * (missing // len(stale) + 1))[:missing])


def _keep_one_name(names: dict[str, Node], change: NameChange) -> None:
    """A rename that outlives an earlier rename of the same node must not leave it two names."""
    for node in change.names.values():
        for name in [name for name, other in names.items() if other is node]:
            del names[name]


def copy_tree(node: DirectoryNode) -> DirectoryNode:
    """The same tree with the same pending changes, apart from the original: what a killed process leaves."""
    copies: dict[int, Node] = {}

    def copy(node: Node) -> Node:
        known = copies.get(id(node))
        if known is None:
            known = copies[id(node)] = (
                copy_directory(node) if isinstance(node, DirectoryNode) else copy_file(node)
            )
        return known

    def copy_directory(node: DirectoryNode) -> DirectoryNode:
        new = DirectoryNode({name: copy(child) for name, child in node.durable.items()})
        new.names = {name: copy(child) for name, child in node.names.items()}
        new.changes = [
            NameChange(change.order, {name: child and copy(child) for name, child in change.names.items()})
            for change in node.changes
        ]
        return new

    return copy_directory(node)


def copy_file(node: FileNode) -> FileNode:
    """The same file with the same pending changes."""
    new = FileNode(node.durable)
    for change in node.changes:
        new.change(FileChange(change.order, change.offset, change.data, change.fate))
    return new


def _overwrite(contents: bytearray, offset: int, data: bytes) -> None:
    if offset > len(contents):
        contents.extend(bytes(offset - len(contents)))
    contents[offset : offset + len(data)] = data


def _resize(contents: bytearray, size: int) -> None:
    if size <= len(contents):
        del contents[size:]
    else:
        contents.extend(bytes(size - len(contents)))
