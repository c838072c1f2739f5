"""One client's program for one scenario, run against two brokers at once, each behind a recording proxy."""

from __future__ import annotations

import concurrent.futures
from typing import Any, NamedTuple

from probes.pair import shared_versions

from odradek.compat import cells
from odradek.compat.brokers import Broker

from .proxy import Exchange, Proxy


class Ran(NamedTuple):
    """How a program ended at one broker, and what was said."""

    outcome: str
    exchanges: list[Exchange]


class Recorded:
    """A broker behind a proxy: what `cells.run` asks of a broker."""

    def __init__(self, broker: Broker, proxy: Proxy) -> None:
        self.address, self.ours = proxy.address, broker.ours
        self.do, self.log, self.close = broker.do, broker.log, broker.close


def run_both(
    client: str, command: list[str], scenario: str, about: dict[str, Any], pair: tuple[Broker, Broker]
) -> tuple[Ran, Ran]:
    """Run the program against Odradek and Apache Kafka, in this order in `pair`."""
    versions = shared_versions(*(broker.address for broker in pair))

    def run(broker: Broker) -> Ran:
        proxy = Proxy(broker.address, versions)
        cell = cells.run(client, command, scenario, about, Recorded(broker, proxy))
        proxy.close()
        return Ran(cell.outcome, proxy.exchanges)

    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        ours, theirs = pool.map(run, pair)
    return ours, theirs
