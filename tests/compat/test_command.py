"""`odradek compat`, with programs that are quick in the place of clients."""

from __future__ import annotations

import importlib.metadata
import json
import os
import pathlib
import socket
import subprocess
import sys
import threading
import time
from typing import Any

import click
import pytest

from odradek import Broker
from odradek.compat import brokers, cells, command
from odradek.compat.beside import Outcome
from odradek.compat.runner import Selection
from odradek.compat.tables import Table

PROGRAM = """
import json, os, sys
with open({told!r}, "a") as told:
    print(sys.argv[1], sys.argv[2], os.environ.get("ODRADEK_COMPAT_RUN", ""), file=told)
print(json.dumps({{"outcome": {outcome!r}, "detail": "so it is"}}))
"""
ENDLESS = """
import os, sys, time
with open({told!r}, "w") as told:
    print(os.getpid(), sys.argv[2], file=told)
time.sleep(600)
"""
ENDED = """
import sys
from odradek.compat import brokers, command
from odradek.compat.runner import Selection
calls = {{"client": [sys.executable, {program!r}]}}
about = {{"client": {{"requirements": ["client==1"]}}}}
selection = Selection(about, {{"one": {{"meaning": "endless"}}}}, calls, {{}}, None)
options = dict.fromkeys(command.Options.__annotations__) | {{"jobs": 1, "results": ()}}
try:
    command.run(command.Setting(selection, brokers.Odradek, "", "", {{}}), command.Options(**options))
except KeyboardInterrupt:
    sys.exit(1)
"""
SCENARIOS: Table = {"one": {"meaning": "a scenario"}, "two": {"meaning": "another", "private": True}}


def options(**given: Any) -> command.Options:
    """What a person typed."""
    nothing = dict.fromkeys(command.FILES)
    empty: dict[str, Any] = dict.fromkeys(("client", "scenario", "beside", "results"), ())
    return command.Options(**{"broker": None, "quick": False, "jobs": 2, **empty, **nothing, **given})


def setting(folder: pathlib.Path, outcome: str = cells.PASSED) -> command.Setting:
    """One client whose program tells the file `told` what it was called with, and cleans up."""
    program = folder / "program.py"
    program.write_text(PROGRAM.format(told=str(folder / "told"), outcome=outcome))
    run = [sys.executable, str(program)]
    selection = Selection({"client": {"requirements": ["client==1"]}}, SCENARIOS, {"client": run}, {}, run)
    return command.Setting(selection, brokers.Odradek, "Odradek", "a test", {})


def odradek(*arguments: str) -> tuple[int, str]:
    """Exit status of the command, and the last line that it wrote to stderr."""
    done = subprocess.run(
        [sys.executable, "-m", "odradek", "compat", *arguments], capture_output=True, text=True, timeout=60
    )
    return done.returncode, done.stderr.splitlines()[-1]


def test_nobody_listens(tmp_path: pathlib.Path) -> None:
    """One sentence, before any client waits for its time-outs."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        address = "{}:{}".format(*unused.getsockname())
    with pytest.raises(click.ClickException) as raised:
        command.run(setting(tmp_path), options(broker=address))
    assert raised.value.message == f"No broker answers at {address}: connection refused."


@pytest.mark.parametrize("address", ["nowhere", "nowhere:", ":9092", "host:port"])
def test_no_address(address: str) -> None:
    """What is no HOST:PORT is called that."""
    with pytest.raises(brokers.BrokerError, match="A broker's address is HOST:PORT"):
        brokers.require_answer(address)


@pytest.mark.parametrize("answer", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"", b"\0\0\0\4no"])
def test_something_else_listens(answer: bytes) -> None:
    """A server that does not speak Kafka's protocol is called that, whether it answers or hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(100)
                connection.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        address = "{}:{}".format(*server.getsockname())
        with pytest.raises(brokers.BrokerError, match="does not answer as a Kafka broker"):
            brokers.require_answer(address)
        thread.join()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            ["--client", "x"],
            "There is no client 'x'; there are kafka-python, confluent-kafka, confluent-kafka-aio, aiokafka.",
        ),
        (["--jobs", "0"], "Invalid value for '--jobs': 0 is not in the range x>=1."),
    ],
)
def test_what_cannot_be_done_is_said_in_one_sentence(arguments: list[str], sentence: str) -> None:
    """On stderr, with status 2."""
    assert odradek(*arguments) == (2, f"odradek: {sentence}")


def test_a_broker_is_asked_for_its_versions() -> None:
    """A real one answers, and nothing is said."""
    with Broker() as broker:
        brokers.require_answer(broker.bootstrap)


