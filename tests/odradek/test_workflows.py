"""The workflows for CI services: they parse, and what they call is there."""

from __future__ import annotations

import os
import pathlib
import re
import tomllib
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from odradek.broker.cli.main import odradek
from odradek.compat.command import compat

ROOT = pathlib.Path(__file__).resolve().parents[2]
OWN = ROOT / ".github" / "workflows" / "ci.yml"
EXAMPLES = sorted((ROOT / "docs" / "examples").glob("*.yml"))


def load(path: pathlib.Path) -> dict[Any, Any]:
    """A workflow, parsed."""
    with path.open() as file:
        loaded: dict[Any, Any] = yaml.safe_load(file)
    return loaded


def commands(job: dict[str, Any]) -> Iterator[str]:
    """The lines that a job runs: GitHub's steps, or GitLab's script."""
    for text in [step["run"] for step in job.get("steps", ()) if "run" in step] + job.get("script", []):
        yield from text.splitlines()


def test_own_workflow_calls_scripts() -> None:
    """Each step of the project's own workflow that runs something runs a script of the repository."""
    lines = [line for job in load(OWN)["jobs"].values() for line in commands(job)]
    assert {line.split()[0] for line in lines} == {"scripts/check", "scripts/test", "scripts/compat"}
    for line in lines:
        assert os.access(ROOT / line.split()[0], os.X_OK), line


def test_own_workflow_tests_every_python() -> None:
    """The tests run on the versions of Python that the package says it supports."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        classifiers = tomllib.load(file)["project"]["classifiers"]
    versions = [one.rsplit(" ", 1)[1] for one in classifiers if re.search(r":: 3\.\d+$", one)]
    assert load(OWN)["jobs"]["test"]["strategy"]["matrix"]["python"] == versions


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_examples_call_commands_that_exist(path: pathlib.Path) -> None:
    """The examples parse, and the options of `odradek serve` and `odradek compat` in them exist."""
    workflow = load(path)
    jobs = workflow.get("jobs", workflow)
    lines = [line for job in jobs.values() for line in commands(job)]
    for name, called in (("serve", odradek.commands["serve"]), ("compat", compat)):
        own = [line for line in lines if line.startswith(f"odradek {name} ")]
        assert own
        known = {option for parameter in called.params for option in parameter.opts}
        for line in own:
            assert set(re.findall(r"--[a-z-]+", line)) <= known
