"""What is built once for a client."""

from __future__ import annotations

import io
import sys

import brokers  # noqa: F401  # which finds the next one
import environment
import pytest


def test_a_build_prints_to_stderr(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """And does so too in the first run of a test that has taken sys.stderr for itself."""
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    environment.run([sys.executable, "-c", "print('made')"])
    assert capfd.readouterr() == ("", "made\n")
