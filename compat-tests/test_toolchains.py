"""What is built once for a client."""

from __future__ import annotations

import io
import os
import shutil
import sys

import brokers  # noqa: F401  # which finds the next one
import environment
import pytest
from toolchains import c


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
    assert c.missing() == "no no/such/header.h on this machine, and only root may install it"
