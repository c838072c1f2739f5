"""For the tests here that compare with Apache Kafka itself."""

from __future__ import annotations

import os
import shutil

import pytest


@pytest.fixture(scope="session", name="needs_apache_kafka")
def _needs_apache_kafka() -> None:
    """Java and Maven are there. Where they are not, the tests are skipped; in CI (CI=true) they fail."""
    absent = [tool for tool in ("java", "mvn") if shutil.which(tool) is None]
    if absent:
        reason = f"Apache Kafka runs on Java and comes by Maven; not on this machine: {', '.join(absent)}"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
