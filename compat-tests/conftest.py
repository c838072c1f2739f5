"""For the tests here: whether Apache Kafka can run, and how long the bank's day is."""

from __future__ import annotations

import os
import pathlib
import shutil
import sys
from collections.abc import Iterator

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

from probes.pair import Pair, running


def pytest_addoption(parser: pytest.Parser) -> None:
    """Options of test_bank.py."""
    parser.addoption("--cuts", type=int, default=20, help="connections that are cut (20)")
    parser.addoption("--broker-kills", type=int, default=2, help="kills of the broker (2), and of tellers")
    parser.addoption("--seed", type=int, default=1, help="what the random choices begin with (1)")


@pytest.fixture(scope="session", name="needs_apache_kafka")
def _needs_apache_kafka() -> None:
    """Java and Maven are there. Where they are not, the tests are skipped; in CI (CI=true) they fail."""
    absent = [tool for tool in ("java", "mvn") if shutil.which(tool) is None]
    if absent:
        reason = f"Apache Kafka runs on Java and comes by Maven; not on this machine: {', '.join(absent)}"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)


@pytest.fixture(scope="session", name="pair")
def _pair(needs_apache_kafka: None) -> Iterator[Pair]:  # noqa: ARG001
    """Odradek and Apache Kafka side by side, for stories of single requests."""
    with running() as pair:
        yield pair
