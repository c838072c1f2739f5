"""Clients that mean harm, against a broker process: what they cost in memory, and who else is still served.

The parts of this are tested one by one in test_connection.py and test_pump.py; here is what the operating
system counts.
"""

from __future__ import annotations

import contextlib
import socket
import struct
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from odradek.protocol.api_keys import ApiKey
from odradek.protocol.framing import read_response
from odradek.protocol.messages import api_versions, fetch, metadata, produce
from odradek.protocol.record_batch import Record, build_batch

from .peer import asked, read_frame

MEGABYTE = 1 << 20
pytestmark = pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read from /proc")


class Broker:
    """A broker process without a disk."""

    def __init__(self, process: subprocess.Popen[str], address: tuple[str, int]) -> None:
        self._process = process
        self._address = address

    def connect(self, receive_buffer: int | None = None) -> socket.socket:
        client = socket.socket()
        if receive_buffer is not None:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        client.settimeout(20)
        client.connect(self._address)
        return client

    def resident(self) -> int:
        """Bytes of memory that are really there."""
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        (kilobytes,) = (line.split()[1] for line in status.splitlines() if line.startswith("VmRSS"))
        return int(kilobytes) * 1024

    def answers(self) -> bool:
        """Whether another client is served."""
        with self.connect() as client:
            client.sendall(VERSIONS_ASKED)
            answer = read_response(ApiKey.API_VERSIONS, 3, read_frame(client))[1]
            return bool(answer.error_code == 0)


VERSIONS_ASKED = asked(
    ApiKey.API_VERSIONS,
    3,
    api_versions.REQUEST(client_software_name="adversary", client_software_version="1"),
)


@pytest.fixture
def broker() -> Iterator[Broker]:
    """It must end in good order, and have said nothing but warnings about those who came."""
    command = [sys.executable, "-m", "odradek", "serve", "--memory", "--listen", "127.0.0.1:0"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        host, _, port = process.stdout.readline().split()[-1].rpartition(":")
        yield Broker(process, (host, int(port)))
        process.terminate()
        _, complaints = process.communicate(timeout=20)
        assert process.returncode == 0
        assert "Traceback" not in complaints
    finally:
        process.kill()
        process.communicate()


def fill(broker: Broker, megabytes: int) -> None:
    """A topic "big" of so many megabytes, in records of half a one."""
    records = build_batch([Record(0, 0, None, bytes(MEGABYTE // 2))])
    with broker.connect() as client:
        wanted = metadata.REQUEST(topics=[metadata.REQUEST_TOPIC(name="big")], allow_auto_topic_creation=True)
        client.sendall(asked(ApiKey.METADATA, 4, wanted))
        read_frame(client)
        rows = [produce.REQUEST_PARTITION(index=0, records=records)]
        value = produce.REQUEST(acks=1, topic_data=[produce.REQUEST_TOPIC(name="big", partition_data=rows)])
        for _ in range(2 * megabytes):
            client.sendall(asked(ApiKey.PRODUCE, 7, value))
            (topic,) = read_response(ApiKey.PRODUCE, 7, read_frame(client))[1].responses
            assert topic.partition_responses[0].error_code == 0


def pouring(client: socket.socket, data: bytes) -> socket.socket:
    """As much of the data as the socket takes, and not one answer read."""
    client.setblocking(False)
    with contextlib.suppress(BlockingIOError):
        client.send(data)
    return client


def announcing(broker: Broker) -> socket.socket:
    """A frame of 90 megabytes, of which one byte comes."""
    return pouring(broker.connect(), struct.pack(">i", 90 * MEGABYTE) + b"x")


def flooding(broker: Broker) -> socket.socket:
    """Thousands of requests, pipelined."""
    return pouring(broker.connect(receive_buffer=4096), VERSIONS_ASKED * 20_000)


def hoarding(broker: Broker) -> socket.socket:
    """A hundred fetches of eight megabytes each."""
    rows = [fetch.REQUEST_PARTITION(partition=0, fetch_offset=0, partition_max_bytes=8 * MEGABYTE)]
    topics = [fetch.REQUEST_TOPIC(topic="big", partitions=rows)]
    value = fetch.REQUEST(topics=topics, max_wait_ms=0, min_bytes=1, max_bytes=8 * MEGABYTE)
    return pouring(broker.connect(receive_buffer=4096), asked(ApiKey.FETCH, 11, value) * 100)


def parking(broker: Broker) -> socket.socket:
    """A thousand fetches that wait for records, pipelined."""
    rows = [fetch.REQUEST_PARTITION(partition=0, fetch_offset=16, partition_max_bytes=8 * MEGABYTE)]
    topics = [fetch.REQUEST_TOPIC(topic="big", partitions=rows)]
    value = fetch.REQUEST(topics=topics, max_wait_ms=60_000, min_bytes=1, max_bytes=8 * MEGABYTE)
    return pouring(broker.connect(), asked(ApiKey.FETCH, 11, value) * 1000)


def idling(broker: Broker) -> socket.socket:
    """A connection and nothing else."""
    return broker.connect()


@pytest.mark.parametrize(
    ("harm", "clients", "bound"),
    [(announcing, 100, 20), (flooding, 50, 80), (hoarding, 50, 20), (parking, 20, 60), (idling, 1500, 20)],
    ids=lambda value: value.__name__ if callable(value) else str(value),
)
def test_harm_costs_bounded_memory_and_others_are_served(
    broker: Broker, harm: Callable[[Broker], socket.socket], clients: int, bound: int
) -> None:
    """`bound` is in megabytes for all these clients together; when they have gone, the next are served."""
    fill(broker, 8)
    assert broker.answers()
    before = broker.resident()
    with contextlib.ExitStack() as present:
        for number in range(clients):
            present.enter_context(harm(broker))
            if number % 40 == 0:  # fewer than the listener's backlog takes
                assert broker.answers()
        assert broker.answers()
        assert broker.resident() - before < bound * MEGABYTE
    assert broker.answers()
