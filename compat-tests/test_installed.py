"""A wheel with the extra `compat`, installed outside of the tree: `odradek compat` as a user's CI runs it."""

from __future__ import annotations

import json
import pathlib
import subprocess
import sys
from collections.abc import Iterator
from xml.etree import ElementTree

import brokers  # noqa: F401  # which finds the next one
import pytest
from check_package import build
from probes.pair import Pair, running

CLIENTS = ("kafka-python", "confluent-kafka", "confluent-kafka-aio", "aiokafka")
NAMES = """
import json, sys
from kafka.admin import KafkaAdminClient, NewTopic
admin = KafkaAdminClient(bootstrap_servers=sys.argv[1])
if "of-somebody-else" not in admin.list_topics():
    admin.create_topics([NewTopic("of-somebody-else", 1, 1)])
print(json.dumps([admin.list_topics(), [group["group_id"] for group in admin.list_groups()]]))
"""
SCENARIOS = ("admin-topics", "group-commit", "transactions", "restart-resume")


@pytest.fixture(scope="session", name="commands")
def _commands(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """The folder with the commands of an environment that has the wheel, without the extra."""
    folder = tmp_path_factory.mktemp("installed")
    wheel, _ = build(folder)
    subprocess.run([sys.executable, "-m", "venv", str(folder / "environment")], check=True)
    commands = folder / "environment" / "bin"
    install(commands, str(wheel))
    done = odradek(commands)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "pip install 'odradek[compat]'" in done.stderr
    install(commands, f"{wheel}[compat]")
    return commands


def install(commands: pathlib.Path, requirement: str) -> None:
    """With pip, from the registry."""
    subprocess.run([str(commands / "pip"), "install", "-q", requirement], check=True)


def odradek(commands: pathlib.Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """`odradek compat`, from a folder where there is nothing of this repository."""
    command = [str(commands / "odradek"), "compat", *arguments]
    return subprocess.run(command, cwd=commands, capture_output=True, text=True, timeout=300, check=False)


@pytest.fixture(scope="module", name="pair")
def _pair(needs_apache_kafka: None) -> Iterator[Pair]:  # noqa: ARG001
    """Brokers of their own: the probes ask which transactional ids there are, and these stay."""
    with running() as pair:
        yield pair


@pytest.mark.parametrize("which", ["ours", "theirs"])
def test_a_broker_that_others_use(
    which: str, commands: pathlib.Path, pair: Pair, tmp_path: pathlib.Path
) -> None:
    """All clients pass at Odradek and at Apache Kafka, and leave both as they were."""
    address = getattr(pair, which)
    topics, groups = names(commands, address)
    done = odradek(
        commands,
        *(f"--scenario={name}" for name in SCENARIOS),
        f"--broker={address}",
        f"--junit={tmp_path / 'junit.xml'}",
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    outcomes = {
        (suite.get("name"), case.get("name")): case.find("skipped") is None
        for suite in ElementTree.parse(tmp_path / "junit.xml").getroot()
        for case in suite
    }
    wanted = {(client, name): name != "restart-resume" for client in CLIENTS for name in SCENARIOS}
    wanted["confluent-kafka-aio", "admin-topics"] = False  # it has no admin client of its own
    assert outcomes == wanted
    made = {"of-somebody-else", "__consumer_offsets", "__transaction_state"}
    assert names(commands, address) == (topics | made, groups)


def names(commands: pathlib.Path, address: str) -> tuple[set[str], set[str]]:
    """The topics and the groups that are there, one of them of somebody else."""
    command = [str(commands / "python"), "-c", NAMES, address]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    topics, groups = json.loads(done.stdout)
    return set(topics), set(groups)


def test_a_broker_of_its_own(commands: pathlib.Path) -> None:
    """Without an address, the installed Odradek is started, also for what stops its broker."""
    done = odradek(commands, "--client=aiokafka", "--scenario=restart-resume", "--scenario=admin-topics")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 passed, 0 failed" in done.stdout
