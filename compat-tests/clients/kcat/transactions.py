"""kcat: transactions, each of which is what one run of it is given."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence

from harness import expect, expect_equal, fresh, wait_until
from tool import SECONDS, command, lines, make_topics, send, values

COMMITTED = ("isolation.level=read_committed",)
UNCOMMITTED = ("isolation.level=read_uncommitted",)
MANY = 40_000  # records, for it reads blocks of its standard input


def named(name: str, count: int = 10) -> list[tuple[bytes, bytes]]:
    return [(b"key", b"%s-%d" % (name.encode(), number)) for number in range(count)]


class Open:
    """A transaction that has begun and is written to, and is not committed before its standard input ends."""

    def __init__(self, bootstrap: str, topic: str, transactional_id: str, *settings: str) -> None:
        settings = (f"transactional.id={transactional_id}", *settings)
        self._process = subprocess.Popen(
            command(bootstrap, "-P", "-t", topic, "-K", ":", settings=settings),
            stdin=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert self._process.stdin is not None
        self._process.stdin.write(lines(named("open", MANY)))
        self._process.stdin.flush()
        wait_until(lambda: behind_the_first(bootstrap, topic, UNCOMMITTED), "records of the open transaction")

    def expect_not_committed(self) -> None:
        """Have it try, for nothing: its producer has been fenced."""
        _, stderr = self._process.communicate(timeout=SECONDS)
        expect(self._process.returncode != 0, "a transaction without a future is committed")
        expect(b"fenced" in stderr or b"old epoch" in stderr, "reason:", stderr.decode())


def behind_the_first(bootstrap: str, topic: str, isolation: Sequence[str]) -> list[bytes]:
    """The values behind the record that the topic was made with."""
    return values(bootstrap, topic, settings=isolation)[1:]


def committed(bootstrap: str, topic: str) -> list[bytes]:
    return behind_the_first(bootstrap, topic, COMMITTED)


def transactions_fenced(bootstrap: str) -> None:
    (topic,), transactional_id = make_topics(bootstrap, 1), fresh("transactional")
    first = Open(bootstrap, topic, transactional_id)
    send(bootstrap, topic, lines(named("second")), settings=[f"transactional.id={transactional_id}"])
    first.expect_not_committed()
    expect_equal(committed(bootstrap, topic), [value for _, value in named("second")], "committed records")


def transactions_timeout(bootstrap: str) -> None:
    (topic,) = make_topics(bootstrap, 1)
    slow = Open(bootstrap, topic, fresh("transactional"), "transaction.timeout.ms=3000")
    send(bootstrap, topic, lines(named("quick")), settings=[f"transactional.id={fresh('transactional')}"])
    # Readers get past the open transaction once its time is up; Apache Kafka looks every ten seconds.
    wait_until(lambda: committed(bootstrap, topic), "the records behind the open transaction", 45)
    expect_equal(committed(bootstrap, topic), [value for _, value in named("quick")], "committed records")
    slow.expect_not_committed()
