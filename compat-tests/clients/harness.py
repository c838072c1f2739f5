"""What the Python clients' programs share: how a scenario is found, run and answered. Standard library."""

from __future__ import annotations

import asyncio
import itertools
import json
import multiprocessing
import os
import socket
import sys
import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import ModuleType
from typing import Any

Scenario = Callable[[str], Any]  # given the broker's address; may be a coroutine function


class NotInThisClient(Exception):
    """The client's API can't do what the scenario asks for; the text says what is missing."""


def ask_broker(action: str) -> None:
    """Have the broker killed (`kill -9`), stopped (SIGTERM) or started, and wait until that has happened."""
    print(json.dumps({"broker": action}), flush=True)
    sys.stdin.readline()


def expect(condition: object, *what: object) -> None:
    """Fail the scenario with a text unless the condition holds."""
    if not condition:
        raise AssertionError(" ".join(map(str, what)))


def expect_equal(found: object, wanted: object, what: str = "value") -> None:
    """Fail the scenario unless both are equal; the text shows both, cut to a readable length."""
    if found != wanted:
        raise AssertionError(f"{what}: found {str(found)[:400]}, wanted {str(wanted)[:400]}")


def expect_address(found: str, wanted: str) -> None:
    """Fail the scenario unless both HOST:PORT lead to the same place, by whatever name of the host."""

    def places(address: str) -> set[object]:
        host, _, port = address.rpartition(":")
        return {place[4][:2] for place in socket.getaddrinfo(host, int(port), type=socket.SOCK_STREAM)}

    expect(places(found) & places(wanted), f"address: found {found}, wanted {wanted}")


def wait_until(condition: Callable[[], object], what: str, seconds: float = 30) -> Any:
    """Ask again and again until `condition` gives something true; fail the scenario after `seconds`."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = condition()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError(f"not within {seconds} s: {what}")


def killed_when_ready(target: Callable[..., object], *arguments: object) -> None:
    """Call `target(ready, *arguments)` in a process of its own, killed when it has called `ready`."""
    own = multiprocessing.get_context("spawn")
    ready = own.Event()
    process = own.Process(target=target, args=(ready.set, *arguments), daemon=True)
    process.start()
    expect(ready.wait(60), "the process to be killed is not ready")
    process.kill()
    process.join()


RUN = os.environ.get("ODRADEK_COMPAT_RUN", "")
"""What the names of this run's topics and groups begin with, at a broker that is not the suite's own."""
_numbers = itertools.count()


def fresh(kind: str) -> str:
    """A name that no other cell uses."""
    return f"{RUN}{kind}-{os.getpid()}-{time.time_ns() % 10**9}-{next(_numbers)}"


def numbered(count: int, start: int = 0) -> Iterator[tuple[bytes, bytes]]:
    """Keys and values that tell their own place."""
    for number in range(start, start + count):
        yield b"key-%d" % (number % 97), b"value-%d" % number


def kill_places(count: int, kills: int) -> set[int]:
    """Behind which of `count` records the broker is killed: spread evenly, none at an end."""
    return {count * (2 * kill + 1) // (2 * kills + 2) for kill in range(kills)}


def check_exactly_once(values: Iterable[bytes], count: int) -> None:
    """One partition's values must be `value-0` to `value-(count-1)`, in order, each once."""
    expected = 0
    for value in values:
        number = int(value.rpartition(b"-")[2])
        expect(number >= expected, f"value {number} again (or late): next was to be {expected}")
        expect(number == expected, f"values {expected} to {number - 1} were acknowledged and are not there")
        expected += 1
    expect_equal(expected, count, "records in all")


def scenarios_in(*modules: ModuleType) -> dict[str, Scenario | str]:
    """The modules' functions by the names that scenarios have: `group_commit` does `group-commit`."""
    return {
        name.replace("_", "-"): value
        for module in modules
        for name, value in vars(module).items()
        if callable(value)
    }


def main(scenarios: Mapping[str, Scenario | str]) -> None:
    """Run the scenario that the command line names, and print its result.

    A text in the place of a scenario says why the client can't do it.
    """
    name, bootstrap = sys.argv[1:3]
    outcome, detail = "passed", ""
    try:
        scenario = scenarios.get(name)
        if isinstance(scenario, str):
            raise NotInThisClient(scenario)
        if scenario is None:
            outcome, detail = "not written", "nobody has written it for this client yet"
        else:
            running = scenario(bootstrap)
            if asyncio.iscoroutine(running):
                asyncio.run(running)
    except NotInThisClient as missing:
        outcome, detail = "not in this client", str(missing)
    except BaseException:
        outcome, detail = "failed", traceback.format_exc(limit=-6)
    print(json.dumps({"outcome": outcome, "detail": detail}), flush=True)
    os._exit(0)  # a client's background threads must not keep the cell waiting
