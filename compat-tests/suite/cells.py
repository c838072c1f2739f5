"""A cell: one client's program doing one scenario against one broker.

A program is called `program SCENARIO BOOTSTRAP` and speaks in lines of JSON on stdout. `{"broker": "kill"}`
(or "stop", "start") asks for that to be done to its broker; the answer is one line on stdin. Where a scenario
has more `brokers`, the addresses of the others follow; nothing is done to those. The last line is
`{"outcome": "passed" | "failed" | "not in this client" | "not written", "detail": "..."}`: not in this client
is what its API lacks, with the reason in the detail; not written is what nobody has made the program do.
"""

from __future__ import annotations

import collections
import contextlib
import dataclasses
import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from .brokers import Broker, BrokerError
from .watchdog import Watchdog

PASSED, FAILED, SKIPPED = "passed", "failed", "skipped"
NOT_IN_THIS_CLIENT, NOT_WRITTEN, NOT_YET = "not in this client", "not written", "not yet"
OUTCOMES = (PASSED, FAILED, NOT_YET, NOT_WRITTEN, NOT_IN_THIS_CLIENT, SKIPPED)
SECONDS = 120  # a scenario's time, unless it says otherwise

_running: set[int] = set()  # process groups of programs


@dataclasses.dataclass
class Cell:
    """One client's answer to one scenario: outcome, the reason where it is not green, seconds taken."""

    client: str
    scenario: str
    outcome: str
    detail: str = ""
    seconds: float = 0


def run(
    client: str,
    command: list[str],
    scenario: str,
    about: dict[str, Any],
    broker: Broker,
    variables: Mapping[str, str] = MappingProxyType({}),
    others: Sequence[Broker] = (),
) -> Cell:
    """Run one program to its end, within the scenario's time, of which what its broker takes to stop and to
    start is no part; `variables` are added to its environment. What the broker is known not to do yet
    (`not_yet` in the scenario's entry) is named so when it fails."""
    begin, limit = time.monotonic(), about.get("seconds", SECONDS)
    process = subprocess.Popen(
        [*command, scenario, broker.address, *(other.address for other in others)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        env={**os.environ, **variables},
        start_new_session=True,  # its own children are ended with it
    )
    printed: collections.deque[str] = collections.deque(maxlen=60)
    with _watched(process, limit, printed) as watchdog:
        try:
            result = _converse(process, broker, watchdog)
        except BrokerError as problem:
            result = {"outcome": FAILED, "detail": str(problem)}
    seconds = time.monotonic() - begin
    outcome, detail = _checked(result)
    if outcome == FAILED:
        late = f"; ended after {limit} s" if watchdog.late else ""
        detail = (
            f"{detail}{late}\n{''.join(printed)[-3000:]}{''.join(one.log() for one in (broker, *others))}"
        )
        if "not_yet" in about and broker.ours:
            outcome, detail = NOT_YET, about["not_yet"]
    return Cell(client, scenario, outcome, detail, seconds)


def _checked(result: dict[str, str]) -> tuple[str, str]:
    """Outcome and detail of a result line; failed where it breaks the rules for them."""
    outcome, detail = result["outcome"], result.get("detail", "")
    if outcome not in (PASSED, FAILED, NOT_IN_THIS_CLIENT, NOT_WRITTEN):
        return FAILED, f"the program has an outcome of its own: {outcome}"
    if outcome == NOT_IN_THIS_CLIENT and not detail:
        return FAILED, "not in this client, says the program, and not why"
    return outcome, detail


def _converse(process: subprocess.Popen[str], broker: Broker, watchdog: Watchdog) -> dict[str, str]:
    """Serve the program's wishes until it ends; return its result line."""
    assert process.stdin is not None
    assert process.stdout is not None
    result = {"outcome": FAILED, "detail": "the program gave no result"}
    for line in process.stdout:
        try:
            said = json.loads(line)
        except ValueError:
            continue  # what a client library prints by itself
        if not isinstance(said, dict):
            continue
        if "broker" in said:
            with watchdog.held():
                broker.do(said["broker"])
            with contextlib.suppress(BrokenPipeError):  # it has died meanwhile: its last words tell
                process.stdin.write("done\n")
                process.stdin.flush()
        elif "outcome" in said:
            result = said
    return result


@contextlib.contextmanager
def _watched(
    process: subprocess.Popen[str], limit: float, printed: collections.deque[str]
) -> Iterator[Watchdog]:
    """Collect what the process writes to stderr; kill it and its children after `limit` seconds, or when it
    does not end by itself soon after its result."""

    assert process.stderr is not None
    _running.add(process.pid)
    reader = threading.Thread(target=printed.extend, args=(process.stderr,))
    reader.start()
    watchdog = Watchdog(limit, lambda: _kill(process.pid))
    try:
        yield watchdog
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(10)
    finally:
        watchdog.stop()
        _kill(process.pid)
        _running.discard(process.pid)
        process.wait()
        reader.join()
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()


def end_programs() -> None:
    """End all programs that are running, with their children; their cells have failed."""
    for group in tuple(_running):
        _kill(group)


def _kill(group: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)
