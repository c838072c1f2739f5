"""Odradek's record formats against Apache Kafka's own record code, both ways. Needs Java 17 and Maven.

python compat-tests/record_oracle.py check [ROUNDS]    compare on random records, message sets and rules
python compat-tests/record_oracle.py vectors           write tests/protocol/vectors/apache_kafka_records.json
"""

from __future__ import annotations

import itertools
import json
import pathlib
import random
import subprocess
import sys
from collections.abc import Iterable

import apache_kafka

from odradek.protocol import record_batch as rb
from odradek.protocol.checksum import crc32c
from odradek.protocol.message_set import down_convert, read_message_set
from odradek.protocol.record_batch import Compression, Record
from odradek.protocol.record_errors import CorruptRecord
from odradek.protocol.record_validation import ProduceRules, prepare

VERSION = "3.9.1"  # the last that writes message sets
ROOT = pathlib.Path(__file__).resolve().parent.parent
VECTORS = ROOT / "tests" / "protocol" / "vectors" / "apache_kafka_records.json"
BOUND = 1 << 24
NOW = 1_700_000_000_000
CREATE, APPEND = "CreateTime", "LogAppendTime"
LEGACY_CODECS = [Compression.NONE, Compression.GZIP, Compression.SNAPPY, Compression.LZ4]
ERRORS = {
    "CorruptRecordException": "CORRUPT_MESSAGE",
    "InvalidRecordException": "INVALID_RECORD",
    "InvalidTimestampException": "INVALID_TIMESTAMP",
}


class OracleError(Exception):
    """What Kafka raised: its class name, and the indices of the records at fault."""

    def __init__(self, answer: list[str]) -> None:
        super().__init__(answer[0])
        self.kind = answer[0].split(":")[0]
        self.indices = [int(index) for index in answer[1].split(",") if index] if len(answer) > 1 else []


