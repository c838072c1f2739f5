"""The process of one service (service.py), seen from outside."""

from __future__ import annotations

import json
import pathlib
import subprocess
import sys
import threading
from typing import Any

END_S = 120.0


class Group:
    """A service that can be started, sent away, started again, and brought to its end."""

    def __init__(self, name: str, address: str, folder: pathlib.Path) -> None:
        self.name = name
        self.said: dict[str, Any] = {"seen": 0}
        self._address = address
        self._file = folder / f"{name}.json"
        self._process: subprocess.Popen[str] | None = None
        self._ear: threading.Thread | None = None

    @property
    def seen(self) -> int:
        """How many flights it has counted, as far as it has said."""
        return int(self.said["seen"])

    @property
    def present(self) -> bool:
        """It runs."""
        return self._process is not None

    def start(self) -> None:
        """Start its process; it joins its group in its own time."""
        program = pathlib.Path(__file__).with_name("service.py")
        self._process = subprocess.Popen(
            [sys.executable, str(program), self.name, self._address, str(self._file)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._ear = threading.Thread(target=self._listen, args=(self._process,))
        self._ear.start()

    def leave(self) -> None:
        """Let it commit and end."""
        self._tell("leave")
        self._end()

    def finish(self, end_offsets: dict[int, int]) -> dict[str, Any]:
        """Let it read to the end offsets by partition; what it has counted."""
        self._tell(json.dumps(end_offsets))
        self._end()
        return self.state()

    def state(self) -> dict[str, Any]:
        """What it wrote down at its last commit."""
        state: dict[str, Any] = json.loads(self._file.read_text())
        return state

    def kill(self) -> None:
        """End it, if it runs, whatever it does."""
        if self._process is not None:
            self._process.kill()
            self._end()

    def _tell(self, line: str) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        if self._process.poll() is not None:
            raise SystemExit(f"demo: the service {self.name} has ended before its time")
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()

    def _listen(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        for line in process.stdout:
            self.said = json.loads(line)

    def _end(self) -> None:
        assert self._process is not None
        assert self._ear is not None
        try:
            self._process.wait(END_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._ear.join()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
        self._process = self._ear = None
