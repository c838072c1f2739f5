"""What a whole durable broker keeps when the power goes: topics, acknowledged records, and its identity."""

from __future__ import annotations

from random import Random

import pytest

from odradek.broker.context import Pending
from odradek.protocol.api_keys import ApiKey
from odradek.storage.faulty_file_system import FaultyFileSystem

from .harness import Harness, batch, decoded


@pytest.mark.parametrize("seed", range(60))
def test_acknowledged_records_survive_power_loss(seed: int) -> None:
    """With flush.messages=1 a topic made by asking and its acknowledged records outlive any loss of power.

    Wherever it happens, between a topic's creation, an append and its sync; cluster id and producer ids, too.
    """
    chance = Random(seed)
    broker = Harness(FaultyFileSystem(), log_flush_interval_messages=1)
    broker.node.syncs.run_all()
    cluster_id, given = broker.node.cluster_id, set()
    acknowledged: dict[str, list[bytes]] = {}
    waiting: list[tuple[str, bytes, Pending]] = []
    for step in range(chance.randrange(25)):
        name, value = f"t{chance.randrange(4)}", b"%d" % step
        match chance.randrange(4):
            case 0:
                broker.metadata(name, create=True)
            case 1:
                broker.node.syncs.run_all()
                given.add(broker.node.producer_ids.allocate(0))
                broker.node.syncs.run_all()
            case _ if broker.node.topics.get(name) is not None:
                answer = broker.produce(name, batch(value))
                assert isinstance(answer, Pending)
                waiting.append((name, value, answer))
    for name, value, pending in waiting:
        if pending.done:
            row = decoded(ApiKey.PRODUCE, 9, pending.response).responses[0].partition_responses[0]
            assert row.error_code == 0
            acknowledged.setdefault(name, []).append(value)
    assert isinstance(broker.file_system, FaultyFileSystem)
    broker.file_system = broker.file_system.power_loss(chance)
    broker.node = broker._open()
    assert broker.node.cluster_id == cluster_id
    assert broker.node.producer_ids.allocate(0) not in given
    for name, values in acknowledged.items():
        kept = broker.values(name)
        assert kept[: len(values)] == values
