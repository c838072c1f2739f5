"""`odradek check`: what is wrong in a data folder."""

from __future__ import annotations

import click

from ...storage.check import check_directory
from ...storage.file_system import FileSystemLocked, RealFileSystem
from ...storage.log_directory import LOCK


def run(folder: str, *, records_too: bool) -> int:
    """Print one line for each problem; 1 if there is one, else 0. Raises ClickException if it cannot look."""
    file_system = RealFileSystem()
    if not file_system.is_directory(folder):
        raise click.ClickException(f"There is no folder {folder}.")
    lock_path, lock = f"{folder}/{LOCK}", None
    try:
        if file_system.exists(lock_path):
            lock = file_system.lock(lock_path)
    except FileSystemLocked:
        raise click.ClickException(f"A broker is at work in {folder}; stop it first.") from None
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise click.ClickException(f"Cannot look into {folder}: {reason}.") from None
    try:
        problems = check_directory(file_system, folder, records_too=records_too)
    finally:
        if lock is not None:
            lock.close()
    for problem in problems:
        click.echo(str(problem))
    return 1 if problems else 0
