"""Record data captured from librdkafka by `compat-tests/capture_librdkafka.py`, in every format and codec."""

import json
import pathlib
from typing import Any

import pytest

from odradek.protocol import record_batch as rb
from odradek.protocol.message_set import read_message_set
from odradek.protocol.record_batch import Record
from odradek.protocol.record_validation import ProduceRules, prepare

CAPTURED = json.loads((pathlib.Path(__file__).parent / "vectors" / "librdkafka_records.json").read_text())
CASES = {case["name"]: case for case in CAPTURED["cases"]}
NOW = 1_700_000_000_000


def produced(*, headers: bool, timestamps: bool) -> list[Record]:
    """What was given to the producer, as far as the format can carry it."""
    found = []
    for offset, (key, value, timestamp, pairs) in enumerate(CAPTURED["records"]):
        named = tuple((name.encode(), None if text is None else bytes.fromhex(text)) for name, text in pairs)
        found.append(
            Record(
                offset,
                timestamp if timestamps else -1,
                None if key is None else bytes.fromhex(key),
                None if value is None else bytes.fromhex(value),
                named if headers else (),
            )
        )
    return found


@pytest.mark.parametrize("name", CASES)
def test_librdkafkas_records_are_read(name: str) -> None:
    """Keys, values, headers and timestamps come out as they were given to the producer."""
    case: dict[str, Any] = CASES[name]
    data = bytes.fromhex(case["data"])
    if case["magic"] == 2:
        (header,) = rb.batches(data)
        rb.check_crc(data, header)
        assert header.compression.name.lower() == case["codec"]
        found = rb.records(data, header, 1 << 20)
    else:
        message_set = read_message_set(data, 1 << 20)
        assert message_set.codec.name.lower() == case["codec"]
        found = [record._replace(offset=index) for index, record in enumerate(message_set.records)]
    assert found == produced(headers=case["magic"] == 2, timestamps=case["magic"] > 0)


@pytest.mark.parametrize("name", CASES)
def test_librdkafkas_records_are_ready_to_append(name: str) -> None:
    """Each capture is accepted: a batch unchanged, a message set as a batch in its codec."""
    case = CASES[name]
    data = bytes.fromhex(case["data"])
    version = {2: 9, 1: 2, 0: 1}[case["magic"]]
    view, header = prepare(data, ProduceRules(), api_version=version, now_ms=NOW)
    rb.check_crc(view, header)
    assert header.compression.name.lower() == case["codec"]
    assert header.record_count == len(CAPTURED["records"])
    if case["magic"] == 2:
        assert bytes(view) == data
    if "idempotent" in name:
        assert (header.producer_id, header.producer_epoch, header.base_sequence) == (4711, 0, 0)
