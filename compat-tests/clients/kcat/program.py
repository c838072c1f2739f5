"""kcat, the command-line tool of librdkafka, as Debian has it."""

from __future__ import annotations

import pathlib
import subprocess
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

import restarts
import transactions
from harness import (
    check_exactly_once,
    expect,
    expect_equal,
    fresh,
    main,
    numbered,
    scenarios_in,
    wait_until,
)
from tool import SECONDS, Member, command, fill, kcat, lines, make_topics, read, read_by, send, shared, values


def command_line(bootstrap: str) -> None:
    """List, describe, produce and consume."""
    (topic,) = make_topics(bootstrap, 1)
    listed = kcat(bootstrap, "-L").decode()
    expect(f'topic "{topic}" with 1 partitions' in listed, "listed", listed)
    expect(f" at {bootstrap} (controller)" in listed, "the broker is the controller", listed)
    send(bootstrap, topic, b"other:value\n", "-H", "name=text")
    (_, record) = read(bootstrap, topic)
    expect_equal((record["key"], record["payload"], record["headers"]), ("other", "value", ["name", "text"]))


def produce_codecs(bootstrap: str) -> None:
    for codec in ("none", "gzip", "snappy", "lz4", "zstd"):
        topic, records = fresh("topic"), [(key, value * 20) for key, value in numbered(500)]
        send(bootstrap, topic, lines(records), settings=[f"compression.codec={codec}"])
        found = [(one["key"].encode(), one["payload"].encode()) for one in read(bootstrap, topic)]
        expect_equal(found, records, f"records under {codec}")


def produce_acks(bootstrap: str) -> None:
    topic = fresh("topic")
    for number, acks in enumerate(("all", "1", "0")):
        send(bootstrap, topic, lines(numbered(10, number * 10)), settings=[f"topic.acks={acks}"])
    found = read(bootstrap, topic)
    expect_equal([one["offset"] for one in found], list(range(30)), "offsets")
    check_exactly_once((one["payload"].encode() for one in found), 30)


def consume_beginning(bootstrap: str) -> None:
    topic = fresh("topic")
    fill(bootstrap, topic, 2000)
    check_exactly_once((one["payload"].encode() for one in read(bootstrap, topic)), 2000)


def consume_times(bootstrap: str) -> None:
    topic = fresh("topic")
    fill(bootstrap, topic, 10)
    time.sleep(0.05)  # between two times of milliseconds
    fill(bootstrap, topic, 10, 10)
    times = [one["ts"] for one in read(bootstrap, topic)]
    expect(times[9] < times[10], "times", times)
    asked = kcat(bootstrap, "-Q", "-t", f"{topic}:0:{times[9] + 1}").decode()
    expect_equal(asked.strip(), f"{topic} [0] offset 10", "offset for a time")
    late = kcat(bootstrap, "-Q", "-t", f"{topic}:0:{times[19] + 10**6}").decode()
    expect_equal(late.strip(), f"{topic} [0] offset -1", "offset behind the end")
    values = kcat(bootstrap, "-C", "-t", topic, "-o", f"s@{times[9] + 1}", "-e", "-q").splitlines()
    expect_equal(values, [value for _, value in numbered(10, 10)], "from a time on")


def consume_long_poll(bootstrap: str) -> None:
    (topic,) = make_topics(bootstrap, 1)
    threading.Timer(1, lambda: send(bootstrap, topic, b"key:now\n")).start()
    begin = time.monotonic()
    value = kcat(
        bootstrap,
        *("-C", "-t", topic, "-o", "1", "-c", "1", "-q"),
        settings=["fetch.wait.max.ms=20000", "socket.timeout.ms=60000"],
    )
    expect_equal(value, b"now\n", "record")
    expect(0.9 < time.monotonic() - begin < 10, "the fetch waited on though there was a record")


def errors_offset(bootstrap: str) -> None:
    topic = fresh("topic")
    fill(bootstrap, topic, 10)
    behind = ("-C", "-t", topic, "-p", "0", "-o", "1000", "-q")
    strict = command(bootstrap, *behind, settings=["topic.auto.offset.reset=error"])
    done = subprocess.run(strict, capture_output=True, text=True, timeout=SECONDS, check=False)
    expect(done.returncode != 0 and "Offset out of range" in done.stderr, "error", done.stderr)
    lenient = kcat(bootstrap, *behind, "-c", "10", settings=["topic.auto.offset.reset=earliest"])
    check_exactly_once(lenient.splitlines(), 10)


def group_members(bootstrap: str) -> None:
    topics, group = make_topics(bootstrap, 6), fresh("group")
    members = [Member(bootstrap, group, topics)]
    shared(members, topics)
    members += [Member(bootstrap, group, topics), Member(bootstrap, group, topics)]
    everybody = list(members)
    shared(members, topics)
    # What kcat gets in the tenth of a second before it ends it commits and does not print.
    read_by(everybody, {*topics})
    members.pop().leave()
    shared(members, topics)
    members.pop().die()
    shared(members, topics)
    for topic in topics:
        send(bootstrap, topic, b"key:%s-later\n" % topic.encode())
    read_by(everybody, {*topics, *(f"{topic}-later" for topic in topics)})
    members[0].leave()


