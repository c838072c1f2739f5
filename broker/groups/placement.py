"""Which partition of an internal topic holds a group."""

from __future__ import annotations


def java_hash(text: str) -> int:
    """`String.hashCode` of Java, over UTF-16 units, as a signed 32-bit number."""
    units = text.encode("utf-16-be", "surrogatepass")
    code = 0
    for high, low in zip(units[::2], units[1::2], strict=True):
        code = (31 * code + (high << 8 | low)) & 0xFFFFFFFF
    return code - 0x1_0000_0000 if code & 0x8000_0000 else code


def partition_for(key: str, partitions: int) -> int:
    """The partition of `key` among `partitions`. The one number that has no opposite counts as 0."""
    code = java_hash(key)
    return (0 if code == -0x8000_0000 else abs(code)) % partitions
