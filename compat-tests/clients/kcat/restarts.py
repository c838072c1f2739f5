"""kcat: the broker stops, starts again, and is killed."""

from __future__ import annotations

import subprocess

from harness import ask_broker, check_exactly_once, expect_equal, fresh, numbered, wait_until
from tool import GROUP, Member, command, fill, kcat, lines, make_topics, read_by, send, shared, values


def restart(how: str) -> None:
    ask_broker(how)
    ask_broker("start")


def restart_resume(bootstrap: str) -> None:
    topic, group = fresh("topic"), fresh("group")
    for run in range(3):
        fill(bootstrap, topic, 100, run * 100)
        found = kcat(bootstrap, "-G", group, "-c", "100", "-q", topic, settings=GROUP).splitlines()
        expect_equal(found, [value for _, value in numbered(100, run * 100)], f"records of run {run}")
        restart("stop" if run == 0 else "kill")


def kill_produce(bootstrap: str) -> None:
    produce(bootstrap, 200_000, kills=5)


def produce_retry(bootstrap: str) -> None:
    produce(bootstrap, 50_000, kills=0)


def produce(bootstrap: str, count: int, kills: int) -> None:
    """So many idempotent records; the broker is killed so many times on the way."""
    topic = fresh("topic")
    settings = (
        "enable.idempotence=true",
        "queue.buffering.max.messages=20000",
        "reconnect.backoff.max.ms=500",
    )
    producer = subprocess.Popen(
        command(bootstrap, "-P", "-E", "-t", topic, "-K", ":", settings=settings), stdin=subprocess.PIPE
    )
    assert producer.stdin is not None
    part = count // (kills + 1)
    for number in range(kills + 1):
        producer.stdin.write(lines(numbered(part, number * part)))
        if number < kills:
            restart("kill")
    producer.stdin.write(lines(numbered(count - part * (kills + 1), part * (kills + 1))))
    producer.stdin.close()
    expect_equal(producer.wait(120), 0, "exit code")
    check_exactly_once(values(bootstrap, topic), count)


def kill_consume(bootstrap: str) -> None:
    topic, group = fresh("topic"), fresh("group")
    fill(bootstrap, topic, 500)
    member = Member(bootstrap, group, [topic])
    for kill in range(3):
        before = kill * 500 + 250
        wait_until(lambda before=before: len(member.seen) >= before, f"{before} records", 45)
        restart("kill")
        fill(bootstrap, topic, 500, (kill + 1) * 500)
    wanted = {value.decode() for _, value in numbered(2000)}
    wait_until(lambda: set(member.seen) == wanted, "every record is read", 90)
    member.leave()  # it commits
    fill(bootstrap, topic, 1, 2000)
    second = kcat(bootstrap, "-G", group, "-c", "1", "-q", topic, settings=GROUP)
    expect_equal(second, b"value-2000\n", "first record of a second run")


def kill_rebalance(bootstrap: str) -> None:
    topics, group = make_topics(bootstrap, 6), fresh("group")
    members = [Member(bootstrap, group, topics, supervised=True)]
    shared(members, topics)
    for _ in range(2):
        members.append(Member(bootstrap, group, topics, supervised=True))
        restart("kill")
    shared(members, topics, 60)
    for topic in topics:
        send(bootstrap, topic, b"key:%s-later\n" % topic.encode())
    read_by(members, {*topics, *(f"{topic}-later" for topic in topics)})
    for one in members:
        one.leave()
