"""Kafka's own command-line tools: a Python program that runs them, and their jars from the Maven registry."""

from __future__ import annotations

import sys
from typing import Any

import apache_kafka

from . import java, python


def missing() -> str | None:
    """Why its tools are absent, or None when they are there."""
    return java.missing()


def prepare(_client: str, entry: dict[str, Any]) -> list[str]:
    """The entry's `program` for the tools of its `version`."""
    version = entry["version"]
    for needed in {version, apache_kafka.TOOLS_VERSION.get(version, version)}:
        apache_kafka.jars(needed)
    apache_kafka.share_classes(version)
    return [sys.executable, str(python.CLIENTS / entry["program"]), version]
