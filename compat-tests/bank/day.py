"""A day at the bank: tellers of a stock client carry out orders while lines are cut, the broker is killed,
and tellers are killed and doubled.
"""

from __future__ import annotations

import random
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, NamedTuple

import brokers
from cutting_proxy import CuttingProxy
from ledger import Books, BooksDiffer, Entry

TELLERS = 2
ORDERS_AT_A_TIME = 60
ORDERS_FOR_A_WHILE = 400
EVENTS_BETWEEN_AUDITS = 20  # after so many events the tellers may catch up, and everything is compared
CATCH_UP_S = 90
WORK_WITHIN_S = 10  # by then the tellers that are left have found out who is gone
# So that the partitions of a killed teller are taken over in seconds, as with the classic protocol.
SETTINGS = {
    "group.consumer.session.timeout.ms": 6_000,
    "group.consumer.min.session.timeout.ms": 1_000,
    "group.consumer.heartbeat.interval.ms": 500,
    "group.consumer.min.heartbeat.interval.ms": 500,
}


class Plan(NamedTuple):
    """How often what happens."""

    cuts: int
    broker_kills: int
    teller_kills: int
    doubles: int  # a second teller with the same transactional id

    def events(self, chance: random.Random) -> list[str]:
        """All of it, in a random sequence."""
        events = [name for name, count in self._asdict().items() for _ in range(count)]
        chance.shuffle(events)
        return events


class Tellers:
    """The processes. `command` runs the client's program; tellers get to the broker through `address`."""

    def __init__(self, command: list[str], address: str, protocol: str, log: IO[bytes]) -> None:
        self._command = command
        self._address = address
        self._protocol = protocol
        self._log = log
        self._processes = [self._start(number) for number in range(TELLERS)]

    def _start(self, number: int) -> subprocess.Popen[bytes]:
        command = [*self._command, "teller", self._address, f"teller-{number}", self._protocol]
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=self._log, stderr=self._log)

    def kill(self, number: int) -> None:
        """`kill -9`, and another takes the place."""
        self._end(number)
        self._processes[number] = self._start(number)

    def double(self, number: int) -> None:
        """Another begins with the same transactional id while this one stands still, in the midst of a
        transaction or not. Then it goes on as if nothing had happened, and both are there for a while.
        """
        first = self._processes[number]
        first.send_signal(signal.SIGSTOP)
        second = self._start(number)
        time.sleep(1)
        first.send_signal(signal.SIGCONT)
        time.sleep(4)
        self._end(number)
        self._processes[number] = second

    def _end(self, number: int) -> None:
        process = self._processes[number]
        if process.poll() is not None:
            raise BooksDiffer(f"teller {number} has ended by itself")
        process.kill()
        process.wait()

    def close(self) -> None:
        """End all."""
        for process in self._processes:
            process.kill()
            process.wait()


class Day:
    """One run. Everything random comes from `seed`, except when what happens falls together."""

    def __init__(self, command: list[str], protocol: str, plan: Plan, seed: int) -> None:
        self._command = command
        self._protocol = protocol
        self._plan = plan
        self._chance = random.Random(seed)

    def run(self) -> str:
        """All events of the plan; a line on what was seen. Raises BooksDiffer, with what tellers said."""
        begin = time.monotonic()
        with self._opened() as (proxy, broker, books, tellers):
            for number, event in enumerate(self._plan.events(self._chance), 1):
                if event == "cuts":
                    books.order(ORDERS_AT_A_TIME)
                else:
                    self._await_work(books)
                self._happen(event, proxy, broker, books, tellers)
                self._watch(books, self._chance.uniform(0.1, 0.8))
                if number % EVENTS_BETWEEN_AUDITS == 0:
                    self._catch_up(books)
            self._catch_up(books)
            books.check_offsets()
            books.check_reader(self._read(broker.address))
            return (
                f"{len(books.orders):,} orders, {books.audits:,} sums of zero, {proxy.unheard} unheard, "
                f"{time.monotonic() - begin:.0f} s; {self._plan}"
            )

    @contextmanager
    def _opened(self) -> Iterator[tuple[CuttingProxy, brokers.Odradek, Books, Tellers]]:
        proxy = CuttingProxy(self._chance)
        settings = [f"--set={name}={value}" for name, value in SETTINGS.items()]
        broker = brokers.Odradek("--advertise", proxy.address, *settings)
        proxy.upstream = broker.address
        books = Books(broker.address, self._chance)
        with tempfile.TemporaryFile() as log:
            try:
                books.open()
                tellers = Tellers(self._command, proxy.address, self._protocol, log)
                try:
                    yield proxy, broker, books, tellers
                finally:
                    tellers.close()
            except BooksDiffer as problem:
                log.seek(0)
                said = log.read()[-3000:].decode(errors="replace")
                raise BooksDiffer(
                    f"{problem}\nThe tellers said:\n{said}\nThe broker said:\n{broker.log()}"
                ) from problem
            finally:
                books.close()
                proxy.close()
                broker.close()

    def _happen(
        self, event: str, proxy: CuttingProxy, broker: brokers.Odradek, books: Books, tellers: Tellers
    ) -> None:
        if event == "cuts":
            while not proxy.cut():
                time.sleep(0.05)
        elif event == "broker_kills":
            broker.kill()
            broker.start()
            books.reconnect()
        elif event == "teller_kills":
            tellers.kill(self._chance.randrange(TELLERS))
        else:
            tellers.double(self._chance.randrange(TELLERS))

    def _await_work(self, books: Books) -> None:
        """Let what happens next fall into the midst of transactions: soon after the first of many."""
        books.order(ORDERS_FOR_A_WHILE)
        before, end = books.missing, time.monotonic() + WORK_WITHIN_S
        while books.missing == before and time.monotonic() < end:
            books.audit()
            time.sleep(0.02)
        self._watch(books, self._chance.uniform(0, 0.3))

    def _watch(self, books: Books, seconds: float) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            books.audit()
            time.sleep(0.02)

    def _catch_up(self, books: Books) -> None:
        end = time.monotonic() + CATCH_UP_S
        while not books.audit() or books.missing > 0:
            if time.monotonic() > end:
                raise BooksDiffer(f"{books.missing} entries are not there after {CATCH_UP_S} s")
            time.sleep(0.05)
        books.check()

    def _read(self, address: str) -> list[Entry]:
        command = [*self._command, "reader", address]
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
        entries = []
        for line in done.stdout.splitlines():
            partition, offset, key, value = line.split()
            entries.append(Entry.of(int(partition), int(offset), key, value))
        return entries
