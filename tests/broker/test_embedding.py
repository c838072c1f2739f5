"""Brokers inside a Python program: threads, trio nurseries, pytest fixtures."""

from __future__ import annotations

import gc
import os
import socket
import subprocess
import sys
import threading
import time
import warnings
import weakref
from pathlib import Path

import pytest
import trio

import odradek
from odradek import Broker, ConfigError, StartError, open_broker


def ask(bootstrap: str) -> bytes:
    """The answer of the broker to one ApiVersions request."""
    host, _, port = bootstrap.rpartition(":")
    with socket.create_connection((host.strip("[]"), int(port)), timeout=10) as client:
        client.sendall(b"\x00\x00\x00\x0a\x00\x12\x00\x00\x00\x00\x00\x07\xff\xff")
        return client.recv(65536)


def test_a_broker_serves_as_long_as_the_block_lasts() -> None:
    """In memory and on a free port, in a thread that ends with it; without warnings of anything left open."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with Broker() as broker:
            assert ask(broker.bootstrap)[8:10] == b"\x00\x00"
            assert broker.bootstrap == f"{broker.host}:{broker.port}"
            assert any(thread.name == "odradek" for thread in threading.enumerate())
        gc.collect()
    assert not any(thread.name == "odradek" for thread in threading.enumerate())
    assert repr(broker) == "<Broker, not running>"
    with pytest.raises(RuntimeError, match="not running"):
        _ = broker.bootstrap


def test_ten_brokers_in_one_process() -> None:
    """Each has its own port and its own data, and they end in any order."""
    brokers = [Broker().start() for _ in range(10)]
    try:
        assert len({broker.port for broker in brokers}) == 10
        for broker in brokers:
            assert ask(broker.bootstrap)
    finally:
        for broker in brokers[::2] + brokers[1::2]:
            broker.stop()


def test_the_second_broker_starts_at_once() -> None:
    """20 ms is the aim on an idle machine; here is room for a busy one."""
    times = []
    for _ in range(6):
        start = time.perf_counter()
        with Broker():
            times.append(time.perf_counter() - start)
    assert min(times[1:]) < 0.06


def test_a_broker_that_is_started_again_lets_go_of_what_it_held() -> None:
    """What was in memory in the run before does not stay there."""
    broker = Broker()
    runs = []
    for _ in range(2):
        with broker:
            assert broker._running is not None
            runs.append(weakref.ref(broker._running.node))
    gc.collect()
    assert [run() for run in runs] == [None, None]


def test_data_outlives_the_broker(tmp_path: Path) -> None:
    """With a folder the cluster is the same after a restart, of this Broker object or another."""
    broker = Broker(data=tmp_path, config={"offsets.topic.num.partitions": 2})
    for _ in range(2):
        with broker:
            assert ask(broker.bootstrap)
    meta = (tmp_path / "meta.properties").read_text()
    with Broker(data=str(tmp_path)):
        assert len(list(tmp_path.glob("__consumer_offsets-*"))) == 2
    assert (tmp_path / "meta.properties").read_text() == meta
    assert (tmp_path / ".kafka_cleanshutdown").exists()


def test_what_cannot_start_is_raised_in_the_caller(tmp_path: Path) -> None:
    """Bad options at once, everything else from start; afterwards the broker can be started again."""
    with pytest.raises(ConfigError, match="Unknown configuration key"):
        Broker(config={"no.such.key": 1})
    with pytest.raises(ConfigError, match="HOST:PORT"):
        Broker(listen="127.0.0.1:http")
    broker = Broker(data=tmp_path)
    with Broker(data=tmp_path), pytest.raises(StartError, match="in use by another broker"):
        broker.start()
    with broker:
        assert ask(broker.bootstrap)
        with pytest.raises(RuntimeError, match="runs already"):
            broker.start()
    broker.stop()


def test_a_broker_in_a_trio_nursery() -> None:
    """The same within the caller's loop, where it needs no thread."""

    async def main() -> None:
        async with open_broker() as broker:
            host, _, port = broker.bootstrap.rpartition(":")
            stream = await trio.open_tcp_stream(host, int(port))
            async with stream:
                await stream.send_all(b"\x00\x00\x00\x0a\x00\x12\x00\x00\x00\x00\x00\x07\xff\xff")
                assert await stream.receive_some()
        with pytest.raises(OSError, match="connect"):
            await trio.open_tcp_stream(host, int(port))

    trio.run(main)


def test_errors_in_the_block_come_out_as_they_are() -> None:
    """Not wrapped into a group; a cancelled block ends cancelled; a start that fails raises its reason."""

    async def main() -> None:
        with pytest.raises(KeyError, match="mine"):
            async with open_broker():
                raise KeyError("mine")
        with trio.move_on_after(0.05) as scope:
            async with open_broker():
                await trio.sleep_forever()
        assert scope.cancelled_caught
        with socket.create_server(("127.0.0.1", 0)) as taken:
            address = f"127.0.0.1:{taken.getsockname()[1]}"
            with pytest.raises(StartError, match="address already in use"):
                async with open_broker(listen=address):
                    pass
            with pytest.raises(StartError, match="address already in use"):
                Broker(listen=address).start()

    trio.run(main)


def test_the_advertised_address_of_all_interfaces_is_reachable() -> None:
    """A broker that listens everywhere names an address that a client can use."""
    with Broker(listen=":0") as broker:
        assert broker.host in ("127.0.0.1", "::1")
        assert ask(broker.bootstrap)


def test_the_package_imports_nothing_until_it_is_asked() -> None:
    """`import odradek` costs nothing; names that are not there are errors as always."""
    code = "import odradek, sys; print(sorted(m for m in sys.modules if m.startswith(('odradek.', 'trio'))))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "[]\n"
    assert "Broker" in dir(odradek)
    with pytest.raises(AttributeError, match="no attribute 'Brokers'"):
        _ = odradek.Brokers


def test_a_program_that_forgets_to_stop_ends_in_good_order(tmp_path: Path) -> None:
    """At exit the broker is stopped: the data folder has its mark of a clean shutdown."""
    code = f"from odradek import Broker; Broker(data={str(tmp_path)!r}).start(); print('done')"
    done = subprocess.run(
        [sys.executable, "-X", "dev", "-W", "error", "-c", code], capture_output=True, text=True, timeout=20
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "done\n", "")
    assert (tmp_path / ".kafka_cleanshutdown").exists()


def test_the_pytest_plugin_gives_a_broker(tmp_path: Path) -> None:
    """`kafka_broker` is shared by the session, `fresh_kafka_broker` is a test's own."""
    (tmp_path / "test_it.py").write_text(
        "seen = set()\n"
        "def test_one(kafka_broker, fresh_kafka_broker):\n"
        "    seen.update((kafka_broker.port, fresh_kafka_broker.port))\n"
        "def test_two(kafka_broker, fresh_kafka_broker):\n"
        "    seen.update((kafka_broker.port, fresh_kafka_broker.port))\n"
        "    assert len(seen) == 3\n"
    )
    # By its module and not by its entry point, so that a checkout will do.
    plugin = ["-p", "no:odradek", "-p", "odradek.pytest_plugin", "-p", "no:cacheprovider"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-W", "error", *plugin, str(tmp_path)],
        env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert "2 passed" in done.stdout, done.stdout + done.stderr
