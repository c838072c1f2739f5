"""A connection that asks a broker what no client asks."""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any

from comparison.undetermined import Names, Shown, shown

from odradek.protocol import messages
from odradek.protocol.api_keys import ApiKey
from odradek.protocol.framing import RequestHeader, read_response, request_header_version
from odradek.protocol.messages import create_topics, list_offsets

HANGS_UP = "<hangs up>"
NO_ANSWER = "<no answer>"
PATIENCE_SECONDS = 10

Versions = Mapping[ApiKey, range]


class Prober:
    """A connection to the broker at `address`, made anew whenever the broker ends it.

    `versions` are those that `each_version` asks at, `topic_ids` the ids of topics by name. `asked` collects
    the requests of different content.
    """

    def __init__(self, address: str, versions: Versions | None = None) -> None:
        host, _, port = address.rpartition(":")
        self._address = (host, int(port))
        self._versions = versions or {}
        self._correlation_id = 0
        self._names = Names()
        self._socket = self._connect()
        self.topic_ids: dict[str, bytes] = {}
        self.asked: set[tuple[int, int, bytes]] = set()

    def _connect(self) -> socket.socket:
        return socket.create_connection(self._address, PATIENCE_SECONDS)

    def close(self) -> None:
        """Hang up."""
        self._socket.close()

    def name(self, value: Any, name: str) -> None:
        """Show a value by this name from now on."""
        self._names.give(value, name)

    def shown(self, answer: Any) -> Shown:
        """An answer as plain values, with what is undetermined masked."""
        return shown(answer, self._names)

    def learn_topics(self) -> None:
        """Learn the ids of all topics, and show them by the topics' names."""
        for topic in self.ask("metadata", 12, topics=None).topics:
            self.topic_ids[topic.name] = topic.topic_id
            self.name(topic.topic_id, f"id of {topic.name}")

    def create_topic(self, name: str, partitions: int = 1, **configs: str) -> None:
        """Create a topic, `_` for `.` in the names of its settings, and learn its id."""
        settings = [
            create_topics.REQUEST_CONFIG(name=key.replace("_", "."), value=value)
            for key, value in configs.items()
        ]
        topic = create_topics.REQUEST_TOPIC(
            name=name, num_partitions=partitions, replication_factor=1, configs=settings
        )
        (created,) = self.ask("create_topics", 7, topics=[topic], timeout_ms=PATIENCE_SECONDS * 1000).topics
        if created.error_code:
            raise RuntimeError(f"{name} could not be created: {created.error_message}")
        self.topic_ids[name] = created.topic_id
        self.name(created.topic_id, f"id of {name}")
        self._wait_for_leaders(name, partitions)

    def _wait_for_leaders(self, name: str, partitions: int) -> None:
        """Apache Kafka answers before its partitions are there."""
        rows = [list_offsets.REQUEST_PARTITION(partition_index=n, timestamp=-1) for n in range(partitions)]
        asked = [list_offsets.REQUEST_TOPIC(name=name, partitions=rows)]
        for _ in range(200):
            (topic,) = self.ask("list_offsets", 1, replica_id=-1, topics=asked).topics
            if not any(row.error_code for row in topic.partitions):
                return
            time.sleep(0.05)
        raise RuntimeError(f"{name} has no leaders")

    # Asking

    def versions(self, api: str) -> range:
        """The versions of an API that both brokers serve; none if one of them does not serve it."""
        return self._versions.get(ApiKey[api.upper()], range(0))

    def each_version(
        self, label: str, api: str, *, since: int = 0, **fields: Any
    ) -> Iterator[tuple[str, Any]]:
        """Ask the same at every version from `since` on.

        A version in which a value cannot be written (null before it was allowed) is left out.
        """
        for version in self.versions(api):
            if version < since:
                continue
            try:
                body = self._body(api, version, fields)
            except ValueError:
                continue
            yield f"{label}, v{version}", self.ask_bytes(api, version, body)

    def ask(self, api: str, version: int, **fields: Any) -> Any:
        """Send one request of fields; return the answer's value, or HANGS_UP or NO_ANSWER."""
        return self.ask_bytes(api, version, self._body(api, version, fields))

    def ask_bytes(self, api: str, version: int, body: bytes) -> Any:
        """Send a request with this body, whatever it is."""
        key = ApiKey[api.upper()]
        frame = self._header(key, version) + body
        self.asked.add((key, version, body))
        answer = self.ask_frame(frame)
        if isinstance(answer, str):
            return answer
        return read_response(key, version, answer)[1]

    def ask_frame(self, frame: bytes) -> bytes | str:
        """Send a frame after its length; return the answer's without it, or why there is none."""
        try:
            self._socket.sendall(struct.pack(">i", len(frame)) + frame)
            return self._receive(int.from_bytes(self._receive(4), "big"))
        except TimeoutError:
            answer = NO_ANSWER
        except OSError:
            answer = HANGS_UP
        self._socket.close()
        self._socket = self._connect()
        return answer

    def send(self, api: str, version: int, **fields: Any) -> None:
        """Send one request that gets no answer."""
        frame = self._header(ApiKey[api.upper()], version) + self._body(api, version, fields)
        self._socket.sendall(struct.pack(">i", len(frame)) + frame)

    def _header(self, key: ApiKey, version: int) -> bytes:
        self._correlation_id += 1
        newest = min(version, messages.request(key).versions[-1])
        fields = {"api_key": key, "api_version": version, "correlation_id": self._correlation_id}
        header = RequestHeader(**fields, client_id="prober")
        return bytes(RequestHeader.write(header, request_header_version(key, newest)))

    @staticmethod
    def _body(api: str, version: int, fields: Mapping[str, Any]) -> bytes:
        request = import_module(f"odradek.protocol.messages.{api}").REQUEST
        return bytes(request.write(request(**fields), version))

    def _receive(self, size: int) -> bytes:
        data = bytearray()
        while len(data) < size:
            part = self._socket.recv(size - len(data))
            if not part:
                raise ConnectionError("the broker has hung up")
            data += part
        return bytes(data)
