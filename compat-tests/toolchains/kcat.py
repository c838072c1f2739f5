"""kcat, from Debian's package: a program in Python drives it.

An entry's `debian` names the packages, each of which has a command of the same name.
"""

from __future__ import annotations

import shutil
import sys
from typing import Any

from . import debian, python


def missing() -> str | None:
    """Why its tools are absent, or None when they are there."""
    return None if shutil.which("kcat") else debian.cannot_install("kcat")


def prepare(_client: str, entry: dict[str, Any]) -> list[str]:
    """The entry's `program`, once its packages are installed. CalledProcessError when that fails."""
    absent = [package for package in entry["debian"] if shutil.which(package) is None]
    if absent:
        debian.install(*absent)
    return [sys.executable, str(python.CLIENTS / entry["program"])]
