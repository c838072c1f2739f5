"""A broker without sockets in the words of share consumers: heartbeat, fetch, acknowledge."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from importlib import import_module
from typing import Any

from odradek.broker.config.resources import GROUP
from odradek.broker.context import Pending
from odradek.protocol.api_keys import ApiKey
from odradek.protocol.messages import share_acknowledge, share_fetch

from .group_desk import Desk, Waiting
from .harness import Harness, batch

ACCEPT, RELEASE, REJECT, RENEW = 1, 2, 3, 4

Said = tuple[int, int, Sequence[int]]


class ShareDesk:
    """A broker in memory with the topic `orders`, which the share group `g` reads from its start."""

    def __init__(self, **settings: object) -> None:
        self._desk = Desk(None, share_coordinator_state_topic_num_partitions=2, **settings)
        self.wait = self._desk.wait
        self.restart = self._desk.restart
        self.configure("g", {"share.auto.offset.reset": "earliest"})

    @property
    def harness(self) -> Harness:
        """What it is built on, for desks of other clients."""
        return self._desk.harness

    @property
    def node(self) -> Any:
        """The broker that is open now."""
        return self._desk.node

    def ask(self, api: str, version: int, *, connection_id: int = 1, **fields: Any) -> Any:
        """Send one request of fields; the response's value, or Waiting."""
        key = ApiKey[api.upper()]
        request = import_module(f"odradek.protocol.messages.{api}").REQUEST(**fields)
        answer = self._desk.harness.start(
            key, version, request, client_id="tester", connection_id=connection_id
        )
        return Waiting(answer, key, version) if isinstance(answer, Pending) else answer

    def configure(self, group: str, settings: dict[str, str]) -> None:
        """Set what is set for a group."""
        resources = self.node.config_resources
        merged = {**resources.overrides(GROUP, group), **settings}
        resources.check(GROUP, group, merged)
        resources.change([((GROUP, group), merged)], self._desk.clock.wall_ms())

    @property
    def topic_id(self) -> bytes:
        """The id of `orders`."""
        topic_id: bytes = self.node.topics.get("orders").topic_id
        return topic_id

    def produce(self, *values: bytes, partition: int = 0, **fields: Any) -> None:
        """Append one batch to `orders`."""
        assert (
            self._desk.harness.produce("orders", batch(*values, **fields), partition=partition).error_code
            == 0
        )

    def beat(self, member: str = "m", epoch: int = 0, group: str = "g", **fields: Any) -> Any:
        """A ShareGroupHeartbeat."""
        if epoch == 0:
            fields.setdefault("subscribed_topic_names", ["orders"])
        return self.ask(
            "share_group_heartbeat", 1, group_id=group, member_id=member, member_epoch=epoch, **fields
        )

    def join(self, member: str = "m", group: str = "g") -> int:
        """Join and get an assignment; the member's epoch."""
        first = self.beat(member, group=group)
        assert first.error_code == 0, first
        second = self.beat(member, first.member_epoch, group)
        assert second.error_code == 0, second
        epoch: int = second.member_epoch
        return epoch

    def fetch(
        self,
        epoch: int,
        *said: Said,
        member: str = "m",
        group: str = "g",
        partitions: Iterable[int] = (0,),
        version: int = 2,
        connection_id: int = 1,
        **fields: Any,
    ) -> Any:
        """A ShareFetch; the response, or what waits for it."""
        limits = {
            "max_wait_ms": 0,
            "min_bytes": 1,
            "max_bytes": 1 << 20,
            "max_records": 500,
            "batch_size": 500,
        }
        batches = [
            share_fetch.ACKNOWLEDGEMENT_BATCH(
                first_offset=first, last_offset=last, acknowledge_types=list(types)
            )
            for first, last, types in said
        ]
        rows = [
            share_fetch.REQUEST_PARTITION(partition_index=index, acknowledgement_batches=batches)
            for index in partitions
        ]
        topics = [share_fetch.REQUEST_TOPIC(topic_id=self.topic_id, partitions=rows)] if rows else []
        return self.ask(
            "share_fetch",
            version,
            group_id=group,
            member_id=member,
            share_session_epoch=epoch,
            topics=topics,
            connection_id=connection_id,
            **{**limits, **fields},
        )

    def acquired(self, epoch: int, *said: Said, **fields: Any) -> list[tuple[int, int, int]]:
        """(first offset, last offset, delivery count) of what a ShareFetch of partition 0 has acquired."""
        answer = self.fetch(epoch, *said, **fields)
        assert answer.error_code == 0, answer
        return [
            (each.first_offset, each.last_offset, each.delivery_count)
            for topic in answer.responses
            for row in topic.partitions
            for each in row.acquired_records
        ]

    def acknowledge(
        self, epoch: int, *said: Said, member: str = "m", group: str = "g", version: int = 2, **fields: Any
    ) -> Any:
        """A ShareAcknowledge of partition 0: the partition's row, or the response if that is an error."""
        batches = [
            share_acknowledge.ACKNOWLEDGEMENT_BATCH(
                first_offset=first, last_offset=last, acknowledge_types=list(types)
            )
            for first, last, types in said
        ]
        row = share_acknowledge.REQUEST_PARTITION(partition_index=0, acknowledgement_batches=batches)
        topics = [share_acknowledge.REQUEST_TOPIC(topic_id=self.topic_id, partitions=[row])] if said else []
        answer = self.ask(
            "share_acknowledge",
            version,
            group_id=group,
            member_id=member,
            share_session_epoch=epoch,
            topics=topics,
            **fields,
        )
        return answer.responses[0].partitions[0] if answer.responses else answer
