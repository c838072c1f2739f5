"""From a frame to an answer: unknown APIs and versions, malformed requests, failing handlers."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from odradek.broker import dispatch
from odradek.broker.clock import ManualClock
from odradek.broker.connection import Answer, Budget, CloseConnection, Connection, Deferred, Limits
from odradek.broker.context import Pending, RequestContext
from odradek.broker.dispatch import Dispatcher
from odradek.broker.handlers import ROUTES
from odradek.protocol.api_keys import ApiKey
from odradek.protocol.errors import ErrorCode
from odradek.protocol.framing import RequestHeader, read_response, write_request
from odradek.protocol.messages import request as request_message
from odradek.protocol.messages import response as response_message


def frame(
    api_key: int, version: int, value: Any, correlation_id: int = 7, client_id: str = "me"
) -> memoryview:
    header = RequestHeader(
        api_key=api_key, api_version=version, correlation_id=correlation_id, client_id=client_id
    )
    return memoryview(bytearray(write_request(header, value)[4:]))


def ask(data: memoryview) -> Answer:
    node = SimpleNamespace(clock=ManualClock(), cluster_id="cluster", node_id=3)
    dispatcher = Dispatcher(node)  # type: ignore[arg-type]
    connection = Connection(
        1, dispatcher, Limits(), Budget(1 << 20), client_host="10.0.0.9", advertised=("b", 1)
    )
    return dispatcher(data, connection)


def read(answer: Answer, api_key: int, version: int) -> Any:
    assert isinstance(answer, list)
    data = b"".join(answer)
    assert int.from_bytes(data[:4], "big") == len(data) - 4
    correlation_id, response = read_response(api_key, version, memoryview(data)[4:])
    assert correlation_id == 7
    return response


def api_versions(version: int, **fields: Any) -> memoryview:
    software = {"client_software_name": "test-client", "client_software_version": "1.0"} | fields
    return frame(18, version, request_message(18)(**software))


@pytest.mark.parametrize("version", range(6))
def test_api_versions_is_the_routing_table(version: int) -> None:
    """Whatever is routed is advertised, and nothing else, in every version of ApiVersions."""
    response = read(ask(api_versions(version)), 18, version)
    assert response.error_code == ErrorCode.NONE
    told = {item.api_key: range(item.min_version, item.max_version + 1) for item in response.api_keys}
    assert told == ROUTES


def test_an_unknown_version_of_api_versions_is_answered_in_version_0() -> None:
    """KIP-511: error 35 and the versions of ApiVersions itself, whatever the request looks like."""
    for rest in (b"", b"\x00\x02me\x00\xff\xff"):
        data = memoryview(bytearray(b"\x00\x12\x00\x63\x00\x00\x00\x07" + rest))
        response = read(ask(data), 18, 0)
        assert response.error_code == ErrorCode.UNSUPPORTED_VERSION
        told = [(item.api_key, item.min_version, item.max_version) for item in response.api_keys]
        assert told == [(18, 0, 5)]


@pytest.mark.parametrize("name", ["", "-x", "x-", "a b", "ä"])
def test_a_malformed_software_name_is_an_invalid_request(name: str) -> None:
    """KIP-511: letters, digits, dots and dashes, from version 3 on."""
    response = read(ask(api_versions(3, client_software_name=name)), 18, 3)
    assert response.error_code == ErrorCode.INVALID_REQUEST


@pytest.mark.parametrize(
    ("meant", "error"),
    [
        ({}, ErrorCode.NONE),
        ({"cluster_id": "cluster", "node_id": 3}, ErrorCode.NONE),
        ({"cluster_id": "cluster"}, ErrorCode.INVALID_REQUEST),
        ({"node_id": 3}, ErrorCode.INVALID_REQUEST),
        ({"cluster_id": "another", "node_id": 3}, ErrorCode.REBOOTSTRAP_REQUIRED),
        ({"cluster_id": "cluster", "node_id": 4}, ErrorCode.REBOOTSTRAP_REQUIRED),
    ],
)
def test_a_client_that_means_another_broker_is_sent_back(meant: dict[str, Any], error: ErrorCode) -> None:
    """KIP-1242: to its bootstrap servers, from version 5 on, which tells of cluster and node, or neither."""
    assert read(ask(api_versions(5, **meant)), 18, 5).error_code == error


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"\x00\x00", "has no room for a header"),
        (b"\x7f\xff\x00\x00\x00\x00\x00\x07", "it sent API 32767 version 0, which is not served"),
        (b"\x00\x03\x00\x63\x00\x00\x00\x07\xff\xff", "it sent METADATA version 99, which is not served"),
        (
            b"\x00\x04\x00\x00\x00\x00\x00\x07\xff\xff",
            "it sent LEADER_AND_ISR version 0",
        ),
        (b"\x00\x03\x00\x01\x00\x00\x00\x07\xff\xff", "it sent a malformed METADATA request (version 1)"),
    ],
)
def test_what_cannot_be_answered_ends_the_connection(data: bytes, reason: str) -> None:
    """As in Kafka, with the reason for the log."""
    with pytest.raises(CloseConnection) as caught:
        ask(memoryview(bytearray(data)))
    assert reason in str(caught.value)


def test_the_handler_is_told_who_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Client id, address, the advertised address and the time reach the handler."""
    seen: list[RequestContext] = []

    def handle(_: Any, context: RequestContext) -> Any:
        seen.append(context)
        return response_message(18)()

    monkeypatch.setattr(dispatch, "handler", lambda _: handle)
    ask(api_versions(2))
    context = seen[0]
    assert (context.api_key, context.version, context.client_id) == (18, 2, "me")
    assert (context.client_host, context.advertised) == ("10.0.0.9", ("b", 1))
    assert context.now_ms == ManualClock().wall_ms()


def test_a_pending_response_is_written_when_it_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    """A Deferred knows the version and the correlation id of its request."""
    pending = Pending()
    monkeypatch.setattr(dispatch, "handler", lambda _: lambda *_: pending)
    answer = ask(api_versions(4))
    assert isinstance(answer, Deferred)
    assert answer.pending is pending
    response = response_message(18)(throttle_time_ms=5)
    assert read(answer.encode(response), 18, 4) == response


def test_no_answer_where_the_protocol_wants_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """A handler says so with None."""
    monkeypatch.setattr(dispatch, "handler", lambda _: lambda *_: None)
    assert ask(api_versions(0)) is None


def test_a_failing_handler_is_answered_if_the_api_can_say_so(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """UNKNOWN_SERVER_ERROR at the top of the response, or else the connection ends; a traceback is logged."""

    def fail(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(dispatch, "handler", lambda _: fail)
    response = read(ask(api_versions(1)), 18, 1)
    assert response.error_code == ErrorCode.UNKNOWN_SERVER_ERROR
    assert "ZeroDivisionError" in caplog.text
    with pytest.raises(CloseConnection, match="METADATA request failed"):
        ask(frame(ApiKey.METADATA, 1, request_message(ApiKey.METADATA)(topics=[])))


def test_an_answer_that_cannot_be_written_ends_the_connection(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A wrong value in a response is a bug that must not end the broker."""
    monkeypatch.setattr(dispatch, "handler", lambda _: lambda *_: response_message(18)(error_code="x"))
    with pytest.raises(CloseConnection, match="could not be written"):
        ask(api_versions(0))
    assert "the answer to API_VERSIONS version 0 cannot be written" in caplog.text
