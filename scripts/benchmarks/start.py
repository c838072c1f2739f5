"""Time to the ready line and resident memory: an empty broker, and one with 1,000 partitions.

    scripts/bench start [--starts 7] [--partitions 1000]

Bytecode is written to a folder of its own first, so that every measured start is a warm one. Each row: the
median of several starts, and in brackets the best and the worst. The aims are 0.4 s and 60 MB empty, 1 s and
100 MB with 1,000 partitions.
"""

from __future__ import annotations

import argparse
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any


class Broker:
    """A broker process; measured from its launch to its ready line."""

    def __init__(self, cache: str, *options: str) -> None:
        environment = {**os.environ, "PYTHONPYCACHEPREFIX": cache}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        command = [sys.executable, "-m", "odradek", "serve", "--listen", "127.0.0.1:0", *options]
        start = time.perf_counter()
        self.process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        self.seconds = time.perf_counter() - start
        if " ready on " not in line:
            raise SystemExit("the broker did not start")
        self.port = int(line.rpartition(":")[2])
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        self.megabytes = int(status.partition("VmRSS:")[2].split()[0]) / 1024

    def stop(self) -> None:
        self.process.terminate()
        self._end()

    def kill(self) -> None:
        self.process.kill()
        self._end()

    def _end(self) -> None:
        assert self.process.stdout is not None
        self.process.stdout.close()
        self.process.wait()


def main() -> None:
    parser = argparse.ArgumentParser(description="Time to ready and resident memory.")
    parser.add_argument("--starts", type=int, default=7)
    parser.add_argument("--partitions", type=int, default=1000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="odradek-start-") as folder:
        cache, empty, full = (f"{folder}/{name}" for name in ("bytecode", "empty", "full"))
        Broker(cache, "--memory").stop()
        report("in memory", options.starts, cache, "--memory")
        Broker(cache, "--data", empty).stop()
        report("empty", options.starts, cache, "--data", empty)
        broker = Broker(cache, "--data", full)
        create_topics(broker.port, options.partitions)
        broker.stop()
        report(f"{options.partitions:,} partitions", options.starts, cache, "--data", full)
        Broker(cache, "--data", full).kill()
        report("the same, after kill -9", options.starts, cache, "--data", full, kill=True)


def report(name: str, starts: int, cache: str, *options: str, kill: bool = False) -> None:
    seconds, megabytes = [], []
    for _ in range(starts):
        broker = Broker(cache, *options)
        seconds.append(broker.seconds)
        megabytes.append(broker.megabytes)
        if kill:
            broker.kill()
        else:
            broker.stop()
    spread = f"({min(seconds):.2f}-{max(seconds):.2f})"
    print(f"{name:24} {statistics.median(seconds):6.2f} s {spread:12} {statistics.median(megabytes):6.1f} MB")


def create_topics(port: int, partitions: int) -> None:
    """Ten topics with a record in every partition, so that there is something to load."""
    from odradek.protocol.messages import create_topics, produce
    from odradek.protocol.record_batch import Record, build_batch

    names = [f"topic-{number}" for number in range(10)]
    each = partitions // len(names)
    batch = build_batch([Record(0, int(time.time() * 1000), b"key", b"value")])
    with socket.create_connection(("127.0.0.1", port)) as sock:
        topics = [
            create_topics.REQUEST_TOPIC(name=name, num_partitions=each, replication_factor=1)
            for name in names
        ]
        created = ask(sock, 19, 2, create_topics.REQUEST(topics=topics, timeout_ms=60_000))
        data = [produce.REQUEST_PARTITION(index=index, records=batch) for index in range(each)]
        topics = [produce.REQUEST_TOPIC(name=name, partition_data=data) for name in names]
        produced = ask(sock, 0, 7, produce.REQUEST(acks=1, timeout_ms=60_000, topic_data=topics))
    results = [
        *created.topics,
        *(result for topic in produced.responses for result in topic.partition_responses),
    ]
    if any(result.error_code for result in results):
        raise SystemExit(f"the topics were not made: {created} {produced}")


def ask(sock: socket.socket, api_key: int, version: int, request: Any) -> Any:
    """Send one request and read its response."""
    from odradek.protocol.framing import RequestHeader, read_response, write_request

    header = RequestHeader(api_key=api_key, api_version=version, correlation_id=1, client_id="bench")
    sock.sendall(write_request(header, request))
    with sock.makefile("rb") as stream:
        size = int.from_bytes(stream.read(4), "big")
        return read_response(api_key, version, memoryview(stream.read(size)))[1]


if __name__ == "__main__":
    main()
