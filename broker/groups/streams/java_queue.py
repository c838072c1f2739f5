"""Java's PriorityQueue: which of several equal items it gives first decides who gets a task."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Generic, TypeVar

T = TypeVar("T")


class JavaPriorityQueue(Generic[T]):
    """A binary heap that is sifted as Java's is. A key may change while its item is not in the queue."""

    def __init__(self, key: Callable[[T], float], items: Iterable[T] = ()) -> None:
        self._key = key
        self._items: list[T] = []
        for item in items:
            self.add(item)

    def __bool__(self) -> bool:
        return bool(self._items)

    def add(self, item: T) -> None:
        """Put an item in."""
        items, key = self._items, self._key(item)
        items.append(item)
        at = len(items) - 1
        while at > 0:
            parent = (at - 1) // 2
            if key >= self._key(items[parent]):
                break
            items[at] = items[parent]
            at = parent
        items[at] = item

    def poll(self) -> T:
        """Take the least item out. Raises IndexError when there is none."""
        items = self._items
        last = items.pop()
        if not items:
            return last
        first, key, at = items[0], self._key(last), 0
        while at < len(items) // 2:
            child = 2 * at + 1
            if child + 1 < len(items) and self._key(items[child]) > self._key(items[child + 1]):
                child += 1
            if key <= self._key(items[child]):
                break
            items[at] = items[child]
            at = child
        items[at] = last
        return first
