"""Odradek and Apache Kafka side by side, in turns, in one run.

    scripts/bench versus-kafka [--rounds 3] [--megabytes 200] [--write docs/performance.md]

Each round starts each broker anew, on the same machine with nothing else running, and measures the time to
ready, resident memory after two idle seconds, kafka-producer-perf-test (records of 1 KB, acks=all,
batches of 64 KB), kafka-consumer-perf-test on the same records, single produce requests one after the
other, each waited for, and what `scripts/bench groups` does: ten of the Java client's consumers join a
group, one leaves, one dies; then, at a broker that delays groups as it does by itself, ten join once more.
Median, least and largest of the rounds; the ratio is Odradek's median by Apache Kafka's. Brokers have their
own settings, but for those of `scripts/bench groups`; Apache Kafka and its tools run with the JVM's options
of its own scripts.
"""

from __future__ import annotations

import argparse
import os
import pathlib
import platform
import re
import socket
import statistics
import subprocess
import time
from collections.abc import Callable
from typing import NamedTuple

from beside.kafka import (
    GROUP_PROTOCOLS,
    GROUP_STEPS,
    HEARTBEATS,
    NAMES,
    OWN_DELAYS,
    WITHOUT_DELAYS,
    Broker,
    apache_kafka,
    group_rounds,
    running,
    spread,
)

TOPIC = "measured"
RECORD_BYTES = 1_000
SINGLE_REQUESTS = 2_000
PRODUCER = ["acks=all", "batch.size=65536", "linger.ms=5"]


class Figure(NamedTuple):
    """A row of the table: what is measured, with how many digits it is shown."""

    name: str
    digits: int


READY = Figure("time to ready, s", 2)
MEMORY = Figure("idle memory, MB", 0)
PRODUCE = Figure("produce, MB/s", 1)
PRODUCE_CPU = Figure("produce, broker CPU s a GB", 2)
CONSUME = Figure("consume, MB/s", 1)
CONSUME_CPU = Figure("consume, broker CPU s a GB", 2)
SINGLE_P50 = Figure("single produce, p50 ms", 3)
SINGLE_P99 = Figure("single produce, p99 ms", 3)
GROUPS = {
    protocol: [Figure(f"{step}, {protocol}, s", 2) for step in GROUP_STEPS] for protocol in GROUP_PROTOCOLS
}
DELAYED = {protocol: Figure(f"ten join, {protocol}, own delays, s", 2) for protocol in GROUP_PROTOCOLS}

Row = dict[Figure, float]


def main() -> None:
    parser = argparse.ArgumentParser(description="Odradek and Apache Kafka side by side.")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--megabytes", type=int, default=200, help="records produced in a round (200)")
    parser.add_argument("--write", type=pathlib.Path, metavar="FILE", help="write the page, too")
    options = parser.parse_args()
    rows: dict[str, list[Row]] = {name: [] for name in NAMES}
    begin = time.monotonic()
    for number in range(options.rounds):
        for name in NAMES:
            with running(name, (*HEARTBEATS, *WITHOUT_DELAYS)) as broker:
                row = measure(broker, options.megabytes)
            with running(name, (*HEARTBEATS, *OWN_DELAYS[name])) as broker:
                rows[name].append(row | measure_delayed(broker))
            print(f"round {number + 1} of {options.rounds}, {name}: done", flush=True)
    lines = table(rows)
    print("\n".join(lines))
    if options.write is not None:
        options.write.write_text(page(lines, options, time.monotonic() - begin))


def measure(broker: Broker, megabytes: int) -> Row:
    """All figures of one fresh broker."""
    time.sleep(2)
    row = {READY: broker.ready_s, MEMORY: broker.usage().memory_mb}
    records = megabytes * 1_000_000 // RECORD_BYTES
    row[PRODUCE], row[PRODUCE_CPU] = costed(broker, megabytes, lambda: produce(broker.address, records))
    row[CONSUME], row[CONSUME_CPU] = costed(broker, megabytes, lambda: consume(broker.address, records))
    times = sorted(single_requests(broker.address))
    row[SINGLE_P50], row[SINGLE_P99] = times[len(times) // 2], times[len(times) * 99 // 100]
    for protocol, figures in GROUPS.items():
        (seconds,) = group_rounds(broker.address, protocol, 1)
        row.update(zip(figures, seconds, strict=True))
    return row


def measure_delayed(broker: Broker) -> Row:
    """How long ten members take to join where the broker waits for more of them, if that is its way."""
    return {
        figure: group_rounds(broker.address, protocol, 1)[0][GROUP_STEPS.index("ten join")]
        for protocol, figure in DELAYED.items()
    }


def costed(broker: Broker, megabytes: int, work: Callable[[], float]) -> tuple[float, float]:
    """What `work` returns, and the processor seconds a GB that the broker spent on it meanwhile."""
    before = broker.usage().cpu_s
    result = work()
    return result, (broker.usage().cpu_s - before) / megabytes * 1_000


def produce(address: str, records: int) -> float:
    """MB a second of kafka-producer-perf-test."""
    arguments = ["--topic", TOPIC, "--num-records", str(records), "--record-size", str(RECORD_BYTES)]
    settings = ["--producer-props", f"bootstrap.servers={address}", *PRODUCER]
    output = run("kafka-producer-perf-test", *arguments, "--throughput", "-1", *settings)
    found = re.findall(r"^\d+ records sent, ([\d.]+) records/sec", output, re.MULTILINE)
    return float(found[-1]) * RECORD_BYTES / 1e6


def consume(address: str, records: int) -> float:
    """MB a second of kafka-consumer-perf-test, from its first fetch on."""
    arguments = ["--bootstrap-server", address, "--topic", TOPIC, "--timeout", "60000"]
    names, values = run("kafka-consumer-perf-test", *arguments, "--num-records", str(records)).splitlines()[
        -2:
    ]
    row = dict(zip(names.split(", "), values.split(", "), strict=True))
    return float(row["fetch.nMsg.sec"]) * RECORD_BYTES / 1e6


def run(tool: str, *arguments: str) -> str:
    """What one of Kafka's tools prints."""
    jvm = apache_kafka.KAFKAS_JVM
    command = apache_kafka.tool(apache_kafka.DEFAULT_VERSION, tool, *arguments, jvm=jvm)
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300)
    if done.returncode != 0:
        raise SystemExit(f"{tool} did not succeed: {done.stdout}{done.stderr}")
    return done.stdout


