"""Control records and the markers that end transactions, against the bytes of Apache Kafka."""

import json
import pathlib

import pytest

from odradek.protocol import record_batch as rb
from odradek.protocol.control_records import (
    ControlType,
    control_record,
    control_type,
    end_transaction_marker,
    parse_end_transaction_marker,
)
from odradek.protocol.record_batch import Record
from odradek.protocol.record_errors import CorruptRecord

VECTORS = json.loads((pathlib.Path(__file__).parent / "vectors" / "apache_kafka_records.json").read_text())
MARKERS = {case["name"]: bytes.fromhex(case["data"]) for case in VECTORS["cases"] if "marker" in case["name"]}


@pytest.mark.parametrize("commit", [True, False])
def test_end_markers_are_byte_for_byte_kafkas(commit: bool) -> None:
    """KIP-98: the marker of a producer's transaction, built and read as Kafka does it."""
    theirs = MARKERS["COMMIT marker" if commit else "ABORT marker"]
    ours = end_transaction_marker(
        commit=commit, producer_id=4711, producer_epoch=3, coordinator_epoch=9, timestamp=7777, base_offset=55
    )
    assert ours == theirs
    (header,) = rb.batches(theirs)
    (record,) = rb.records(theirs, header, 1000)
    assert parse_end_transaction_marker(record) == (commit, 9)
    assert header.is_control
    assert header.is_transactional


@pytest.mark.parametrize("kind", list(ControlType))
def test_control_types_read_back(kind: ControlType) -> None:
    """The type is in the key; numbers that are not known here read as UNKNOWN."""
    assert control_type(control_record(kind)) is kind
    assert control_type(Record(0, 0, b"\0\0\1\0", None)) is ControlType.UNKNOWN


@pytest.mark.parametrize("key", [None, b"", b"\0\0\0", b"\xff\xff\0\0"])
def test_keys_that_are_no_control_keys_are_corrupt(key: bytes | None) -> None:
    """A control record has four bytes of key and a version that is not negative."""
    with pytest.raises(CorruptRecord):
        control_type(Record(0, 0, key, b""))


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (ControlType.LEADER_CHANGE, bytes(6)),
        (ControlType.COMMIT, None),
        (ControlType.COMMIT, bytes(5)),
        (ControlType.ABORT, b"\xff\xff" + bytes(4)),
    ],
)
def test_what_is_no_end_marker_is_corrupt(kind: ControlType, value: bytes | None) -> None:
    """Only ABORT and COMMIT end transactions, and their values have six bytes."""
    with pytest.raises(CorruptRecord):
        parse_end_transaction_marker(control_record(kind, value))
