"""A broker without sockets, for tests: requests go in as encoded frames and come back decoded, at any
version.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import Any

from odradek.broker.clock import ManualClock
from odradek.broker.config.broker_config import BrokerConfig
from odradek.broker.context import Pending, RequestContext
from odradek.broker.group_coordinator import GATHERING_MS
from odradek.broker.handlers import ROUTES, handler
from odradek.broker.node import Node, open_node
from odradek.broker.timers import Timers
from odradek.protocol.api_keys import ApiKey
from odradek.protocol.messages import create_topics, fetch, metadata, produce, request, response
from odradek.protocol.record_batch import Compression, Record, batches, build_batch, records
from odradek.protocol.schema import parts
from odradek.storage.file_system import FileSystem
from odradek.storage.memory_file_system import MemoryFileSystem

HOST, PORT = "broker.test", 9092


class Harness:
    """One data folder, and the broker that has it open; `restart` and `crash` give it to the next one."""

    def __init__(self, file_system: FileSystem | None = None, **settings: object) -> None:
        self.file_system = file_system if file_system is not None else MemoryFileSystem()
        self.settings = {"log.dirs": "/data", "offsets.topic.num.partitions": 1} | {
            name.replace("_", "."): value for name, value in settings.items()
        }
        self.clock = ManualClock()
        self._random = itertools.count(1)
        self.node = self._open()

    def _open(self) -> Node:
        self.timers = Timers()
        return open_node(
            BrokerConfig(self.settings), self.file_system, self.clock, self.timers, self._random_bytes
        )

    def _random_bytes(self, size: int) -> bytes:
        return next(self._random).to_bytes(size, "little")

    def restart(self, *, clean: bool = True) -> None:
        """Close the broker, and open another one on the same files. Not clean: as `kill -9` leaves them."""
        self.node.close(clean=clean)
        self.node = self._open()

    def advance(self, milliseconds: int) -> None:
        """Let time pass, with all deadlines in it."""
        self.clock.advance(milliseconds)
        self.timers.run_due(self.clock.monotonic_ms())

    def start(self, api: ApiKey, version: int, value: Any, **context: Any) -> Any:
        """Hand in a request; the response, decoded, or the Pending."""
        assert version in ROUTES[api]
        message = request(api)
        frame = memoryview(bytearray(message.write(value, version)))
        given = RequestContext(
            self.node,
            api_key=api,
            version=version,
            now_ms=self.clock.wall_ms(),
            monotonic_ms=self.clock.monotonic_ms(),
            advertised=(HOST, PORT),
            **context,
        )
        answer = handler(api)(message.read(frame, version), given)
        return answer if answer is None or isinstance(answer, Pending) else decoded(api, version, answer)

    def ask(self, api: ApiKey, version: int, value: Any, **context: Any) -> Any:
        """The response, which must be there at once."""
        answer = self.start(api, version, value, **context)
        assert not isinstance(answer, Pending)
        return answer

    def consumer_beat(self, version: int = 1, **fields: Any) -> Any:
        """The answer to a ConsumerGroupHeartbeat, which is a while in coming for a member that joins."""
        api = ApiKey.CONSUMER_GROUP_HEARTBEAT
        answer = self.start(api, version, request(api)(**fields), client_id="tester")
        if not isinstance(answer, Pending):
            return answer
        self.advance(GATHERING_MS)
        return decoded(api, version, answer.response)

    def create(self, name: str, partitions: int = 1, **configs: object) -> None:
        """Make a topic; keys of its configuration have '_' for '.'."""
        pairs = [
            create_topics.REQUEST_CONFIG(name=key.replace("_", "."), value=str(value))
            for key, value in configs.items()
        ]
        topic = create_topics.REQUEST_TOPIC(
            name=name, num_partitions=partitions, replication_factor=1, configs=pairs
        )
        answer = self.ask(ApiKey.CREATE_TOPICS, 7, create_topics.REQUEST(topics=[topic]))
        assert answer.topics[0].error_code == 0, answer

    def produce(
        self,
        topic: str,
        data: bytes | None,
        *,
        version: int = 9,
        acks: int = -1,
        partition: int = 0,
        **more: Any,
    ) -> Any:
        """The partition's row in the answer to a Produce of one set of records; a Pending or None as it
        comes.
        """
        rows = [produce.REQUEST_PARTITION(index=partition, records=data)]
        by_id = self.node.topics.get(topic) if version >= 13 else None
        topic_data = produce.REQUEST_TOPIC(
            name=topic, topic_id=by_id.topic_id if by_id else b"?" * 16, partition_data=rows
        )
        value = produce.REQUEST(acks=acks, timeout_ms=1000, topic_data=[topic_data])
        answer = self.start(ApiKey.PRODUCE, version, value, **more)
        if answer is None or isinstance(answer, Pending):
            return answer
        return answer.responses[0].partition_responses[0]

    def compact_first_segment(self, topic: str) -> None:
        """Take all batches but the first out of the first segment of partition 0, as a cleaner does, and
        start again.
        """
        self.node.close()
        file = self.file_system.open(f"/data/{topic}-0/{0:020d}.log")
        first = next(batches(memoryview(file.read_at(0, file.size()))))
        file.truncate(first.batch_length + 12)
        file.close()
        for index in ("index", "timeindex"):
            self.file_system.remove(f"/data/{topic}-0/{0:020d}.{index}")
        self.node = self._open()

    def fetch_request(self, *wanted: tuple[str, int, int], version: int = 12, **fields: Any) -> Any:
        """A Fetch of (topic, partition, offset)s."""
        limits = {"max_wait_ms": 500, "min_bytes": 1, "max_bytes": 1 << 20} | fields
        partition_max_bytes = limits.pop("partition_max_bytes", 1 << 20)
        topics = []
        for name, index, offset in wanted:
            found = self.node.topics.get(name)
            rows = [
                fetch.REQUEST_PARTITION(
                    partition=index, fetch_offset=offset, partition_max_bytes=partition_max_bytes
                )
            ]
            topic_id = found.topic_id if found is not None and version >= 13 else bytes(16)
            topics.append(
                fetch.REQUEST_TOPIC(topic=name if version < 13 else "", topic_id=topic_id, partitions=rows)
            )
        return fetch.REQUEST(topics=topics, **limits)

    def fetch(self, *wanted: tuple[str, int, int], version: int = 12, **fields: Any) -> Any:
        """The response to a Fetch, or the Pending."""
        return self.start(ApiKey.FETCH, version, self.fetch_request(*wanted, version=version, **fields))

    def values(self, topic: str, partition: int = 0, offset: int = 0) -> list[bytes | None]:
        """The values of everything from `offset` on."""
        answer = self.fetch((topic, partition, offset), max_wait_ms=0)
        return values(answer.responses[0].partitions[0].records)

    def metadata(self, *names: str, version: int = 12, create: bool = False) -> Any:
        """The response to a Metadata for these names."""
        topics = [metadata.REQUEST_TOPIC(name=name) for name in names]
        value = metadata.REQUEST(topics=topics, allow_auto_topic_creation=create)
        return self.ask(ApiKey.METADATA, version, value)


def decoded(api: ApiKey, version: int, value: Any) -> Any:
    """A response as the client reads it: written, with its records put in, and read."""
    message, out, splices = response(api), bytearray(), []  # type: ignore[var-annotated]
    message.write_parts(value, version, out, splices)
    pieces = [
        piece if isinstance(piece, (bytes, bytearray, memoryview)) else piece.read()
        for piece in parts(out, splices)
    ]
    return message.read(b"".join(pieces), version)


def batch(
    *rows: bytes | None, timestamp: int = 1_700_000_000_000, key: bytes | None = None, **fields: Any
) -> bytes:
    """A batch of magic 2 with these values."""
    rows_of_batch = [Record(at, timestamp, key, value) for at, value in enumerate(rows)]
    return bytes(build_batch(rows_of_batch, **fields))


def all_records(data: Any) -> Iterable[Record]:
    """The records of whole batches."""
    view = memoryview(data)
    for header in batches(view):
        yield from records(view, header, 1 << 24)


def values(data: Any) -> list[bytes | None]:
    """The values in whole batches."""
    return [record.value for record in all_records(data)]


__all__ = ["Compression", "Harness", "all_records", "batch", "decoded", "values"]
