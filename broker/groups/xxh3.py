"""XXH3 with 64 bits and no seed (https://github.com/Cyan4973/xxHash), by which Kafka hashes the topics that a
group is subscribed to (KIP-1101).
"""

from __future__ import annotations

from struct import Struct

_SECRET = bytes.fromhex(
    "b8fe6c3923a44bbe7c01812cf721ad1cded46de9839097db7240a4a4b7b3671fcb79e64eccc0e578825ad07dccff7221"
    "b8084674f743248ee03590e6813a264c3c2852bb91c300cb88d0658b1b532ea371644897a20df94e3819ef46a9deacd8"
    "a8fa763fe39c343ff9dcbbc7c70b4f1d8a51e04bcdb45931c89f7ec9d9787364eac5ac8334d3ebc3c581a0fffa1363eb"
    "170ddd51b7f0da49d316552629d4689e2b16be587d47a1fc8ff8b8d17ad031ce45cb3a8f95160428afd7fbcabb4b407e"
)
_MASK32, _MASK64 = (1 << 32) - 1, (1 << 64) - 1
_PRIME32 = (0x9E3779B1, 0x85EBCA77, 0xC2B2AE3D)
_PRIME64 = (
    0x9E3779B185EBCA87,
    0xC2B2AE3D27D4EB4F,
    0x165667B19E3779F9,
    0x85EBCA77C2B2AE63,
    0x27D4EB2F165667C5,
)
_STRIPE, _STRIPES_IN_BLOCK = 64, 16
_U32, _U64, _U64X8 = Struct("<I"), Struct("<Q"), Struct("<8Q")


def xxh3_64(data: bytes) -> int:
    """The hash of the data, 0 to 2**64 - 1."""
    length = len(data)
    if length <= 16:
        return _short(data, length)
    if length <= 128:
        return _avalanche(_pairs(data, length))
    return _medium(data, length) if length <= 240 else _long(data, length)


def java_string(text: str) -> bytes:
    """A string as hash4j feeds it to a hash: its UTF-16 units, then how many they are."""
    units = text.encode("utf-16-le", "surrogatepass")
    return units + (len(units) // 2).to_bytes(4, "little")


def _short(data: bytes, length: int) -> int:
    if length > 8:
        low = _read(data, 0) ^ _secret(24) ^ _secret(32)
        high = _read(data, length - 8) ^ _secret(40) ^ _secret(48)
        swapped = int.from_bytes(low.to_bytes(8, "little"), "big")
        return _avalanche((length + swapped + high + _fold(low, high)) & _MASK64)
    if length >= 4:
        first, last = _U32.unpack_from(data)[0], _U32.unpack_from(data, length - 4)[0]
        value: int = (last + (first << 32)) ^ _secret(8) ^ _secret(16)
        value ^= _rotate(value, 49) ^ _rotate(value, 24)
        value = value * 0x9FB21C651E98DF25 & _MASK64
        value ^= (value >> 35) + length
        value = value * 0x9FB21C651E98DF25 & _MASK64
        return value ^ value >> 28
    if length:
        value = data[0] << 16 | data[length >> 1] << 24 | data[length - 1] | length << 8
        return _avalanche_xxh64(value ^ _U32.unpack_from(_SECRET)[0] ^ _U32.unpack_from(_SECRET, 4)[0])
    return _avalanche_xxh64(_secret(56) ^ _secret(64))


def _pairs(data: bytes, length: int) -> int:
    """17 to 128 bytes: 16 from the front and 16 from the back, further in each time."""
    total = length * _PRIME64[0]
    for at in range(0, (length - 1) // 32 * 16 + 1, 16):
        total += _mix(data, at, 2 * at) + _mix(data, length - 16 - at, 2 * at + 16)
    return total & _MASK64


def _medium(data: bytes, length: int) -> int:
    total = length * _PRIME64[0] + sum(_mix(data, at, at) for at in range(0, 128, 16))
    total = _avalanche(total & _MASK64)
    total += sum(_mix(data, 16 * i, 16 * (i - 8) + 3) for i in range(8, length // 16))
    return _avalanche((total + _mix(data, length - 16, 136 - 17)) & _MASK64)


def _long(data: bytes, length: int) -> int:
    accumulators = [_PRIME32[2], *_PRIME64[:4], _PRIME32[1], _PRIME64[4], _PRIME32[0]]
    stripes = (length - 1) // _STRIPE
    for stripe in range(stripes):
        in_block = stripe % _STRIPES_IN_BLOCK
        _accumulate(accumulators, data, stripe * _STRIPE, 8 * in_block)
        if in_block == _STRIPES_IN_BLOCK - 1:
            _scramble(accumulators)
    _accumulate(accumulators, data, length - _STRIPE, len(_SECRET) - _STRIPE - 7)
    total = length * _PRIME64[0]
    for i in range(0, 8, 2):
        key = 11 + 8 * i
        total += _fold(accumulators[i] ^ _secret(key), accumulators[i + 1] ^ _secret(key + 8))
    return _avalanche(total & _MASK64)


def _accumulate(accumulators: list[int], data: bytes, at: int, secret_at: int) -> None:
    values = _U64X8.unpack_from(data, at)
    keys = _U64X8.unpack_from(_SECRET, secret_at)
    for i, (value, key) in enumerate(zip(values, keys, strict=True)):
        keyed = value ^ key
        accumulators[i ^ 1] = accumulators[i ^ 1] + value & _MASK64
        accumulators[i] = accumulators[i] + (keyed & _MASK32) * (keyed >> 32) & _MASK64


def _scramble(accumulators: list[int]) -> None:
    for i, key in enumerate(_U64X8.unpack_from(_SECRET, len(_SECRET) - _STRIPE)):
        value = accumulators[i]
        accumulators[i] = (value ^ value >> 47 ^ key) * _PRIME32[0] & _MASK64


def _mix(data: bytes, at: int, secret_at: int) -> int:
    return _fold(_read(data, at) ^ _secret(secret_at), _read(data, at + 8) ^ _secret(secret_at + 8))


def _fold(first: int, second: int) -> int:
    product = first * second
    return product & _MASK64 ^ product >> 64


def _avalanche(value: int) -> int:
    value ^= value >> 37
    value = value * 0x165667919E3779F9 & _MASK64
    return value ^ value >> 32


def _avalanche_xxh64(value: int) -> int:
    value ^= value >> 33
    value = value * _PRIME64[1] & _MASK64
    value ^= value >> 29
    value = value * _PRIME64[2] & _MASK64
    return value ^ value >> 32


def _rotate(value: int, bits: int) -> int:
    return (value << bits | value >> 64 - bits) & _MASK64


def _read(data: bytes, at: int) -> int:
    value: int = _U64.unpack_from(data, at)[0]
    return value


def _secret(at: int) -> int:
    return _read(_SECRET, at)
