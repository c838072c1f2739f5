"""Command-line tools in C, from Debian's packages: a program in Python drives them.

An entry's `debian` names the packages, each of which has a command of the same name.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from typing import Any

from . import python


def missing() -> str | None:
    """Why its tools are absent, or None when they are there."""
    if shutil.which("kcat"):
        return None
    if shutil.which("apt-get") is None:
        return "no kcat and no apt-get on this machine"
    return None if os.geteuid() == 0 else "no kcat on this machine, and only root may install it"


def prepare(_client: str, entry: dict[str, Any]) -> list[str]:
    """The entry's `program`, once its packages are installed. CalledProcessError when that fails."""
    absent = [package for package in entry["debian"] if shutil.which(package) is None]
    if absent:
        _apt_get("update")
        _apt_get("install", "-y", "--no-install-recommends", *absent)
    return [sys.executable, str(python.CLIENTS / entry["program"])]


def _apt_get(*arguments: str) -> None:
    quiet = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
    subprocess.run(
        ["apt-get", *arguments], check=True, stdin=subprocess.DEVNULL, stdout=sys.stderr, env=quiet
    )
