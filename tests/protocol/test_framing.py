"""Headers and frames, against bytes written out by hand and against kafka-python's own headers."""

from __future__ import annotations

import struct

import pytest

from odradek.protocol.api_keys import ApiKey
from odradek.protocol.errors import ProtocolError, UnsupportedVersion
from odradek.protocol.framing import (
    RequestHeader,
    read_request,
    read_request_header,
    read_response,
    request_header_version,
    response_header_version,
    write_request,
    write_response,
)
from odradek.protocol.messages import request, response
from odradek.protocol.messages.fetch import RESPONSE as FETCH_RESPONSE
from odradek.protocol.schema import Struct


def test_header_versions() -> None:
    """Both headers get tags with the first flexible version; ApiVersions is answered in the old form."""
    assert [request_header_version(ApiKey.FETCH, version) for version in (0, 11, 12)] == [1, 1, 2]
    assert [response_header_version(ApiKey.FETCH, version) for version in (0, 11, 12)] == [0, 0, 1]
    assert request_header_version(ApiKey.API_VERSIONS, 3) == 2
    assert response_header_version(ApiKey.API_VERSIONS, 3) == 0
    assert request_header_version(ApiKey.CONTROLLED_SHUTDOWN, 0) == 0
    assert request_header_version(ApiKey.OFFSET_DELETE, 0) == 1


def test_a_request_by_hand() -> None:
    """ApiVersions v3: the client id keeps its old form, and the header's tags come after it (KIP-482)."""
    body = b"\0\x12\0\3\0\0\0\7\0\2me" + b"\1\5\2hi" + b"\3py" + b"\4" + b"1.0" + b"\0"
    header, value = read_request(body)
    assert header == RequestHeader(
        api_key=18, api_version=3, correlation_id=7, client_id="me", unknown_tags={5: b"hi"}
    )
    assert value == request(18)(client_software_name="py", client_software_version="1.0")
    assert write_request(header, value) == struct.pack(">i", len(body)) + body


def test_a_null_client_id() -> None:
    """-1 in either header version."""
    for version in (1, 9):
        frame = write_request(RequestHeader(api_key=3, api_version=version), request(3)())
        assert read_request(frame[4:])[0].client_id is None


def test_bytes_after_a_request_are_passed_over() -> None:
    """librdkafka asks for all topics with four zero bytes in place of the one of a null compact array."""
    asked = RequestHeader(api_key=3, api_version=12, correlation_id=1, client_id="rdkafka")
    frame = write_request(asked, request(3)(topics=None))[4:]
    header, value = read_request(frame + bytes(3))
    assert (header, value.topics) == (asked, None)


@pytest.mark.parametrize(("api_key", "api_version"), [(3, 99), (3, -1), (999, 0), (-1, 0), (58, 0)])
def test_an_unknown_api_or_version_is_known_by_its_correlation_id(api_key: int, api_version: int) -> None:
    """UnsupportedVersion says what was asked for and whom to answer, though the rest cannot be read."""
    with pytest.raises(UnsupportedVersion) as caught:
        read_request(struct.pack(">hhi", api_key, api_version, 42) + b"whatever")
    error = caught.value
    assert (error.api_key, error.api_version, error.correlation_id) == (api_key, api_version, 42)


@pytest.mark.parametrize("size", range(8))
def test_a_frame_shorter_than_a_header_is_refused(size: int) -> None:
    """Seven bytes are not yet a header."""
    with pytest.raises(ProtocolError, match="header"):
        read_request_header(bytes(size))


def test_the_header_ends_where_the_request_begins() -> None:
    """`read_request_header` leaves the rest alone, whatever it is, and does not copy it."""
    frame = write_request(RequestHeader(api_key=0, api_version=9, client_id="c"), request(0)())[4:]
    header, offset = read_request_header(frame[:12] + b"garbage")
    assert (header.client_id, offset) == ("c", 12)


def fetch_response(records: object) -> object:
    """An answer of one partition."""
    topic: Struct = FETCH_RESPONSE.fields[3].type.element  # type: ignore[union-attr,assignment]
    partition: Struct = topic.fields[2].type.element  # type: ignore[union-attr,assignment]
    return FETCH_RESPONSE(responses=[topic(topic="t", partitions=[partition(records=records)])])


def test_a_response_is_framed_in_pieces() -> None:
    """The size counts the records between the pieces; they are passed through as the object they are."""
    records = memoryview(b"r" * 1000)
    pieces = write_response(ApiKey.FETCH, 12, 77, fetch_response(records))
    assert pieces[1] is records
    frame = b"".join(pieces)
    assert struct.unpack_from(">ii", frame) == (len(frame) - 4, 77)
    correlation_id, value = read_response(ApiKey.FETCH, 12, frame[4:])
    assert correlation_id == 77
    assert value.responses[0].partitions[0].records == records


def test_a_response_without_records_is_one_piece() -> None:
    """ApiVersions v3: no tags in the header, though in the message."""
    pieces = write_response(ApiKey.API_VERSIONS, 3, 5, response(18)(error_code=35))
    assert pieces == [b"\0\0\0\x0c\0\0\0\5\0\x23\1\0\0\0\0\0"]


def test_every_message_survives_its_frame() -> None:
    """Requests and responses of every API and version, at their defaults, out and in again."""
    for api_key in ApiKey:
        try:
            versions = request(api_key).versions
        except KeyError:
            continue
        for version in versions:
            header = RequestHeader(
                api_key=api_key, api_version=version, correlation_id=version, client_id="c"
            )
            frame = write_request(header, request(api_key)())
            assert read_request(frame[4:]) == (header, request(api_key)())
            pieces = write_response(api_key, version, 1, response(api_key)())
            assert read_response(api_key, version, b"".join(pieces)[4:]) == (1, response(api_key)())


def test_what_librdkafka_sends_for_all_topics_is_read() -> None:
    """What librdkafka 2.16 sends as Metadata v13 for all topics, which Apache Kafka 4.4 answers."""
    frame = bytes.fromhex("0003000d00000003000772646b61666b610000000000010000")
    header, metadata = read_request(frame)
    assert (header.api_version, header.client_id) == (13, "rdkafka")
    assert metadata == request(ApiKey.METADATA)(topics=None, allow_auto_topic_creation=False)
