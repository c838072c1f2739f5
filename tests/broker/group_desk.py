"""A broker without sockets in the words of group clients: join, sync, heartbeat, commit."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from odradek.broker.context import Pending
from odradek.broker.group_coordinator import GATHERING_MS
from odradek.protocol.api_keys import ApiKey
from odradek.storage.file_system import FileSystem

from .harness import Harness, decoded

SUBSCRIPTION = b"\x00\x00" + b"\x00\x00\x00\x01" + b"\x00\x06orders" + b"\xff\xff\xff\xff"
PROTOCOLS = [("range", SUBSCRIPTION), ("roundrobin", SUBSCRIPTION)]


class Waiting:
    """An answer that is not there yet."""

    def __init__(self, pending: Pending, api: ApiKey, version: int) -> None:
        self.pending = pending
        self._api = api
        self._version = version

    @property
    def is_done(self) -> bool:
        """Whether the answer is there."""
        return self.pending.done

    @property
    def response(self) -> Any:
        """The answer, which must be there by now."""
        assert self.pending.done, "still waiting"
        return decoded(self._api, self._version, self.pending.response)


class Desk:
    """A broker in memory with the topic `orders` of three partitions, on a clock that is moved by hand."""

    def __init__(self, file_system: FileSystem | None = None, **settings: object) -> None:
        self.harness = Harness(file_system, offsets_topic_num_partitions=4, **settings)
        self.node.topics.create("orders", 3, now_ms=self.clock.wall_ms())

    @property
    def node(self) -> Any:
        """The broker that is open now."""
        return self.harness.node

    @property
    def clock(self) -> Any:
        """The clock of all its brokers."""
        return self.harness.clock

    def restart(self, *, clean: bool = True) -> None:
        """Stop the broker, or let go of it as a kill does, and open the same data again."""
        self.harness.restart(clean=clean)

    def wait(self, milliseconds: int) -> None:
        """Let time pass, and stop at every deadline in it."""
        timers = self.harness.timers
        end_ms = self.clock.monotonic_ms() + milliseconds
        while (due_ms := timers.next_deadline()) is not None and due_ms <= end_ms:
            self.clock.advance(max(int(due_ms - self.clock.monotonic_ms()), 0))
            timers.run_due(due_ms)
        self.clock.advance(int(end_ms - self.clock.monotonic_ms()))

    def gather(self) -> None:
        """Let the first rebalance of a group gather its members."""
        self.wait(2 * GATHERING_MS)  # each newcomer makes it wait once more

    def ask(self, api: str, version: int, *, client_id: str = "tester", **fields: Any) -> Any:
        """Send one request of fields; the response's value, or Waiting."""
        key = ApiKey[api.upper()]
        request = import_module(f"odradek.protocol.messages.{api}").REQUEST(**fields)
        answer = self.harness.start(key, version, request, client_id=client_id)
        return Waiting(answer, key, version) if isinstance(answer, Pending) else answer

    # Common requests

    def join(self, version: int = 9, **fields: Any) -> Any:
        """A JoinGroup of the group `g` with usual fields."""
        module = import_module("odradek.protocol.messages.join_group")
        protocols = fields.pop("protocols", PROTOCOLS)
        defaults = {
            "group_id": "g",
            "session_timeout_ms": 10_000,
            "rebalance_timeout_ms": 20_000,
            "protocol_type": "consumer",
            "protocols": [module.PROTOCOL(name=name, metadata=metadata) for name, metadata in protocols],
        }
        return self.ask("join_group", version, **{**defaults, **fields})

    def enter(self, version: int = 9, **fields: Any) -> Any:
        """Join, again with the member id where that is asked for; the parked join."""
        answer = self.join(version, **fields)
        if not isinstance(answer, Waiting) and answer.error_code == 79:
            answer = self.join(version, **{**fields, "member_id": answer.member_id})
        return answer

    def sync(
        self, joined: Any, assignments: dict[str, bytes] | None = None, version: int = 5, **fields: Any
    ) -> Any:
        """A SyncGroup after a join's answer."""
        module = import_module("odradek.protocol.messages.sync_group")
        defaults = {
            "group_id": "g",
            "generation_id": joined.generation_id,
            "member_id": joined.member_id,
            "protocol_type": "consumer",
            "protocol_name": joined.protocol_name,
            "assignments": [
                module.ASSIGNMENT(member_id=member_id, assignment=assignment)
                for member_id, assignment in (assignments or {}).items()
            ],
        }
        return self.ask("sync_group", version, **{**defaults, **fields})

    def stable(self, version: int = 9, **fields: Any) -> Any:
        """One member, alone in a stable group `g`; its join's answer."""
        waiting = self.enter(version, **fields)
        self.gather()
        joined = waiting.response
        instance = {"group_instance_id": fields["group_instance_id"]} if "group_instance_id" in fields else {}
        assert self.sync(joined, {joined.member_id: b"all"}, **instance).assignment == b"all"
        return joined

    def beat(self, joined: Any, version: int = 4, **fields: Any) -> int:
        """The error code of a heartbeat."""
        defaults = {"group_id": "g", "generation_id": joined.generation_id, "member_id": joined.member_id}
        return int(self.ask("heartbeat", version, **{**defaults, **fields}).error_code)

    def state(self, group_id: str = "g") -> str:
        """The state that DescribeGroups shows."""
        return str(self.ask("describe_groups", 5, groups=[group_id]).groups[0].group_state)

    def commit(
        self, offset: int, version: int = 9, partition: int = 0, metadata: str | None = "", **fields: Any
    ) -> int:
        """Commit one offset of `orders`; the partition's error code."""
        module = import_module("odradek.protocol.messages.offset_commit")
        topic = self.node.topics.get("orders")
        of_partition = {
            name: fields.pop(name)
            for name in ("committed_leader_epoch", "commit_timestamp")
            if name in fields
        }
        partitions = [
            module.REQUEST_PARTITION(
                partition_index=partition,
                committed_offset=offset,
                committed_metadata=metadata,
                **of_partition,
            )
        ]
        topic_id = bytes(16) if topic is None else topic.topic_id
        topics = [module.REQUEST_TOPIC(name="orders", topic_id=topic_id, partitions=partitions)]
        answer = self.ask("offset_commit", version, **{"group_id": "g", "topics": topics, **fields})
        return int(answer.topics[0].partitions[0].error_code)

    def committed(self, partition: int = 0, group_id: str = "g") -> int:
        """The committed offset of a partition of `orders`, -1 without one."""
        module = import_module("odradek.protocol.messages.offset_fetch")
        topics = [module.REQUEST_TOPIC(name="orders", partition_indexes=[partition])]
        answer = self.ask("offset_fetch", 7, group_id=group_id, topics=topics)
        return int(answer.topics[0].partitions[0].committed_offset)


def answered(answer: Any) -> Any:
    """The response, whether it came at once or later; it must be there by now."""
    return answer.response if isinstance(answer, Waiting) else answer
