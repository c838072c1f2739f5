"""Capture what librdkafka really sends: writes tests/protocol/vectors/librdkafka_records.json.

    python compat-tests/capture_librdkafka.py

A confluent-kafka Producer talks to a socket here that answers just enough requests to get its record data,
for every codec and in all three formats: what the socket offers of Produce and Fetch decides on the format.
"""

from __future__ import annotations

import json
import pathlib
import socket
import struct
import threading
from typing import Any

import confluent_kafka

from odradek.protocol import framing, messages
from odradek.protocol.api_keys import ApiKey

ROOT = pathlib.Path(__file__).resolve().parent.parent
VECTORS = ROOT / "tests" / "protocol" / "vectors" / "librdkafka_records.json"
TOPIC = "capture"
NEWEST = {ApiKey.PRODUCE: 9, ApiKey.FETCH: 11}
OLDER = {1: {ApiKey.PRODUCE: 2, ApiKey.FETCH: 2}, 0: {ApiKey.PRODUCE: 1, ApiKey.FETCH: 1}}
TIME = 1_700_000_000_000
RECORDS: list[tuple[bytes | None, bytes | None, int, list[tuple[str, Any]]]] = [
    (b"key", b"value", TIME, [("trace", b"\1\2"), ("none", None)]),
    (None, b"no key", TIME - 10, []),
    (b"tombstone", None, TIME + 1000, []),
    (b"", b"", TIME, []),
    *[(b"key-%d" % index, b"some text that compresses well " * 4, TIME + index, []) for index in range(6)],
]


class Capture(threading.Thread):
    """A broker of one topic with one partition that keeps what is produced to it."""

    def __init__(self, magic: int) -> None:
        super().__init__(daemon=True)
        self.offered = {ApiKey.METADATA: 4, ApiKey.API_VERSIONS: 3, ApiKey.FIND_COORDINATOR: 0}
        self.offered |= NEWEST if magic == 2 else OLDER[magic]
        if magic == 2:
            self.offered[ApiKey.INIT_PRODUCER_ID] = 1
        self.produced: list[bytes] = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]

    def run(self) -> None:
        """Serve connections, one after the other in threads, until the listener is closed."""
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, connection.makefile("rb") as stream:
            while len(size := stream.read(4)) == 4:
                frame = stream.read(struct.unpack(">i", size)[0])
                header, request = framing.read_request(frame)
                response = self._answer(header.api_key, request)
                for part in framing.write_response(
                    header.api_key, header.api_version, header.correlation_id, response
                ):
                    connection.sendall(part)

    def _answer(self, api_key: int, request: Any) -> Any:
        module = messages.response(api_key)
        if api_key == ApiKey.API_VERSIONS:
            from odradek.protocol.messages.api_versions import API_VERSION

            keys = [
                API_VERSION(api_key=key, min_version=0, max_version=top) for key, top in self.offered.items()
            ]
            return module(api_keys=keys)
        if api_key == ApiKey.METADATA:
            return self._metadata(module)
        if api_key == ApiKey.INIT_PRODUCER_ID:
            return module(producer_id=4711, producer_epoch=0)
        return self._produce(module, request)

    def _metadata(self, response: Any) -> Any:
        from odradek.protocol.messages import metadata

        partition = metadata.RESPONSE_PARTITION(
            partition_index=0, leader_id=1, replica_nodes=[1], isr_nodes=[1]
        )
        topic = metadata.RESPONSE_TOPIC(name=TOPIC, partitions=[partition])
        broker = metadata.BROKER(node_id=1, host="127.0.0.1", port=self.port)
        return response(brokers=[broker], cluster_id="capture", controller_id=1, topics=[topic])

    def _produce(self, response: Any, request: Any) -> Any:
        from odradek.protocol.messages import produce

        (topic,) = request.topic_data
        (partition,) = topic.partition_data
        self.produced.append(bytes(partition.records))
        done = produce.RESPONSE_PARTITION(index=0, base_offset=0)
        return response(responses=[produce.RESPONSE_TOPIC(name=TOPIC, partition_responses=[done])])


def capture(magic: int, codec: str, **settings: Any) -> bytes:
    """The record data of one produce request with RECORDS."""
    broker = Capture(magic)
    broker.start()
    producer = confluent_kafka.Producer(
        {
            "bootstrap.servers": f"127.0.0.1:{broker.port}",
            "compression.type": codec,
            "linger.ms": 300,
            "message.timeout.ms": 20_000,
            **settings,
        }
    )
    for key, value, timestamp, headers in RECORDS:
        producer.produce(TOPIC, value, key, 0, timestamp=timestamp, headers=headers if magic == 2 else None)
    assert producer.flush(30) == 0
    broker.listener.close()
    (data,) = broker.produced
    return data


def main() -> None:
    """Capture every format and codec, check the format, and write the vectors."""
    cases = []
    for magic, codecs in (
        (2, ["none", "gzip", "snappy", "lz4", "zstd"]),
        (1, ["none", "gzip", "snappy", "lz4"]),
    ):
        for codec in codecs:
            data = capture(magic, codec)
            assert data[16] == magic
            cases.append(
                {"name": f"magic {magic} {codec}", "magic": magic, "codec": codec, "data": data.hex()}
            )
    for codec in ("none", "gzip", "snappy", "lz4"):
        data = capture(0, codec)
        assert data[16] == 0
        cases.append({"name": f"magic 0 {codec}", "magic": 0, "codec": codec, "data": data.hex()})
    data = capture(2, "lz4", **{"enable.idempotence": True})
    cases.append({"name": "magic 2 lz4, idempotent", "magic": 2, "codec": "lz4", "data": data.hex()})

    def text(content: bytes | None) -> str | None:
        return None if content is None else content.hex()

    records = [
        [text(key), text(value), timestamp, [[name, text(content)] for name, content in headers]]
        for key, value, timestamp, headers in RECORDS
    ]
    made_by = f"librdkafka {confluent_kafka.libversion()[0]}"
    VECTORS.write_text(json.dumps({"made by": made_by, "records": records, "cases": cases}, indent=1) + "\n")
    print(f"{len(cases)} cases in {VECTORS.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
