"""Make tests/protocol/vectors/apache_kafka_*_messages.jsonl anew: python compat-tests/oracle/make_vectors.py

Random values of every message at every version are written by Apache Kafka's own classes, from JSON, so that
our writer has no part in it; bytes of ours with unknown tags are read and written by them. The versions that
Kafka 4 dropped come from 3.9 and in greater number, all others from the newest. Needs Java 17 and Maven.
"""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, given, settings
from message_oracle import NEW, OLD, MessageOracle, class_name, class_version, message_oracle, speakers

from tests.protocol.codecs import catalogue, golden, values
from tests.protocol.codecs.catalogue import Case
from tests.protocol.codecs.kafka_json import to_json

LONGEST = 250  # bytes of a vector: the files are to stay small
EACH = {OLD: 6, NEW: 2}


def draw(case: Case, count: int, unknown_tags: bool) -> list[Any]:
    """The largest `count` of the values that Hypothesis proposes, the same ones every time."""
    found: list[tuple[int, Any]] = []

    @settings(max_examples=40, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
    @given(values.anything(case.message, case.version, unknown_tags))
    def collect(value: Any) -> None:
        size = len(case.message.write(value, case.version))
        if size <= LONGEST and all(value != other for _, other in found):
            found.append((size, value))

    collect()
    return [value for _, value in sorted(found, key=lambda pair: -pair[0])[:count]]


def vectors_of(case: Case, oracle: MessageOracle, count: int) -> list[golden.Vector]:
    """What the oracle makes of some values of a case."""
    name, version, theirs = class_name(case), case.version, class_version(case)
    chosen = draw(case, count, unknown_tags=False)
    if case.api in catalogue.RECORDS:
        # Nobody but Kafka knows these: its vectors have to show every null too.
        chosen += [extreme(case.message, version) for extreme in (values.null, values.empty)]
    answers = [oracle.encode(name, theirs, to_json(case.message, value, version)) for value in chosen]
    if case.message.is_flexible(version):
        (tagged,) = draw(case, 1, unknown_tags=True)
        answers.append(oracle.decode(name, theirs, case.message.write(tagged, version)))
    return [golden.Vector(case, data, shown) for data, shown in answers]


def main() -> None:
    """Write both files."""
    cases = [*catalogue.cases(), *catalogue.record_cases()]
    for version, name in zip((OLD, NEW), golden.FILES, strict=True):
        with message_oracle(version) as oracle:
            mine = [case for case in cases if speakers(case)[-1] == version]
            golden.store(name, [v for case in mine for v in vectors_of(case, oracle, EACH[version])])
            print(name, len(mine), "messages")


if __name__ == "__main__":
    main()