def single_requests(address: str) -> list[float]:
    """Milliseconds of each of many produce requests, one after the other; acks=all, a record of 100 bytes."""
    from odradek.protocol.framing import RequestHeader, read_response, write_request
    from odradek.protocol.messages import produce
    from odradek.protocol.record_batch import Record, build_batch

    batch = build_batch([Record(0, int(time.time() * 1000), None, bytes(100))])
    data = [produce.REQUEST_PARTITION(index=0, records=batch)]
    topics = [produce.REQUEST_TOPIC(name=TOPIC, partition_data=data)]
    header = RequestHeader(api_key=0, api_version=9, correlation_id=1, client_id="bench")
    request = write_request(header, produce.REQUEST(acks=-1, timeout_ms=30_000, topic_data=topics))
    host, _, port = address.rpartition(":")
    times = []
    with socket.create_connection((host, int(port))) as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for _ in range(SINGLE_REQUESTS):
            begin = time.perf_counter()
            sock.sendall(request)
            answer = sock.recv(4096)
            times.append((time.perf_counter() - begin) * 1_000)
    if read_response(0, 9, memoryview(answer)[4:])[1].responses[0].partition_responses[0].error_code:
        raise SystemExit("single produce requests are refused")
    return times[SINGLE_REQUESTS // 10 :]  # the first ones warm up


def table(rows: dict[str, list[Row]]) -> list[str]:
    """The figures, as a Markdown table."""
    lines = ["| | Odradek | Apache Kafka | ratio |", "|---|---|---|---|"]
    for figure in rows["Odradek"][0]:
        ours, theirs = ([row[figure] for row in rows[name]] for name in NAMES)
        ratio = statistics.median(ours) / statistics.median(theirs)
        cells = [figure.name, spread(ours, figure.digits), spread(theirs, figure.digits), f"{ratio:.2f}"]
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def page(lines: list[str], options: argparse.Namespace, seconds: float) -> str:
    """docs/performance.md."""
    processor = re.search(r"model name\s*: (.*)", pathlib.Path("/proc/cpuinfo").read_text())
    return PAGE.format(
        rounds=options.rounds,
        seconds=seconds,
        day=time.strftime("%Y-%m-%d"),
        kafka=apache_kafka.DEFAULT_VERSION,
        processors=os.cpu_count(),
        machine=processor[1] if processor is not None else platform.machine(),
        python=platform.python_version(),
        megabytes=options.megabytes,
        table="\n".join(lines),
    )


PAGE = """# Performance, beside Apache Kafka

One run of `scripts/bench versus-kafka --rounds {rounds}`, {seconds:.0f} s, on {day}: Apache Kafka {kafka} and
Odradek in turns, on {processors} processors ({machine}), Python {python}. Each figure is the median of the
rounds, with the least and the largest in brackets. Figures of one run compare with each other, not with those
of other runs or machines.

{table}

The brokers are started anew for each round, with the settings they come with, except that members beat every
500 ms, and that groups do not wait on purpose (`group.initial.rebalance.delay.ms=0`,
`group.consumer.assignment.interval.ms=0`) but in the last two rows. Apache Kafka and its tools run with the
JVM's options of its own start scripts.

- Time to ready: from the launch to the ready line, or to the first answer to ApiVersions.
- Idle memory: what is resident two seconds later.
- Produce and consume: kafka-producer-perf-test (acks=all, batches of 64 KB) and kafka-consumer-perf-test on
  {megabytes} MB in records of 1 KB in one partition, and the processor time that the broker spent meanwhile.
- Single produce: requests with one record of 100 bytes and acks=all, each sent when the last is answered.
- Ten join, one leaves, one dies: Java consumers on a hundred partitions, with the classic protocol and with
  that of KIP-848, until every partition has one owner. Members learn of changes by their next heartbeat, up
  to 500 ms later, and one that dies counts as a member until its session of 6 s is over: neither is the
  broker's to shorten.
- Own delays: Apache Kafka waits 3 s for the first members of a classic group, and 1 s between two assignments
  of a consumer group. Odradek, made for tests, waits for neither: members that come within 10 ms of each
  other are taken in together.
"""


if __name__ == "__main__":
    main()
