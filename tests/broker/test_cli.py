"""The `odradek` command, as a process of its own."""

from __future__ import annotations

import logging
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from odradek.broker.cli import main
from odradek.broker.config.broker_config import BrokerConfig, ConfigError
from odradek.broker.listeners import wanted_listeners
from odradek.protocol.api_keys import ApiKey
from odradek.protocol.errors import ErrorCode
from odradek.protocol.messages import fetch, join_group, metadata, produce
from odradek.protocol.record_batch import Record, build_batch

from .peer import Peer

READY = re.compile(r"odradek \d+\.\d+\.\d+ ready on (\S+):(\d+)\n")


def command(*arguments: str, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-X", "dev", "-m", "odradek", *arguments],
        env={**os.environ, "PYTHONWARNINGS": "default", **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run(*arguments: str, **environment: str) -> tuple[int, str, str]:
    """Exit status, stdout and stderr of a command that ends by itself."""
    with command(*arguments, **environment) as process:
        out, err = process.communicate(timeout=20)
        return process.returncode, out, err


class Serving:
    """A broker that was started by `odradek serve`."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        assert process.stdout is not None
        self.line = process.stdout.readline()
        match = READY.fullmatch(self.line)
        assert match, (self.line, process.communicate(timeout=5))
        self.host, self.port = match[1], int(match[2])

    def stop(self, number: int = signal.SIGTERM) -> tuple[int, str, str]:
        """Exit status, the rest of stdout, and stderr. It must not take as long as anything that waits."""
        self.process.send_signal(number)
        out, err = self.process.communicate(timeout=30)
        return self.process.returncode, out, err

    def api_versions(self) -> bytes:
        """The answer to one ApiVersions request."""
        with socket.create_connection((self.host.strip("[]"), self.port), timeout=10) as client:
            client.sendall(b"\x00\x00\x00\x0a\x00\x12\x00\x00\x00\x00\x00\x07\xff\xff")
            return client.recv(65536)


@contextmanager
def serving(*arguments: str, **environment: str) -> Iterator[Serving]:
    process = command("serve", *arguments, **environment)
    try:
        yield Serving(process)
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_one_line_on_stdout_silence_on_stderr_and_exit_0(tmp_path: Path, number: int) -> None:
    """Ready with the real port, answering at once; after a signal everything is closed in good order."""
    data = tmp_path / "data"
    with serving("--data", str(data), "--listen", "127.0.0.1:0") as broker:
        assert broker.host == "127.0.0.1"
        assert broker.api_versions()[4:10] == b"\x00\x00\x00\x07\x00\x00"
        status, out, err = broker.stop(number)
    assert (status, out, err) == (0, "", "")
    assert (data / ".kafka_cleanshutdown").exists()
    assert run("check", str(data)) == (0, "", "")


def test_a_connected_client_does_not_hold_up_the_end(tmp_path: Path) -> None:
    """With a client that has a request half sent, exit 0 all the same."""
    options = ("--data", str(tmp_path), "--listen", "127.0.0.1:0")
    with serving(*options) as broker, socket.create_connection((broker.host, broker.port)) as client:
        client.sendall(b"\x00\x00\x10\x00half")
        status, _, err = broker.stop()
    assert (status, err) == (0, "")


def test_what_is_under_way_is_answered_at_the_end(tmp_path: Path) -> None:
    """After SIGTERM a fetch and a join that would wait for a minute are answered, and so is every produce
    that had arrived, once it is durable; the broker goes at once and says nothing.
    """
    options = ["--data", str(tmp_path / "data"), "--listen", "127.0.0.1:0", "--durable"]
    options += ["--set", "group.initial.rebalance.delay.ms=60000"]
    with serving(*options) as broker, ExitStack() as clients:
        fetching, joining, producing = (
            clients.enter_context(Peer(broker.host, broker.port)) for _ in range(3)
        )
        wanted = metadata.REQUEST(topics=[metadata.REQUEST_TOPIC(name="t")], allow_auto_topic_creation=True)
        producing.ask(ApiKey.METADATA, 4, wanted)
        fetching.send(ApiKey.FETCH, 11, a_fetch("t", max_wait_ms=60_000, min_bytes=1 << 20))
        joining.send(ApiKey.JOIN_GROUP, 3, a_join())
        producing.send(ApiKey.PRODUCE, 9, *[a_produce("t")] * 20)
        producing.receive(ApiKey.PRODUCE, 9)  # so that the broker has read all these
        status, out, err = broker.stop()
        for offset in range(1, 20):
            ((row,),) = (
                topic.partition_responses for topic in producing.receive(ApiKey.PRODUCE, 9).responses
            )
            assert (row.error_code, row.base_offset) == (0, offset)
        assert fetching.receive(ApiKey.FETCH, 11).error_code == 0
        assert joining.receive(ApiKey.JOIN_GROUP, 3).error_code == ErrorCode.NOT_COORDINATOR
    assert (status, out, err) == (0, "", "")


def a_fetch(topic: str, **limits: int) -> object:
    rows = [fetch.REQUEST_PARTITION(partition=0, fetch_offset=0, partition_max_bytes=1 << 20)]
    return fetch.REQUEST(topics=[fetch.REQUEST_TOPIC(topic=topic, partitions=rows)], **limits)


def a_join() -> object:
    protocols = [join_group.PROTOCOL(name="range", metadata=b"")]
    return join_group.REQUEST(
        group_id="g",
        session_timeout_ms=30_000,
        rebalance_timeout_ms=60_000,
        protocol_type="consumer",
        protocols=protocols,
    )


def a_produce(topic: str) -> object:
    rows = [produce.REQUEST_PARTITION(index=0, records=build_batch([Record(0, 0, None, b"x")]))]
    return produce.REQUEST(acks=-1, topic_data=[produce.REQUEST_TOPIC(name=topic, partition_data=rows)])


def test_memory_touches_no_disk(tmp_path: Path) -> None:
    """With --memory no folder appears; settings come from options, variables and a file."""
    (tmp_path / "server.properties").write_text("num.partitions=2\nlisteners=PLAINTEXT://127.0.0.1:0\n")
    (tmp_path / "empty").mkdir()
    process = subprocess.Popen(
        [sys.executable, "-m", "odradek", "serve", "--memory", "--config", "../server.properties"],
        cwd=tmp_path / "empty",
        env={**os.environ, "PYTHONPATH": os.getcwd()},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        Serving(process).stop()
    finally:
        process.kill()
        process.communicate()
    assert list((tmp_path / "empty").iterdir()) == []


def test_options_come_from_the_environment(tmp_path: Path) -> None:
    """ODRADEK_LISTEN and ODRADEK_DATA stand for options, KAFKA_CFG_* for settings; -v says more on stderr."""
    data = tmp_path / "data"
    environment = {
        "ODRADEK_LISTEN": "[::1]:0",
        "ODRADEK_DATA": str(data),
        "KAFKA_CFG_OFFSETS_TOPIC_NUM_PARTITIONS": "3",
    }
    with serving("-v", **environment) as broker:
        assert broker.host == "[::1]"
        broker.api_versions()
        _, _, err = broker.stop()
    assert len(list(data.glob("__consumer_offsets-*"))) == 3
    assert "INFO Cluster" in err


def test_the_configured_listener_and_folder_are_used(tmp_path: Path) -> None:
    """A server.properties file decides where to listen and where the data lies when no option does."""
    data = tmp_path / "kraft"
    file = tmp_path / "server.properties"
    file.write_text(
        "process.roles=broker,controller\ncontroller.listener.names=CONTROLLER\n"
        "listeners=PLAINTEXT://localhost:0,CONTROLLER://:9093\nnode.id=7\n"
        f"log.dirs={data}\n"
    )
    with serving("--config", str(file)) as broker:
        broker.api_versions()
        broker.stop()
    assert "node.id=7" in (data / "meta.properties").read_text()


def test_strangers_get_one_line_in_the_log() -> None:
    """An HTTP request is named on stderr; the broker serves on."""
    with serving("--memory", "--listen", "127.0.0.1:0") as broker:
        with socket.create_connection((broker.host, broker.port)) as client:
            client.sendall(b"GET / HTTP/1.1\r\n\r\n")
            assert client.recv(10) == b""
        broker.api_versions()
        _, _, err = broker.stop()
    assert err.count("\n") == 1
    assert "it sent an HTTP request ('GET / HTTP/1.1')" in err


def test_a_data_folder_in_use_is_refused(tmp_path: Path) -> None:
    """The second broker says so and exits 2; so does a check of the folder."""
    data = str(tmp_path)
    with serving("--data", data, "--listen", "127.0.0.1:0"):
        assert run("serve", "--data", data, "--listen", "127.0.0.1:0") == (
            2,
            "",
            f"odradek: The data directory {data} is in use by another broker.\n",
        )
        assert run("check", data) == (2, "", f"odradek: A broker is at work in {data}; stop it first.\n")


def test_a_port_in_use_is_refused(tmp_path: Path) -> None:
    """One sentence with the address, exit 2, and no data folder is made for nothing."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        status, out, err = run("serve", "--data", str(tmp_path / "x"), "--listen", f"127.0.0.1:{port}")
    assert (status, out, err) == (
        2,
        "",
        f"odradek: Cannot listen on 127.0.0.1:{port}: address already in use.\n",
    )
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            ["--set", "log.retension=1"],
            "Unknown configuration key 'log.retension'. Is 'log.retention.",
        ),
        (["--set", "num.partitions=x"], "Invalid value x for configuration num.partitions: Not a number of"),
        (["--set", "num.partitions"], "--set takes key=value, not 'num.partitions'."),
        (["--config", "/nowhere"], "Cannot read the configuration file /nowhere: No such file or directory."),
        (["--listen", "127.0.0.1:x"], "--listen takes HOST:PORT, not '127.0.0.1:x'."),
        (
            ["--listen", "::1:0"],
            "--listen takes HOST:PORT, and an IPv6 address in brackets as [::1]",
        ),
        (["--advertise", "host:99999"], "--advertise takes HOST:PORT, not 'host:99999'."),
        (["--listen", "no.such.host.invalid:0"], "Cannot listen on no.such.host.invalid:0: "),
        (["--memory", "--data", "x"], "--memory keeps nothing in a folder: leave out --data."),
        (["--data", "/proc/odradek"], "Cannot use the data directory /proc/odradek: "),
        (
            ["--set", "max.connections.per.ip.overrides=1.2.3.4:x"],
            "max.connections.per.ip.overrides can",
        ),
        (["--no-such-option"], "No such option"),
    ],
)
def test_what_cannot_be_served_is_said_in_one_sentence(
    arguments: list[str],
    sentence: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """On stderr, with exit status 2, nothing on stdout."""
    defaults = [] if "--listen" in arguments else ["--listen", "127.0.0.1:0"]
    monkeypatch.setattr(sys, "argv", ["odradek", "serve", *defaults, *arguments])
    monkeypatch.setattr(logging, "basicConfig", lambda **_: None)
    with pytest.raises(SystemExit) as ending:
        main()
    out, err = capsys.readouterr()
    assert (ending.value.code, out) == (2, "")
    assert err.startswith(f"odradek: {sentence}")
    assert err.count("\n") == 1


def test_a_listener_that_would_have_to_speak_tls_is_refused() -> None:
    """Serving it in plain text would break a promise."""
    with pytest.raises(ConfigError, match=r"^Listener SSL asks for SSL, and only PLAINTEXT is spoken here.$"):
        wanted_listeners(BrokerConfig({"listeners": "PLAINTEXT://:9092,SSL://:9093"}))


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("localhost:9092", ("localhost", 9092)),
        ("localhost", ("localhost", 9092)),
        (":0", ("", 0)),
        ("[::1]:1", ("::1", 1)),
        ("[::]", ("::", 9092)),
    ],
)
def test_addresses(text: str, address: tuple[str, int]) -> None:
    """HOST:PORT, with IPv6 in brackets, and the port of Kafka by default."""
    parsed = wanted_listeners(BrokerConfig(), text)[0].address
    assert parsed == address
    assert str(parsed).endswith(str(address[1]))