def group_round_robin(bootstrap: str) -> None:
    topics, group = make_topics(bootstrap, 6), fresh("group")
    members = [Member(bootstrap, group, topics), Member(bootstrap, group, topics)]
    shared(members, topics)
    expect_equal([len(one.owned) for one in members], [3, 3], "topics each")  # by range: 6 and 0
    for one in members:
        one.leave()


def consume_rack(bootstrap: str) -> None:
    """A consumer, and members of a group, tell their rack, and read from the only replica."""
    topics, group = make_topics(bootstrap, 6), fresh("group")
    expect_equal(values(bootstrap, topics[0], ["client.rack=rack-1"]), [topics[0].encode()], "records")
    members = [Member(bootstrap, group, topics, f"client.rack=rack-{number}") for number in (1, 2)]
    shared(members, topics)
    read_by(members, {*topics})
    for one in members:
        one.leave()


def old_formats(bootstrap: str) -> None:
    """Clients as they were write and read beside one of today: the message formats 0 and 1."""
    for version, codecs, has_time in (
        ("0.8.2", ("none", "gzip", "snappy"), False),
        ("0.10.0", ("none", "gzip", "snappy", "lz4"), True),
    ):
        old = ["api.version.request=false", f"broker.version.fallback={version}"]
        for codec in codecs:
            (topic,), compressed = make_topics(bootstrap, 1), f"compression.codec={codec}"
            send(bootstrap, topic, lines(numbered(100)), settings=[*old, compressed])
            send(bootstrap, topic, lines(numbered(100, 100)), settings=[compressed])
            for reader in ([], old):
                check_exactly_once(values(bootstrap, topic, reader)[1:], 200)
            found = read(bootstrap, topic)[1:101]
            expect_equal([one["ts"] > 0 for one in found], [has_time] * 100, "timestamps of old records")


def consume_pattern(bootstrap: str) -> None:
    prefix = fresh("pattern")
    first, other, later = f"{prefix}-first", f"other-{prefix}", f"{prefix}-later"
    for topic in (first, other):
        fill(bootstrap, topic, 10)
    member = Member(bootstrap, fresh("group"), [f"^{prefix}-.*"], "topic.metadata.refresh.interval.ms=500")
    wait_until(lambda: len(member.seen) == 10, "the first topic's records")
    fill(bootstrap, later, 10, 10)
    wait_until(lambda: len(member.seen) >= 20, "the later topic's records")
    check_exactly_once((value.encode() for value in member.seen), 20)
    expect_equal(member.owned, {first, later}, "topics")
    member.leave()


def group_cooperative(bootstrap: str) -> None:
    topics, group = make_topics(bootstrap, 6), fresh("group")
    strategy = "partition.assignment.strategy=cooperative-sticky"
    first = Member(bootstrap, group, topics, strategy)
    shared([first], topics)
    second = Member(bootstrap, group, topics, strategy)
    shared([first, second], topics)
    expect_equal(set().union(*first.revoked), second.owned, "given back by the first")
    for one in (first, second):
        one.leave()


def group_static(bootstrap: str) -> None:
    topics, group = make_topics(bootstrap, 6), fresh("group")
    settled = Member(bootstrap, group, topics, "group.instance.id=settled")
    moving = Member(bootstrap, group, topics, "group.instance.id=moving")
    shared([settled, moving], topics)
    owned, noticed = moving.owned, len(settled.revoked)
    moving.leave()  # which a static member does not tell
    back = Member(bootstrap, group, topics, "group.instance.id=moving")
    shared([settled, back], topics)
    expect_equal(back.owned, owned, "topics of the member that came back")
    expect_equal(len(settled.revoked), noticed, "how often the other gave something back")
    for one in (settled, back):
        one.leave()


DEFAULTS = "its topics come into being with the broker's defaults"
SCENARIOS = {
    **scenarios_in(restarts, transactions),
    **dict.fromkeys(
        (
            "admin-topics",
            "admin-partitions",
            "admin-configs",
            "admin-alter-configs",
            "admin-dynamic-configs",
            "admin-delete-records",
            "admin-log-dirs",
            "admin-groups",
            "errors-unknown-topic",
        ),
        "it lists topics, and administers nothing",
    ),
    **dict.fromkeys(
        ("transactions", "consume-transform-produce", "kill-transactions"), "its transactions hold no offsets"
    ),
    **dict.fromkeys(("produce-append-time", "produce-too-large", "consume-large"), DEFAULTS),
    "consume-seek": "it does not seek",
    "command-line": command_line,
    "produce-codecs": produce_codecs,
    "produce-acks": produce_acks,
    "consume-beginning": consume_beginning,
    "consume-times": consume_times,
    "consume-long-poll": consume_long_poll,
    "consume-pattern": consume_pattern,
    "consume-rack": consume_rack,
    "old-formats": old_formats,
    "errors-offset": errors_offset,
    "group-members": group_members,
    "group-round-robin": group_round_robin,
    "group-cooperative": group_cooperative,
    "group-static": group_static,
    "produce-shapes": "it sets no timestamps",
    "group-commit": "it commits no metadata",
    "admin-cluster": "it does not tell the cluster's id",
}

if __name__ == "__main__":
    main(SCENARIOS)
