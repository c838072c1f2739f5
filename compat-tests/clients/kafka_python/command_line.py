"""kafka-python's own command-line tools."""

from __future__ import annotations

import subprocess
import sys

from common import VERSION
from harness import expect, fresh


def command_line(bootstrap: str) -> None:
    topic = fresh("topic")

    def run(module: str, *arguments: str, text: str = "") -> str:
        command = [sys.executable, "-m", f"kafka.{module}", "-b", bootstrap, *arguments]
        done = subprocess.run(command, input=text, capture_output=True, text=True, timeout=40, check=False)
        return done.stdout + done.stderr

    run("admin", "topics", "create", "-t", topic, "--num-partitions", "2", "--replication-factor", "1")
    expect(topic in run("admin", "topics", "list"), "the topic is listed")
    expect(topic in run("admin", "topics", "describe", "-t", topic), "the topic is described")
    run("producer", "-t", topic, text="first\nsecond\n")
    group = fresh("group")
    setting = "-c" if VERSION < (3, 0) else "-C"
    arguments = ["-t", topic, "-g", group]
    for value in ("auto_offset_reset=earliest", "consumer_timeout_ms=5000"):
        arguments += [setting, value]
    printed = run("consumer", *arguments)
    expect("first" in printed and "second" in printed, "both records are printed", printed)