def test_advertised_addresses_belong_to_their_listeners() -> None:
    """Each listener is told its own; --advertise is for all; without either the client's own way counts."""
    config = BrokerConfig(
        {
            "listeners": "PLAINTEXT://:9092,OUTSIDE://:19092",
            "advertised.listeners": "OUTSIDE://kafka.example.org:19092",
            "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,OUTSIDE:PLAINTEXT",
        }
    )
    advertised = [spec.advertised for spec in wanted_listeners(config)]
    assert advertised == [None, ("kafka.example.org", 19092)]
    assert [spec.advertised for spec in wanted_listeners(config, advertise="a:1")] == [("a", 1)] * 2


def test_version_and_help() -> None:
    """`odradek --version` prints one line; without arguments there is help."""
    assert run("--version")[:2] == (0, "odradek 0.1.0\n")
    status, out, _ = run("--help")
    assert status == 0
    assert "serve" in out


def test_check_finds_damage(tmp_path: Path) -> None:
    """One line for each problem, exit 1; a folder that is none, exit 2."""
    data = tmp_path / "data"
    with serving("--data", str(data), "--listen", "127.0.0.1:0") as broker:
        broker.stop()
    log = next(path for path in data.glob("__cluster_metadata-0/*.log") if path.stat().st_size > 100)
    damaged = bytearray(log.read_bytes())
    damaged[80] ^= 1
    log.write_bytes(damaged)
    status, out, _ = run("check", str(data))
    assert status == 1
    assert log.name in out
    assert run("check", str(tmp_path / "no")) == (2, "", f"odradek: There is no folder {tmp_path / 'no'}.\n")
