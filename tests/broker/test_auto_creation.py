"""A topic that many clients ask for at the same moment."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import NamedTuple

from odradek import Broker
from odradek.protocol.api_keys import ApiKey
from odradek.protocol.messages import metadata, produce
from odradek.protocol.record_batch import Record, build_batch

from .peer import Peer

CLIENTS = 50
PARTITIONS = 3


class Seen(NamedTuple):
    """What one client saw: the topic in the first answer, and where its record went."""

    error_code: int
    topic_id: bytes
    partitions: int
    produced_to: int
    produce_error: int
    offset: int


def test_fifty_clients_that_ask_at_once_get_one_usable_topic() -> None:
    """The first answer of each has the whole topic, always the same, and a record can be produced at once."""
    together = Barrier(CLIENTS)

    def ask(number: int) -> Seen:
        with Peer(broker.host, broker.port) as client:
            together.wait(timeout=20)
            wanted = metadata.REQUEST(
                topics=[metadata.REQUEST_TOPIC(name="wanted")], allow_auto_topic_creation=True
            )
            (topic,) = client.ask(ApiKey.METADATA, 12, wanted).topics
            to = number % PARTITIONS
            records = build_batch([Record(0, 0, None, b"%d" % number)])
            rows = [produce.REQUEST_PARTITION(index=to, records=records)]
            data = [produce.REQUEST_TOPIC(topic_id=topic.topic_id, partition_data=rows)]
            (answer,) = client.ask(ApiKey.PRODUCE, 13, produce.REQUEST(acks=-1, topic_data=data)).responses
            (row,) = answer.partition_responses
            return Seen(
                topic.error_code,
                topic.topic_id,
                len(topic.partitions),
                to,
                row.error_code,
                row.base_offset,
            )

    with Broker(config={"num.partitions": PARTITIONS}) as broker, ThreadPoolExecutor(CLIENTS) as clients:
        seen = list(clients.map(ask, range(CLIENTS)))
    assert {(each.error_code, each.partitions, each.produce_error) for each in seen} == {(0, PARTITIONS, 0)}
    assert len({each.topic_id for each in seen}) == 1
    places = Counter((each.produced_to, each.offset) for each in seen)
    assert max(places.values()) == 1
