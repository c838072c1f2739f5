"""What toolchains install of Debian's packages."""

from __future__ import annotations

import os
import shutil

import environment


def cannot_install(what: str) -> str | None:
    """Why a package that is not there can't be installed, or None when it can."""
    if shutil.which("apt-get") is None:
        return f"no {what} and no apt-get on this machine"
    return None if os.geteuid() == 0 else f"no {what} on this machine, and only root may install it"


def install(*packages: str) -> None:
    """Install packages; CalledProcessError when that fails."""
    apt_get = ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get"]
    environment.run([*apt_get, "update"])
    environment.run([*apt_get, "install", "-y", "--no-install-recommends", *packages])
