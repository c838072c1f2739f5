"""Programs of clients behind recording proxies: both brokers give them the same answers, except for what
docs/differences.md lists; and that a different answer would be noticed.
"""

from __future__ import annotations

import pytest
from comparison.differences import rows
from probes import Prober
from probes.pair import Pair
from replay.both import run_both
from replay.proxy import Exchange, Proxy
from replay.rules import compare
from toolchains import toolchain

from odradek.compat import tables
from odradek.compat.brokers import Running
from odradek.protocol.api_keys import ApiKey
from odradek.protocol.messages import heartbeat, list_offsets


def beat(generation_id: int, error_code: int, member_id: str = "m") -> Exchange:
    """A heartbeat and its answer."""
    request = heartbeat.REQUEST(group_id="g", generation_id=generation_id, member_id=member_id)
    return Exchange(ApiKey.HEARTBEAT, 4, request, heartbeat.RESPONSE(error_code=error_code))


@pytest.mark.parametrize(
    ("theirs", "codes"),
    [
        ([beat(1, 0)], []),
        ([beat(2, 27), beat(3, 0), beat(3, 0)], []),  # the times of rebalances are not compared
        ([beat(1, 25, "another")], []),  # nor is what only one of them was asked
        ([beat(1, 25)], [("0", "25")]),
        ([beat(1, 25), beat(1, 3)], [("0", "25")]),
        ([beat(1, 27)], []),  # somebody has joined
    ],
)
def test_answers_to_equal_requests_are_compared(theirs: list[Exchange], codes: list[tuple[str, str]]) -> None:
    """They differ when the brokers have no answer to a request in common."""
    found = list(compare("a program", [beat(1, 0)], theirs, [], set()))
    assert [(each.ours, each.theirs) for each in found] == codes


def bounds(*error_codes: int) -> Exchange:
    """Where partitions begin, and an answer with these errors."""
    asked = [list_offsets.REQUEST_PARTITION(partition_index=index, timestamp=-2) for index in range(2)]
    answers = [
        list_offsets.RESPONSE_PARTITION(partition_index=index, error_code=code)
        for index, code in enumerate(error_codes)
    ]
    request = list_offsets.REQUEST(topics=[list_offsets.REQUEST_TOPIC(name="t", partitions=asked)])
    response = list_offsets.RESPONSE(topics=[list_offsets.RESPONSE_TOPIC(name="t", partitions=answers)])
    return Exchange(ApiKey.LIST_OFFSETS, 7, request, response)


@pytest.mark.parametrize(("code", "codes"), [(75, []), (3, [("0", "3")])])
def test_a_part_of_an_answer_may_have_to_wait(code: int, codes: list[tuple[str, str]]) -> None:
    """A partition that its broker does not lead yet tells nothing of it; one that it does not know does."""
    found = list(compare("a program", [bounds(0, 0)], [bounds(0, code)], [], set()))
    assert [(each.ours, each.theirs) for each in found] == codes


@pytest.mark.parametrize("scenario", ["produce-acks", "admin-topics"])
def test_a_program_is_answered_the_same(scenario: str, pair: Pair) -> None:
    """kafka-python passes a scenario with both brokers, and every answer that is determined is the same."""
    client, about = "kafka-python-3.0", tables.scenarios()[scenario]
    entry = tables.clients()[client]
    command = toolchain(entry).prepare(client, entry)
    ours, theirs = run_both(client, command, scenario, about, (Running(pair.ours), Running(pair.theirs)))
    assert (ours.outcome, theirs.outcome) == ("passed", "passed")
    assert ours.exchanges
    assert compare(scenario, ours.exchanges, theirs.exchanges, rows("Replayed programs"), set()) == []


def test_clients_stay_behind_the_proxy(pair: Pair) -> None:
    """Addresses in answers are the proxy's, versions those of both brokers; exchanges are recorded."""
    proxy = Proxy(pair.ours, pair.versions)
    prober = Prober(proxy.address)
    software = {"client_software_name": "prober", "client_software_version": "1"}
    keys = prober.ask("api_versions", 3, **software).api_keys
    assert {each.api_key: each.max_version + 1 for each in keys} == {
        int(key): versions.stop for key, versions in pair.versions.items()
    }
    (broker,) = prober.ask("metadata", 12, topics=[]).brokers
    coordinator = prober.ask("find_coordinator", 2, key="g", key_type=0)
    assert (broker.port, coordinator.port) == (proxy.port, proxy.port)
    assert [each.api for each in proxy.exchanges] == [
        ApiKey.API_VERSIONS,
        ApiKey.METADATA,
        ApiKey.FIND_COORDINATOR,
    ]
    prober.close()
    proxy.close()