class RecordOracle:
    """RecordOracle.java on a pipe."""

    def __init__(self) -> None:
        source = pathlib.Path(__file__).with_name("oracle") / "RecordOracle.java"
        self._process = subprocess.Popen(
            apache_kafka.java(VERSION, str(source)),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def __enter__(self) -> RecordOracle:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()

    def _ask(self, *words: object) -> str:
        pipe, answers = self._process.stdin, self._process.stdout
        assert pipe is not None
        assert answers is not None
        pipe.write("\t".join(map(str, words)) + "\n")
        pipe.flush()
        status, *answer = answers.readline().rstrip("\n").split("\t")
        if status != "ok":
            raise OracleError(answer)
        return answer[0]

    def build(
        self,
        records: list[Record],
        magic: int,
        codec: Compression,
        *,
        time_type: str = CREATE,
        base: int = 0,
        append_time: int = -1,
        producer: str = "-",
    ) -> bytes:
        """The batch or message set that Kafka writes of `records`."""
        words = (magic, codec.name.lower(), time_type, base, append_time, producer, dump(records))
        return bytes.fromhex(self._ask("build", *words))

    def marker(
        self, kind: str, base: int, timestamp: int, producer: int, epoch: int, coordinator: int
    ) -> bytes:
        """The batch that ends a transaction."""
        return bytes.fromhex(self._ask("marker", kind, base, timestamp, producer, epoch, coordinator))

    def read(self, buffer: bytes | bytearray) -> list[Record]:
        """The records Kafka finds in a buffer of any magic."""
        return load(self._ask("read", buffer.hex()))

    def down(self, buffer: bytes, magic: int, first_offset: int = 0) -> bytes:
        """What Kafka sends to a fetcher that knows only `magic`."""
        return bytes.fromhex(self._ask("down", magic, first_offset, buffer.hex()))

    def validate(self, buffer: bytes | bytearray, rules: ProduceRules) -> bytes:
        """What a leader of Kafka appends of a produced buffer; OracleError when it refuses it."""
        codec = "producer" if rules.compression is None else rules.compression.name.lower()
        time_type = APPEND if rules.timestamp_type else CREATE
        before, after = rules.timestamp_before_max_ms, rules.timestamp_after_max_ms
        words = (codec, time_type, before, after, NOW, str(rules.keys_required).lower(), buffer.hex())
        return bytes.fromhex(self._ask("validate", *words))


def dump(records: Iterable[Record]) -> str:
    """Records in the line format of RecordOracle.java."""
    lines = []
    for offset, timestamp, key, value, headers in records:
        fields = [str(offset), str(timestamp), _hex(key), _hex(value)]
        fields += [f"{_hex(name)}={_hex(content)}" for name, content in headers]
        lines.append(",".join(fields))
    return " ".join(lines)


def load(text: str) -> list[Record]:
    """The inverse of `dump`."""
    records = []
    for line in text.split():
        offset, timestamp, key, value, *headers = line.split(",")
        pairs = tuple(
            (bytes.fromhex(name), _bytes(content)) for name, content in (h.split("=") for h in headers)
        )
        records.append(Record(int(offset), int(timestamp), _bytes(key), _bytes(value), pairs))
    return records


def _hex(data: bytes | None) -> str:
    return "-" if data is None else data.hex()


def _bytes(text: str) -> bytes | None:
    return None if text == "-" else bytes.fromhex(text)


def random_records(
    chance: random.Random, *, headers: bool, base: int = 0, gaps: bool = False
) -> list[Record]:
    """Up to twelve records around NOW; now and then null, empty, long, without a timestamp."""
    offset, records = base, []
    for _ in range(chance.randint(1, 12)):
        key, value = (chance.choice([None, b"", chance.randbytes(9), b"x" * 200]) for _ in range(2))
        pairs = tuple(
            (b"h%d" % index, chance.choice([None, b"", b"content"])) for index in range(chance.randint(0, 2))
        )
        timestamp = chance.choice([NOW, NOW, NOW + chance.randint(-(10**7), 10**6), -1])
        records.append(Record(offset, timestamp, key, value, pairs if headers else ()))
        offset += chance.randint(1, 4) if gaps else 1
    return records


def check_reading(oracle: RecordOracle, chance: random.Random) -> None:
    """Kafka reads what we build, and we what Kafka builds."""
    for codec in Compression:
        records = random_records(chance, headers=True, base=chance.choice([0, 77]), gaps=True)
        base = records[0].offset
        ours = rb.build_batch(records, base_offset=base, compression=codec)
        theirs = oracle.build(records, 2, codec, base=base)
        assert oracle.read(ours) == records
        (header,) = rb.batches(theirs)
        rb.check_crc(theirs, header)
        assert rb.records(theirs, header, BOUND) == records
        assert codec or ours == theirs
    for magic, codec in itertools.product((0, 1), LEGACY_CODECS):
        records = random_records(chance, headers=False, base=chance.choice([0, 77]), gaps=True)
        time_type, append_time = chance.choice([(CREATE, -1), (APPEND, NOW)]) if magic else (CREATE, -1)
        base = records[0].offset
        theirs = oracle.build(records, magic, codec, time_type=time_type, base=base, append_time=append_time)
        found = read_message_set(theirs, BOUND)
        assert found.records == oracle.read(theirs)
        assert (found.magic, found.codec, found.log_append_time) == (magic, codec, time_type == APPEND)


def check_down_conversion(oracle: RecordOracle, chance: random.Random) -> None:
    """Old fetchers get the same messages from us as from Kafka, byte for byte where nothing is compressed."""
    for magic, codec in itertools.product((0, 1), LEGACY_CODECS):
        stored, base = b"", 0
        for _ in range(3):
            records = random_records(chance, headers=True, base=base, gaps=True)
            batch = rb.build_batch(records, base_offset=base, compression=codec)
            (header,) = rb.batches(batch)
            if chance.random() < 0.3:
                rb.set_max_timestamp(batch, header, rb.LOG_APPEND_TIME, NOW)
            base = header.last_offset + 1
            stored += bytes(batch) + oracle.marker("ABORT", base, NOW, 5, 0, 0)
            base += 1
        first = chance.randint(0, base)
        ours, theirs = down_convert(stored, magic, BOUND, first), oracle.down(stored, magic, first)
        assert oracle.read(ours) == oracle.read(theirs)
        assert codec or ours == theirs


def check_validation(oracle: RecordOracle, chance: random.Random) -> str:
    """Produced data is accepted, changed or refused as a leader of Kafka does it. Gives the outcome's
    name.
    """
    magic = chance.choice([0, 1, 2, 2, 2])
    codec = chance.choice(list(Compression) if magic == 2 else LEGACY_CODECS)
    rules = ProduceRules(
        timestamp_type=chance.choice([rb.CREATE_TIME, rb.CREATE_TIME, rb.LOG_APPEND_TIME]),
        timestamp_before_max_ms=chance.choice([2**63 - 1, 10**6]),
        timestamp_after_max_ms=chance.choice([3_600_000, 10**5]),
        compression=chance.choice([None, None, *Compression]),
        keys_required=chance.random() < 0.2,
    )
    records = random_records(chance, headers=magic == 2)
    producer = chance.choice(["-", "5:1:0:false", "5:1:7:true"]) if magic == 2 else "-"
    time_type, append_time = (APPEND, NOW) if magic and chance.random() < 0.1 else (CREATE, -1)
    produced = bytearray(
        oracle.build(records, magic, codec, time_type=time_type, append_time=append_time, producer=producer)
    )
    if magic == 2:
        _spoil(produced, chance)
    try:
        theirs: bytes | OracleError = oracle.validate(produced, rules)
    except OracleError as error:
        theirs = error
    ours = outcome_of_prepare(produced, rules, 9 if magic == 2 else 2)
    if isinstance(ours, CorruptRecord):
        assert isinstance(theirs, OracleError), (ours, records, rules)
        assert ours.error_code.name == ERRORS[theirs.kind], (ours, theirs)
        if magic == 2 or codec:  # a set without codec is as many batches to Kafka, every index is 0
            assert [index for index, _ in getattr(ours, "record_errors", [])] == theirs.indices
        return ours.error_code.name
    assert isinstance(theirs, bytes), theirs
    (header,), (expected,) = rb.batches(ours), rb.batches(theirs)
    rb.check_crc(ours, header)
    for name in expected.__slots__:
        compressed = name in ("batch_length", "crc") and expected.attributes & rb.CODEC_MASK
        assert compressed or getattr(header, name) == getattr(expected, name), (name, header, expected)
    assert oracle.read(ours) == oracle.read(theirs)
    return "accepted"


def outcome_of_prepare(produced: bytearray, rules: ProduceRules, api_version: int) -> bytes | CorruptRecord:
    """The batch that goes into the log, or why it does not."""
    try:
        return bytes(prepare(produced, rules, api_version=api_version, now_ms=NOW)[0])
    except CorruptRecord as error:
        return error


def _spoil(batch: bytearray, chance: random.Random) -> None:
    """Now and then let a header field say something wrong, under a right checksum."""
    (header,) = rb.batches(batch)
    position, format_, value = chance.choice(
        [
            (21, 2, header.attributes | rb.CONTROL),
            (23, 4, header.last_offset_delta + 1),
            (53, 4, 2**32 - 1),  # a base sequence of -1
            (57, 4, header.record_count + 1),
            (35, 8, 12345),  # a largest timestamp that is not
            *[(21, 2, header.attributes)] * 15,
        ]
    )
    batch[position : position + format_] = value.to_bytes(format_, "big")
    batch[17:21] = crc32c(memoryview(batch)[21:]).to_bytes(4, "big")


def check(rounds: int) -> None:
    """Compare on random data from a fixed seed; an AssertionError shows the first difference."""
    outcomes: dict[str, int] = {}
    with RecordOracle() as oracle:
        for seed in range(rounds):
            chance = random.Random(seed)
            check_reading(oracle, chance)
            check_down_conversion(oracle, chance)
            for _ in range(10):
                outcome = check_validation(oracle, chance)
                outcomes[outcome] = outcomes.get(outcome, 0) + 1
    print(f"{rounds} rounds: Apache Kafka {VERSION} and Odradek agree; produced data:", outcomes)


def vectors() -> None:
    """Write what the tests compare with: for every case the bytes Kafka wrote and the records it reads in
    them.
    """
    plain = [
        Record(0, 1000, b"key", b"value"),
        Record(1, 990, None, b"no key"),
        Record(2, 2000, b"tombstone", None),
        Record(3, 2000, b"", b""),
        Record(4, 1500, b"long", b"0123456789" * 12),
    ]
    with_headers = [
        record._replace(headers=((b"trace", b"\1\2"), (b"none", None), (b"", b""))) for record in plain
    ]
    cases = []
    with RecordOracle() as oracle:

        def add(name: str, magic: int, data: bytes) -> None:
            cases.append(
                {"name": name, "magic": magic, "data": data.hex(), "records": dump(oracle.read(data))}
            )

        for magic, codec in itertools.product((0, 1, 2), Compression):
            if magic < 2 and codec is Compression.ZSTD:
                continue
            records = with_headers if magic == 2 else plain
            label = f"magic {magic} {codec.name.lower()}"
            add(label, magic, oracle.build(records, magic, codec))
            later = [record._replace(offset=100 + 3 * record.offset) for record in records]
            add(f"{label}, offsets 100 to 112 with gaps", magic, oracle.build(later, magic, codec, base=100))
            if magic:
                appended = oracle.build(records, magic, codec, time_type=APPEND, append_time=9999)
                add(f"{label}, {APPEND}", magic, appended)
            if magic == 2:
                transactional = oracle.build(records, 2, codec, producer="4711:3:17:true")
                add(f"{label}, transactional", 2, transactional)
        for kind in ("ABORT", "COMMIT"):
            add(f"{kind} marker", 2, oracle.marker(kind, 55, 7777, 4711, 3, 9))
    VECTORS.parent.mkdir(exist_ok=True)
    VECTORS.write_text(json.dumps({"made by": f"Apache Kafka {VERSION}", "cases": cases}, indent=1) + "\n")
    print(f"{len(cases)} cases in {VECTORS.relative_to(ROOT)}")


if __name__ == "__main__":
    if sys.argv[1:] == ["vectors"]:
        vectors()
    elif sys.argv[1:2] == ["check"] and len(sys.argv) <= 3:
        check(int(sys.argv[2]) if len(sys.argv) == 3 else 100)
    else:
        sys.exit(__doc__)
