"""A broker for tests: the fixture `kafka_broker`.

    def test_orders(kafka_broker):
        producer = KafkaProducer(bootstrap_servers=kafka_broker.bootstrap)

One broker, in memory and on a free port, serves the whole test session; `fresh_kafka_broker` is one for a
single test.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from odradek import Broker


@pytest.fixture(scope="session")
def kafka_broker() -> Iterator["Broker"]:
    """A broker that all tests of the session share; `.bootstrap` is its address."""
    from odradek import Broker

    with Broker() as broker:
        yield broker


@pytest.fixture
def fresh_kafka_broker() -> Iterator["Broker"]:
    """An empty broker of this test's own."""
    from odradek import Broker

    with Broker() as broker:
        yield broker
