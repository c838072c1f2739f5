"""What toolchains install of Debian's packages."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys


def cannot_install(what: str) -> str | None:
    """Why a package that is not there can't be installed, or None when it can."""
    if shutil.which("apt-get") is None:
        return f"no {what} and no apt-get on this machine"
    return None if os.geteuid() == 0 else f"no {what} on this machine, and only root may install it"


def install(*packages: str) -> None:
    """Install packages; CalledProcessError when that fails."""
    _apt_get("update")
    _apt_get("install", "-y", "--no-install-recommends", *packages)


def _apt_get(*arguments: str) -> None:
    quiet = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
    subprocess.run(
        ["apt-get", *arguments], check=True, stdin=subprocess.DEVNULL, stdout=sys.stderr, env=quiet
    )
