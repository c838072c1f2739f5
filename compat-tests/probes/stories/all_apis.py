"""What is wrong with requests of every API in the same way, at every version that both brokers serve."""

from __future__ import annotations

import struct
from collections.abc import Callable

from odradek.protocol import messages
from odradek.protocol.api_keys import ApiKey
from probes import Answers, Prober, story

# Fields without which a request has no answer.
ANSWERED: dict[str, dict[str, object]] = {"produce": {"acks": 1}}


def _apis(p: Prober) -> list[str]:
    return [key.name.lower() for key in ApiKey if p.versions(key.name)]


def _empty(api: str, version: int) -> bytes:
    """A request in which everything has its default."""
    request = messages.request(ApiKey[api.upper()])
    return request.write(request(**ANSWERED.get(api, {})), version)


def _each(p: Prober, label: str, body: Callable[[str, int], bytes]) -> Answers:
    """Every API at every version with the body that `body` makes of them."""
    for api in _apis(p):
        for version in p.versions(api):
            yield f"{label} {api}, v{version}", p.ask_bytes(api, version, body(api, version))


@story
def defaults(p: Prober) -> Answers:
    """Every field has its default: empty arrays, empty names, zeros."""
    yield from _each(p, "default", _empty)


@story
def longer_than_they_are(p: Prober) -> Answers:
    """Bytes come after the request."""
    yield from _each(p, "longer", lambda api, version: _empty(api, version) + bytes(3))


@story
def cut_short(p: Prober) -> Answers:
    """The last byte of the request is absent."""
    yield from _each(p, "shorter", lambda api, version: _empty(api, version)[:-1])


@story
def nulls(p: Prober) -> Answers:
    """Every string and every array is null, and numbers are -1 where lengths are of fixed size."""

    def body(api: str, version: int) -> bytes:
        flexible = messages.request(ApiKey[api.upper()]).is_flexible(version)
        return (b"\0" if flexible else b"\xff") * 64

    for asked, answer in _each(p, "null", body):
        if (
            "describe_log_dirs" in asked
        ):  # tells of the brokers' own topics too: how large those are is theirs
            for partition in (
                one for each in answer.results for topic in each.topics for one in topic.partitions
            ):
                partition.partition_size = 0
        yield asked, answer


@story
def counts_beyond_the_end(p: Prober) -> Answers:
    """Lengths and counts say more than there is."""
    yield from _each(p, "count", lambda api, version: b"\x7f\xff\xff\xff" * 8)  # noqa: ARG005


@story
def other_versions(p: Prober) -> Answers:
    """Versions that no broker serves, of APIs that are served; and APIs that do not exist."""
    for api in _apis(p):
        key = ApiKey[api.upper()]
        for version in (-1, p.versions(api).stop, 32767):
            header = struct.pack(">hhih", key, version, 77, -1)
            yield f"{api} at {version}", p.ask_frame(header + b"\0" + _empty(api, p.versions(api).stop - 1))
    for number in (-1, 999, 32767):
        yield f"API {number}", p.ask_frame(struct.pack(">hhih", number, 0, 77, -1))


@story
def frames(p: Prober) -> Answers:
    """Frames that hold no request."""
    for size in range(12):
        yield f"{size} bytes", p.ask_frame(bytes([0, 3, 0, 1, 0, 0, 0, 9, 0, 9, 65, 66][:size]))
    for label, client_id in {
        "a null client id": struct.pack(">h", -1),
        "a client id of -2": struct.pack(">h", -2),
        "an empty client id": struct.pack(">h", 0),
        "a client id that is no UTF-8": b"\0\2\xff\xfe",
    }.items():
        yield label, p.ask_frame(struct.pack(">hhi", ApiKey.LIST_GROUPS, 0, 5) + client_id)
