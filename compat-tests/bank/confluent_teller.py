"""A teller of the bank on confluent-kafka: carries out orders, each once, whatever happens to broker and
lines.

    confluent_teller.py teller ADDRESS TRANSACTIONAL_ID PROTOCOL    runs until it is ended
    confluent_teller.py reader ADDRESS                              prints the committed ledger

Every fifth transaction is given up on purpose, after its entries are with the broker.
"""

from __future__ import annotations

import itertools
import sys
from collections.abc import Callable
from typing import Any

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, Producer, TopicPartition

ORDERS, LEDGER, GROUP = "transfers", "ledger", "tellers"
LEDGER_PARTITIONS = 3
TIMEOUT_S = 10
# By default librdkafka 2.16 begins anew from its bootstrap address when all brokers are away (KIP-899), and
# now and then leaves a broker terminating for ever on that way.
COMMON = {"metadata.recovery.strategy": "none", "log_level": 4}


def until_done(operation: Callable[[float], Any]) -> Any:
    """Call an operation of the producer again while it says that this helps."""
    while True:
        try:
            return operation(TIMEOUT_S)
        except KafkaException as problem:
            if not problem.args[0].retriable():
                raise


class Teller:
    """One producer and one consumer, which serve until a problem is fatal to either."""

    def __init__(self, address: str, transactional_id: str, protocol: str) -> None:
        self._producer = Producer(
            {
                **COMMON,
                "bootstrap.servers": address,
                "transactional.id": transactional_id,
                "transaction.timeout.ms": 10_000,
                "linger.ms": 1,
            }
        )
        # Not "earliest": librdkafka 2.16 takes that, too, where it was told UNSTABLE_OFFSET_COMMIT and its
        # assignment has changed since it asked, and carries out again what is done, at Apache Kafka as well.
        settings = {
            **COMMON,
            "bootstrap.servers": address,
            "group.id": GROUP,
            "group.protocol": protocol,
            "auto.offset.reset": "error",
            "enable.auto.commit": False,
            "isolation.level": "read_committed",
        }
        if protocol == "classic":
            settings |= {"session.timeout.ms": 6_000, "heartbeat.interval.ms": 500}
        self._consumer = Consumer(settings)

    def serve(self) -> None:
        """Never returns. Raises KafkaException when a new teller has to take over."""
        until_done(self._producer.init_transactions)
        self._consumer.subscribe([ORDERS])
        for turn in itertools.count(1):
            messages = [each for each in self._consumer.consume(20, 0.2) if not _problem(each)]
            if messages:
                self._carry_out(messages, give_up=turn % 5 == 0)

    def _carry_out(self, messages: list[Any], give_up: bool) -> None:
        producer = self._producer
        try:
            producer.begin_transaction()
            for message in messages:
                _enter(producer, message.value().decode())
            places = {message.partition(): message.offset() + 1 for message in messages}
            offsets = [TopicPartition(ORDERS, partition, offset) for partition, offset in places.items()]
            group = self._consumer.consumer_group_metadata()
            until_done(lambda seconds: producer.send_offsets_to_transaction(offsets, group, seconds))
            if not give_up:
                until_done(producer.commit_transaction)
                return
            producer.flush(TIMEOUT_S)
        except KafkaException as problem:
            if not problem.args[0].txn_requires_abort():
                raise
        until_done(producer.abort_transaction)
        self._go_back()

    def _go_back(self) -> None:
        for place in self._consumer.committed(self._consumer.assignment(), TIMEOUT_S):
            if place.error is not None:
                raise KafkaException(place.error)
            self._consumer.seek(TopicPartition(place.topic, place.partition, place.offset))

    def close(self) -> None:
        """Leave the group; what the transaction under way becomes is for the next teller."""
        self._consumer.close()


def _enter(producer: Any, order: str) -> None:
    number, source, target, amount = order.split(",")
    partition = int(number) % LEDGER_PARTITIONS
    producer.produce(LEDGER, f"{number},-{amount}", source, partition=partition)
    producer.produce(LEDGER, f"{number},{amount}", target, partition=partition)
    producer.poll(0)


def _problem(message: Any) -> bool:
    error = message.error()
    if error is not None and (error.fatal() or error.code() == KafkaError._AUTO_OFFSET_RESET):
        raise KafkaException(error)
    return error is not None


def teller(address: str, transactional_id: str, protocol: str) -> None:
    """Serve, with a new teller after each fatal problem."""
    while True:
        one = Teller(address, transactional_id, protocol)
        try:
            one.serve()
        except KafkaException as problem:
            print(f"{transactional_id}: {problem}", file=sys.stderr, flush=True)
            one.close()


def reader(address: str) -> None:
    """Print partition, offset, key and value of every committed entry."""
    consumer = Consumer(
        {
            "bootstrap.servers": address,
            "group.id": "reader",
            "enable.auto.commit": False,
            "isolation.level": "read_committed",
            "enable.partition.eof": True,
        }
    )
    consumer.assign([TopicPartition(LEDGER, index, OFFSET_BEGINNING) for index in range(LEDGER_PARTITIONS)])
    ended: set[int] = set()
    while len(ended) < LEDGER_PARTITIONS:
        for message in consumer.consume(500, 1):
            error = message.error()
            if error is None:
                key, value = message.key().decode(), message.value().decode()
                print(message.partition(), message.offset(), key, value)
            elif error.code() == KafkaError._PARTITION_EOF:
                ended.add(message.partition())
    consumer.close()


if __name__ == "__main__":
    {"teller": teller, "reader": reader}[sys.argv[1]](*sys.argv[2:])
