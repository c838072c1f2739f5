"""Build the sdist, the wheel from the sdist, and compare what they hold with the tree."""

import pathlib
import subprocess
import sys
import tarfile
import tempfile
import zipfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
# Folders whose modules are all installed, with those below; and below which path of the package.
WHOLE = {"broker": "broker", "protocol": "protocol", "storage": "storage", "compat-tests/suite": "compat"}
# Folders of clients whose modules are installed, without those below: what programs share, and programs.
CLIENTS = ("", "aiokafka", "confluent_kafka", "confluent_kafka_aio", "kafka_python")


def expected_files() -> dict[str, str]:
    """What has to be installed, by the path under which it is: where it lies in the tree."""
    files = {path: path for path in ("odradek/py.typed", *modules("odradek", "*.py"))}
    for folder, installed in WHOLE.items():
        files |= {
            path.replace(folder, f"odradek/{installed}", 1): path for path in modules(folder, "**/*.py")
        }
    files["odradek/compat/scenarios.toml"] = "compat-tests/suite/scenarios.toml"
    files["odradek/compat/clients/clients.toml"] = "compat-tests/clients/clients.toml"
    for client in CLIENTS:
        found = modules(f"compat-tests/clients/{client}", "*.py")
        files |= {path.replace("compat-tests", "odradek/compat", 1): path for path in found}
    return files


def modules(folder: str, pattern: str) -> list[str]:
    """The files of a folder that match, by their paths below the root. Links are not followed."""
    return [path.relative_to(ROOT).as_posix() for path in (ROOT / folder).glob(pattern)]


def build(work: pathlib.Path) -> tuple[pathlib.Path, pathlib.Path]:
    """Build in a copy of what git tracks or would track, so that nothing is left in the tree."""
    source, output = work / "source", work / "dist"
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    for name in filter(None, listing.stdout.split("\0")):
        origin, copy = ROOT / name, source / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        if origin.is_symlink():
            copy.symlink_to(origin.readlink())
        elif origin.is_file():
            copy.write_bytes(origin.read_bytes())
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(output), str(source)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return next(output.glob("*.whl")), next(output.glob("*.tar.gz"))


def main() -> int:
    """Print what is missing or too much; 1 when anything is."""
    with tempfile.TemporaryDirectory() as folder:
        wheel, sdist = build(pathlib.Path(folder))
        in_wheel = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
        with tarfile.open(sdist) as archive:
            in_sdist = {name.partition("/")[2] for name in archive.getnames()}
    expected = expected_files()
    complaints = [f"not in the wheel: {name}" for name in sorted(expected.keys() - in_wheel)]
    complaints += [f"in the wheel, not in the tree: {name}" for name in sorted(in_wheel - expected.keys())]
    complaints += [f"not in the sdist: {path}" for path in sorted(set(expected.values()) - in_sdist)]
    print(*complaints, f"package: {len(expected)} files in {wheel.name} and {sdist.name}", sep="\n")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
