"""One run of a command-line tool: what goes in, what has come out so far, and its end."""

from __future__ import annotations

import contextlib
import pathlib
import subprocess
import tempfile
import threading
from collections.abc import Sequence

from harness import wait_until


class Tool:
    """A tool that runs; `lines` are what it has printed on stdout so far.

    FILE in its arguments becomes the name of a file with the same text as its standard input; where it prints
    that name, FILE stands again.
    """

    def __init__(self, argv: Sequence[str], standard_input: str) -> None:
        with tempfile.NamedTemporaryFile("w", delete=False) as file:
            file.write(standard_input)
        self._file = pathlib.Path(file.name)
        self._process = subprocess.Popen(
            [argument.replace("FILE", file.name) for argument in argv],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.lines: list[str] = []
        self._errors: list[str] = []
        self._readers = [
            threading.Thread(target=into.extend, args=(stream,), daemon=True)
            for into, stream in ((self.lines, self._process.stdout), (self._errors, self._process.stderr))
        ]
        for reader in self._readers:
            reader.start()
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):  # it has ended without looking
            self._process.stdin.write(standard_input)
            self._process.stdin.close()

    def wait_for(self, count: int, seconds: float = 120) -> None:
        """Wait until it has printed so many lines."""
        wait_until(lambda: len(self.lines) >= count, f"{count} lines of {self._process.args}", seconds)

    def interrupt(self) -> None:
        """SIGTERM: its shutdown hooks run."""
        self._process.terminate()

    def kill(self) -> None:
        """`kill -9`: not a word to the broker."""
        self._process.kill()

    def end(self, seconds: float) -> tuple[list[str], int]:
        """Wait for its end: lines of stdout and stderr, and the exit code. TimeoutExpired: it lives on."""
        try:
            code = self._process.wait(seconds)
        finally:
            self._process.kill()
            self._process.wait()
            for reader in self._readers:
                reader.join()
            self._file.unlink(missing_ok=True)
        lines = self.lines + self._errors
        return [line.rstrip("\n").replace(str(self._file), "FILE") for line in lines], code
