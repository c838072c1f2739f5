"""kaskade, a terminal interface on librdkafka: what its two commands show on a terminal."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pathlib
import pty
import select
import signal
import struct
import sys
import termios
import time
from collections.abc import Callable

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from applications import script
from confluent_kafka import Producer
from harness import expect_equal, fresh, main

ROWS, COLUMNS = 40, 160


def watch(command: list[str], shows: Callable[[str], bool], seconds: float = 40) -> None:
    """Run a command on a terminal of its own until that shows what is wanted.

    AssertionError if it never does.
    """
    child, terminal = pty.fork()
    if child == 0:
        os.environ["TERM"] = "xterm-256color"
        os.execv(command[0], command)
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    shown, end = "", time.monotonic() + seconds
    try:
        while not shows(shown):
            if time.monotonic() > end:
                raise AssertionError(
                    f"not within {seconds} s on the terminal of {command}: {shown[-2000:]!r}"
                )
            if select.select([terminal], [], [], 0.5)[0]:
                try:
                    shown += os.read(terminal, 65536).decode(errors="replace")
                except OSError as error:  # as on Linux when the command has ended
                    raise AssertionError(f"{command} has ended: {shown[-2000:]!r}") from error
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        os.close(terminal)


def quickstart(bootstrap: str) -> None:
    topic, kaskade = fresh("flights"), script("kaskade")
    producer = Producer({"bootstrap.servers": bootstrap})
    for number in range(10):
        producer.produce(topic, key=f"key-{number}", value=f"seen-{number}")
    expect_equal(producer.flush(30), 0, "records not delivered")
    watch([kaskade, "admin", "-b", bootstrap], lambda shown: topic in shown)
    consume = [
        kaskade,
        "consumer",
        "-b",
        bootstrap,
        "-t",
        topic,
        "--earliest",
        "-k",
        "string",
        "-v",
        "string",
    ]
    watch(consume, lambda shown: all(f"seen-{number}" in shown for number in range(10)))


if __name__ == "__main__":
    main({"quickstart": quickstart})