@pytest.mark.parametrize(
    ("there", "arguments", "missing"),
    [
        (
            set(),
            [],
            "kafka-python, lz4, python-snappy, zstandard, crc32c, confluent-kafka, aiokafka, cramjam",
        ),
        (set(), ["--client=confluent-kafka"], "confluent-kafka"),
        ({"kafka-python", "lz4", "zstandard", "crc32c"}, ["--client=kafka-python"], "python-snappy"),
    ],
)
def test_what_is_not_installed_is_said(
    there: set[str], arguments: list[str], missing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A client that was asked for, or what it needs, may not be absent; the sentence says what to install."""

    def version(name: str) -> str:
        if name not in there:
            raise importlib.metadata.PackageNotFoundError(name)
        return "1.0"

    monkeypatch.setattr(importlib.metadata, "version", version)
    with pytest.raises(click.ClickException, match=r"pip install 'odradek\[compat\]'") as raised:
        command.compat.main(arguments, standalone_mode=False)
    assert raised.value.message.startswith(f"Not installed: {missing}. ")


def test_a_broker_of_others(tmp_path: pathlib.Path) -> None:
    """Nothing stops or kills it; names begin with what is the run's own, and so all is deleted in the end."""
    with Broker() as broker:
        address = broker.bootstrap
        found = command.run(setting(tmp_path), options(broker=address))
    assert [(cell.scenario, cell.outcome) for cell in found] == [
        ("one", cells.PASSED),
        ("two", cells.SKIPPED),
    ]
    told = [line.split() for line in (tmp_path / "told").read_text().splitlines()]
    assert [line[:2] for line in told] == [["one", address], ["clean-up", address]]
    assert told[0][2].startswith("odradek-compat-")
    assert told[0][2] == told[1][2]


def test_an_own_broker(tmp_path: pathlib.Path) -> None:
    """It is started from this installation, one for all and one for each that may stop its own, and nothing
    has to be deleted.
    """
    found = command.run(setting(tmp_path), options())
    assert [cell.outcome for cell in found] == [cells.PASSED, cells.PASSED]
    told = sorted(line.split(" ") for line in (tmp_path / "told").read_text().splitlines())
    assert [(scenario, run) for scenario, _, run in told] == [("one", ""), ("two", "")]
    assert told[0][1] != told[1][1]


def test_what_stays_behind_is_told(tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    """When topics and groups could not be deleted, a person learns by which names to find them."""
    with Broker() as broker:
        command.run(setting(tmp_path, cells.FAILED), options(broker=broker.bootstrap, scenario=("one",)))
    assert "Topics and groups odradek-compat-" in capsys.readouterr().err


def test_files(tmp_path: pathlib.Path) -> None:
    """Those that were asked for are written."""
    paths = {kind: tmp_path / kind for kind in command.FILES}
    with Broker() as broker:
        address = broker.bootstrap
        command.run(setting(tmp_path), options(broker=address, **paths))
    cells_told = json.loads(paths["json"].read_text())["cells"]
    assert [cell["outcome"] for cell in cells_told] == ["passed", "skipped"]
    assert "Made by `a test --markdown`." in paths["markdown"].read_text()
    assert address in paths["html"].read_text()
    assert "<testsuites>" in paths["junit"].read_text()


def test_results_that_are_there(tmp_path: pathlib.Path) -> None:
    """Nothing is run: the pages tell of files that runs have written."""
    first = Outcome([cells.Cell("client", one, cells.FAILED, "why") for one in SCENARIOS], "somewhere", 60)
    again = Outcome([cells.Cell("client", "two", cells.PASSED)], "somewhere", 7)
    page = tmp_path / "page"
    found = command.run(setting(tmp_path), options(results=(first, again), markdown=page))
    assert [cell.outcome for cell in found] == [cells.FAILED, cells.PASSED]
    assert "# Kafka clients against somewhere" in page.read_text()
    assert "1 passed, 1 failed" in page.read_text()
    assert not (tmp_path / "told").exists()
    with pytest.raises(click.UsageError):
        command.run(setting(tmp_path), options(results=(first, Outcome([], "elsewhere", 1))))


def test_a_run_that_is_ended(tmp_path: pathlib.Path) -> None:
    """SIGTERM, as a CI service sends it, leaves neither the broker nor the program."""
    told = tmp_path / "told"
    program = tmp_path / "program.py"
    program.write_text(ENDLESS.format(told=str(told)))
    runs = subprocess.Popen([sys.executable, "-c", ENDED.format(program=str(program))])
    while not told.exists() or not told.read_text().endswith("\n"):
        assert runs.poll() is None
        time.sleep(0.02)
    runs.terminate()
    assert runs.wait(100) == 1
    process_id, address = told.read_text().split()
    with pytest.raises(ProcessLookupError):
        os.kill(int(process_id), 0)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", int(address.rpartition(":")[2])))
