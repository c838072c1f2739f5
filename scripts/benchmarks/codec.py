"""Microseconds a message: generated functions, construct's `compile()`, interpreted construct, in one run.

    scripts/bench codec [--rounds 7]

All three come from the same layout and make the same values, which is checked before anything is measured.
They take turns, and the quickest of the rounds counts: what other processes take from the machine only adds.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from timeit import Timer
from typing import Any

from odradek.protocol.framing import RequestHeader, read_request, write_request, write_response
from odradek.protocol.messages import fetch, metadata, offset_commit, produce
from odradek.protocol.schema import Message

MEASURE_SECONDS = 0.02


def cases() -> list[tuple[str, Message, int, Any]]:
    """Messages of everyday traffic: what they are, the message, its version and a value."""
    batch = bytes(200)
    partition = produce.REQUEST_PARTITION(index=0, records=batch)
    one = produce.REQUEST(
        acks=-1,
        timeout_ms=30_000,
        topic_data=[produce.REQUEST_TOPIC(name="flights", partition_data=[partition])],
    )
    wanted = [
        fetch.REQUEST_PARTITION(partition=n, fetch_offset=1000, partition_max_bytes=2**20) for n in range(6)
    ]
    poll = fetch.REQUEST(
        max_wait_ms=500, min_bytes=1, topics=[fetch.REQUEST_TOPIC(topic="flights", partitions=wanted)]
    )
    found = fetch.RESPONSE_PARTITION(high_watermark=1001, last_stable_offset=1001, records=batch)
    answer = fetch.RESPONSE(responses=[fetch.RESPONSE_TOPIC(topic="flights", partitions=[found])])
    partitions = [
        metadata.RESPONSE_PARTITION(partition_index=n, leader_id=1, replica_nodes=[1], isr_nodes=[1])
        for n in range(3)
    ]
    topics = [metadata.RESPONSE_TOPIC(name=f"topic-{n}", partitions=partitions) for n in range(10)]
    cluster = metadata.RESPONSE(
        brokers=[metadata.BROKER(node_id=1, host="127.0.0.1", port=9092)],
        cluster_id="a cluster",
        topics=topics,
    )
    commit = offset_commit.REQUEST(
        group_id="billing",
        member_id="consumer-1",
        topics=[
            offset_commit.REQUEST_TOPIC(
                name="flights",
                partitions=[offset_commit.REQUEST_PARTITION(partition_index=0, committed_offset=5)],
            )
        ],
    )
    return [
        ("Produce request, one partition", produce.REQUEST, 9, one),
        ("Produce request, one partition", produce.REQUEST, 3, one),
        ("Fetch request, six partitions", fetch.REQUEST, 12, poll),
        ("Fetch response, one partition", fetch.RESPONSE, 12, answer),
        ("Metadata response, ten topics", metadata.RESPONSE, 9, cluster),
        ("OffsetCommit request", offset_commit.REQUEST, 8, commit),
    ]


def quickest(rounds: int, *calls: Callable[[], Any]) -> list[float]:
    """Microseconds of each call, the least of the rounds in which they take turns."""
    timers = [Timer(call) for call in calls]
    numbers = [max(1, round(MEASURE_SECONDS / min(timer.repeat(3, 1)))) for timer in timers]
    best = [float("inf")] * len(timers)
    for _ in range(rounds):
        for index, (timer, number) in enumerate(zip(timers, numbers, strict=True)):
            best[index] = min(best[index], timer.timeit(number) / number * 1e6)
    return best


def main() -> None:
    parser = argparse.ArgumentParser(description="Microseconds a message of three codecs from one schema.")
    parser.add_argument("--rounds", type=int, default=7)
    rounds = parser.parse_args().rounds
    print(f"Python {sys.version.split()[0]}, quickest of {rounds} rounds, microseconds a message\n")
    print(f"{'':38}{'generated':>10}{'compiled':>10}{'interpreted':>12}   generated is quicker")
    for title, message, version, value in cases():
        data = message.write(value, version)
        frame, schema = memoryview(bytearray(data)), message.construct(version)
        compiled = schema.compile()
        if not schema.parse(data) == compiled.parse(data) == message.read(data, version):
            sys.exit(f"the codecs disagree on {title} v{version}")
        figures = quickest(
            rounds,
            lambda: message.read(frame, version),  # noqa: B023  (called within the round)
            lambda: compiled.parse(data),  # noqa: B023
            lambda: schema.parse(data),  # noqa: B023
        )
        report(f"read  {title} v{version}", figures)
        writing = quickest(
            rounds,
            lambda: message.write(value, version),  # noqa: B023
            lambda: schema.build(value),  # noqa: B023
        )
        report(f"write {title} v{version}", [writing[0], None, writing[1]])
    whole_frames(rounds)


def report(title: str, figures: list[float | None]) -> None:
    """One line: the figures, and how many times quicker the first is than the others."""
    generated, compiled, interpreted = figures
    assert generated is not None
    columns = "".join(
        f"{'' if figure is None else f'{figure:.1f}':>{width}}"
        for figure, width in zip(figures, (8, 10, 12), strict=True)
    )
    times = " and ".join(
        f"{figure / generated:.0f}x" for figure in (compiled, interpreted) if figure is not None
    )
    print(f"{title:40}{columns}   {times}")


def whole_frames(rounds: int) -> None:
    """What a produce costs the broker at both ends of its handler: header and all."""
    _, message, version, value = cases()[0]
    header = RequestHeader(api_key=0, api_version=version, correlation_id=1, client_id="producer-1")
    frame = memoryview(bytearray(write_request(header, value)[4:]))
    answer = produce.RESPONSE(
        responses=[
            produce.RESPONSE_TOPIC(name="flights", partition_responses=[produce.RESPONSE_PARTITION(index=0)])
        ]
    )
    reading, writing = quickest(
        rounds, lambda: read_request(frame), lambda: write_response(message.api_key, version, 1, answer)
    )
    print(f"\nread_request, {message.name} v{version} with its header: {reading:.1f}")
    print(f"write_response, its answer with header and length: {writing:.1f}")


if __name__ == "__main__":
    main()
