"""The order in which Java's hash tables give out their keys.

Apache Kafka's assignors walk through HashMaps, so this order decides which member gets which partition. A
group that moves from one broker to the other keeps its partitions only if both have the same order. Keys
that fall into one bucket come in the order of `items`, as far as a table does not turn a bucket into a tree.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from functools import lru_cache
from typing import TypeVar

from .placement import java_hash

T = TypeVar("T")
# The ids of members come again with every target: the hashes of so many are remembered.
_string_hash = lru_cache(maxsize=10_000)(java_hash)
_SMALLEST_TABLE = 16
_LOAD = 0.75
_GOLDEN = 0x9E37_79B9_7F4A_7C15  # 2^64 by the golden ratio: what a TimelineHashMap spreads hashes with


def hash_map_order(names: Iterable[str]) -> list[str]:
    """Strings as a HashMap has them that grew by one put for each."""
    items = list(names)
    return _in_buckets(items, _string_hash, _grown(len(items)))


def hash_map_computed_order(names: Iterable[str], capacity: int, copied: Sequence[str] = ()) -> list[str]:
    """Strings as `new HashMap(capacity)` has them after one computeIfAbsent or compute for each, which come
    again. That looks whether the table is too small before it puts something in, and not after, and puts it
    first in its bucket. `copied` are there before, of a map that was copied.
    """
    items = dict.fromkeys(reversed(copied))
    size = 1
    while size < capacity:
        size *= 2
    for name in names:
        if len(items) > int(size * _LOAD):
            size *= 2
        items[name] = None
    return _in_buckets([*reversed(items)], _string_hash, size)


def copy_capacity(count: int) -> int:
    """What `new HashMap(map)` begins with, of a map of so many; the usual table waits for an empty one."""
    return int(count / _LOAD) + 1 if count else _SMALLEST_TABLE


def timeline_map_order(names: Iterable[str]) -> list[str]:
    """Strings as Kafka's TimelineHashMap has them after one put for each and another one: the last one of a
    slot comes first.
    """
    items = list(names)[::-1]
    bits = 1
    while (len(items) + 1) * _LOAD > 1 << bits:
        bits += 1

    def slot(name: str) -> int:
        return (_string_hash(name) * _GOLDEN & 0xFFFF_FFFF_FFFF_FFFF) >> (64 - bits)

    return sorted(items, key=slot)


def string_set_order(names: Iterable[str]) -> list[str]:
    """Strings as `new HashSet(collection)` has them; those in one bucket by their letters."""
    items = sorted(names)
    return _in_buckets(items, _string_hash, _fitting(len(items), _SMALLEST_TABLE))


def uuid_map_order(ids: Iterable[bytes]) -> list[bytes]:
    """Kafka's Uuids as a HashMap has them that grew by one put for each."""
    items = list(ids)
    return _in_buckets(items, uuid_hash, _grown(len(items)))


def uuid_set_order(ids: Iterable[bytes]) -> list[bytes]:
    """Kafka's Uuids as `new HashSet(collection)` has them."""
    items = list(ids)
    return _in_buckets(items, uuid_hash, _fitting(len(items), _SMALLEST_TABLE))


def int_set_order(numbers: Collection[int]) -> list[int]:
    """Integers as `new HashSet(collection)` has them."""
    return _in_buckets(sorted(numbers), lambda number: number, _fitting(len(numbers), _SMALLEST_TABLE))


def uuid_hash(topic_id: bytes) -> int:
    """`Uuid.hashCode` of Kafka."""
    bits = int.from_bytes(topic_id[:8], "big") ^ int.from_bytes(topic_id[8:], "big")
    return (bits >> 32) ^ bits


def _in_buckets(items: list[T], hash_of: Callable[[T], int], table_size: int) -> list[T]:
    if len(items) < 2:
        return items
    mask = table_size - 1

    def bucket(item: T) -> int:
        code = hash_of(item) & 0xFFFFFFFF
        return (code ^ code >> 16) & mask

    return sorted(items, key=bucket)


def _grown(count: int) -> int:
    size = _SMALLEST_TABLE
    while count > size * _LOAD:
        size *= 2
    return size


def _fitting(count: int, smallest: int) -> int:
    """The table that is made for so many keys at once."""
    size = smallest
    while size < int(count / _LOAD) + 1:
        size *= 2
    return size
