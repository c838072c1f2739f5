"""What toolchains install of Debian's packages: as root, or with sudo where a CI service runs."""

from __future__ import annotations

import os
import shutil

import environment


def cannot_install(what: str) -> str | None:
    """Why a package that is not there can't be installed, or None when it can."""
    if shutil.which("apt-get") is None:
        return f"no {what} and no apt-get on this machine"
    return f"no {what} on this machine, and only root may install it" if _as_root() is None else None


def install(*packages: str) -> None:
    """Install packages; CalledProcessError when that fails."""
    apt_get = [*(_as_root() or ()), "env", "DEBIAN_FRONTEND=noninteractive", "apt-get"]
    environment.run([*apt_get, "update"])
    environment.run([*apt_get, "install", "-y", "--no-install-recommends", *packages])


def _as_root() -> list[str] | None:
    """What makes a command root's, or None: nobody is made root at home, where sudo might do so unasked."""
    if os.geteuid() == 0:
        return []
    return ["sudo", "-n"] if "CI" in os.environ and shutil.which("sudo") else None
