"""What `odradek serve` imports until it is ready: the start of the broker is mostly that."""

from __future__ import annotations

import subprocess
import sys

# Third-party packages that are loaded at the start: click, trio and what trio needs. Codecs, construct and
# all else wait until somebody needs them.
THIRD_PARTY = {"attr", "attrs", "click", "idna", "outcome", "sniffio", "sortedcontainers", "trio"}

STORED_MESSAGES = {"odradek.protocol.messages.group_records", "odradek.protocol.messages.metadata_records"}

# Modules of the standard library that cost several milliseconds each and that nobody needs for a start.
HEAVY = {
    "argparse",
    "asyncio",
    "concurrent.futures",
    "cProfile",
    "ctypes.wintypes",
    "decimal",
    "difflib",
    "email",
    "fractions",
    "html",
    "http",
    "json",
    "logging.config",
    "logging.handlers",
    "multiprocessing",
    "pdb",
    "pydoc",
    "sqlite3",
    "statistics",
    "tarfile",
    "unittest",
    "urllib.request",
    "xml",
    "zipfile",
}

# Start as the command does, in memory, and print what is loaded in place of the ready line.
CODE = """
import builtins, os, signal, sys
before = set(sys.modules)
sys.argv = ["odradek", "serve", "--memory", "--listen", "127.0.0.1:0"]
real_print = print
def report(*arguments, **_):
    real_print(*sorted(set(sys.modules) - before), sep="\\n")
    os.kill(os.getpid(), signal.SIGTERM)
builtins.print = report
from odradek.broker.cli import main
main()
"""


def modules_at_start() -> set[str]:
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


def test_serve_imports_only_what_is_on_the_list() -> None:
    """A new third-party or heavy import on the start path has to be put on the list on purpose."""
    modules = modules_at_start()
    packages = {name.partition(".")[0] for name in modules}
    assert packages - set(sys.stdlib_module_names) - {"odradek"} <= THIRD_PARTY
    assert not modules & HEAVY
    # Codecs of single APIs and handlers come with the first request; what is on disk is read at the start.
    for_requests = ("odradek.protocol.messages.", "odradek.broker.handlers.")
    assert {name for name in modules if name.startswith(for_requests)} == STORED_MESSAGES


def test_version_needs_neither_trio_nor_the_broker() -> None:
    """`odradek --version` and `--help` answer at once."""
    code = (
        "import sys; from odradek.broker.cli import main; print('trio' in sys.modules, 'ssl' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30)
    assert done.stdout == "False False\n"
