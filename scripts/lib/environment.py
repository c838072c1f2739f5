"""Virtual environments made once and kept outside the tree.

Standard library only: this runs before anything else is there. `environment.py NAME` prints the interpreter
of the environment that `scripts/requirements/NAME.txt` pins, and makes it first when it is not there yet. An
environment is found by the hash of what it was made from, so that a changed pin or another Python gets
another one; it lies below $ODRADEK_CACHE, else $XDG_CACHE_HOME/odradek, else ~/.cache/odradek.
`environment.py --target REQUIREMENT` prints a folder that holds just this one package, for a version beside
the pinned one.
"""

import hashlib
import os
import pathlib
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = pathlib.Path(__file__).resolve().parents[2]
REQUIREMENTS = ROOT / "scripts" / "requirements"


def cache() -> pathlib.Path:
    """The folder for everything that the scripts fetch or make."""
    if "ODRADEK_CACHE" in os.environ:
        return pathlib.Path(os.environ["ODRADEK_CACHE"])
    return pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "odradek"


def environment(name: str) -> pathlib.Path:
    """The interpreter of the environment `name`. SystemExit with a plain sentence when making it fails."""
    pins = (REQUIREMENTS / f"{name}.txt").read_text().split("\n")
    return packages(name, [line for line in pins if line], editable=name == "development")


def packages(name: str, requirements: "list[str]", editable: bool = False) -> pathlib.Path:
    """The interpreter of an environment that holds `requirements`, and this checkout when `editable`."""
    made_from = [sys.version, *requirements]
    if editable:
        made_from += [str(ROOT), (ROOT / "pyproject.toml").read_text()]
    key = hashlib.sha256("\0".join(made_from).encode()).hexdigest()[:12]
    folder = cache() / f"{name}-{key}"
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    once(folder, lambda: _make(folder, python, requirements, editable))
    return python


def target(requirement: str) -> pathlib.Path:
    """A folder with one package and nothing else, to be put on an import path."""
    folder = cache() / f"only-{requirement.replace('==', '-')}"
    if not (folder / "complete").exists():
        python = environment("runtime")
        command = [
            str(python),
            "-m",
            "pip",
            "install",
            "-q",
            "--no-deps",
            "--target",
            str(folder),
            requirement,
        ]
        once(folder, lambda: _run(command))
    return folder


def _make(folder: pathlib.Path, python: pathlib.Path, requirements: "list[str]", editable: bool) -> None:
    _run([sys.executable, "-m", "venv", "--clear", str(folder)])
    pip = [str(python), "-m", "pip", "--disable-pip-version-check", "install", "-q"]
    _run([*pip, *requirements])
    if editable:
        _run([*pip, "--no-deps", "--no-build-isolation", "-e", str(ROOT)])


def once(folder: pathlib.Path, make: "Callable[[], None]") -> None:
    """Run `make` unless it has finished before, under a lock that other scripts wait for."""
    if (folder / "complete").exists():
        return
    folder.parent.mkdir(parents=True, exist_ok=True)
    with open(f"{folder}.lock", "w") as lock:
        if os.name == "posix":
            import fcntl

            fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "complete").exists():
            print(f"odradek: making {folder} (once)", file=sys.stderr, flush=True)
            make()
            (folder / "complete").touch()


def run(command: "list[str]", cwd: "str | pathlib.Path | None" = None) -> None:
    """Run a tool that makes something; what it prints goes to stderr. CalledProcessError when it fails."""
    import subprocess

    # By number: where a test looks at what is printed, sys.stderr is no file that a process could write to.
    subprocess.run(command, cwd=cwd, check=True, stdin=subprocess.DEVNULL, stdout=2)


def _run(command: "list[str]") -> None:
    import subprocess

    try:
        run(command)
    except subprocess.CalledProcessError:
        hint = ""
        if command[1:3] == ["-m", "venv"]:
            hint = (
                " (a Python without its venv module? Debian and Ubuntu keep that in the package python3-venv)"
            )
        raise SystemExit(f"odradek: this did not succeed: {' '.join(command)}{hint}") from None


if __name__ == "__main__":
    print(target(sys.argv[2]) if sys.argv[1] == "--target" else environment(sys.argv[1]))
