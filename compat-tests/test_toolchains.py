"""What is built once for a client."""

from __future__ import annotations

import io
import os
import pathlib
import shutil
import sys

import brokers  # noqa: F401  # which finds the next one
import environment
import pytest
from toolchains import c, debian, node_librdkafka


def test_a_build_prints_to_stderr(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """And does so too in the first run of a test that has taken sys.stderr for itself."""
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    environment.run([sys.executable, "-c", "print('made')"])
    assert capfd.readouterr() == ("", "made\n")


def test_no_c_compiler(monkeypatch: pytest.MonkeyPatch) -> None:
    """C programs are skipped, and why is said."""
    monkeypatch.setattr(shutil, "which", lambda _: None)
    assert c.missing() == "no C compiler on this machine"


def test_no_header(monkeypatch: pytest.MonkeyPatch) -> None:
    """A library whose header is not there, and that nobody here may install, is a reason to skip too."""
    monkeypatch.setattr(c, "HEADER", "no/such/header.h")
    monkeypatch.setattr(shutil, "which", lambda tool: f"/usr/bin/{tool}")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.delenv("CI", raising=False)
    assert c.missing() == "no no/such/header.h on this machine, and only root may install it"


@pytest.mark.parametrize(
    ("sudo", "reason"),
    [("/usr/bin/sudo", None), (None, "no cat on this machine, and only root may install it")],
)
def test_a_ci_service_installs_with_sudo(
    monkeypatch: pytest.MonkeyPatch, sudo: str | None, reason: str | None
) -> None:
    """Its jobs are not root's, and may become it without a password."""
    run: list[list[str]] = []
    monkeypatch.setattr(shutil, "which", lambda tool: sudo if tool == "sudo" else f"/usr/bin/{tool}")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(environment, "run", run.append)
    monkeypatch.setenv("CI", "true")
    assert debian.cannot_install("cat") == reason
    if reason is None:
        debian.install("cat")
        assert [command[:2] for command in run] == [["sudo", "-n"]] * 2


@pytest.mark.parametrize(
    ("absent", "reason"),
    [
        ({"node"}, "no node on this machine"),
        ({"g++", "make"}, "no g++ and no make on this machine"),
    ],
)
def test_no_tools_for_a_binding(monkeypatch: pytest.MonkeyPatch, absent: set[str], reason: str) -> None:
    """Node clients with a part in C++ are skipped where Node or a compiler is not there, and why is said."""
    monkeypatch.setattr(shutil, "which", lambda tool: None if tool in absent else f"/usr/bin/{tool}")
    assert node_librdkafka.missing() == reason


def test_no_headers_for_a_binding(monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path) -> None:
    """So they are where Node came without its headers, and where nobody may install those of a codec."""
    monkeypatch.setattr(shutil, "which", lambda tool: f"/usr/bin/{tool}")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setattr(node_librdkafka, "CODECS", ("no/such/header.h",))
    monkeypatch.setattr(node_librdkafka, "node_prefix", lambda: tmp_path)
    assert node_librdkafka.missing() == "no headers of Node.js on this machine"
    header = tmp_path / "include" / "node" / "node.h"
    header.parent.mkdir(parents=True)
    header.touch()
    assert node_librdkafka.missing() == "no no/such/header.h on this machine, and only root may install it"
