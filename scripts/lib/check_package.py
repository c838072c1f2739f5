"""Build the sdist, the wheel from the sdist, and compare what they hold with the tree."""

import pathlib
import subprocess
import sys
import tarfile
import tempfile
import zipfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
ROOMS = ("broker", "protocol", "storage")


def expected_modules() -> set[str]:
    """Every module of the tree by the path under which it is installed."""
    modules = {f"odradek/{path.name}" for path in (ROOT / "odradek").glob("*.py")} | {"odradek/py.typed"}
    for room in ROOMS:
        modules |= {f"odradek/{path.relative_to(ROOT)}" for path in (ROOT / room).rglob("*.py")}
    return modules


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
    expected = expected_modules()
    complaints = [f"not in the wheel: {name}" for name in sorted(expected - in_wheel)]
    complaints += [f"in the wheel, not in the tree: {name}" for name in sorted(in_wheel - expected)]
    for name in sorted(expected):
        room_path = name.removeprefix("odradek/")
        if name not in in_sdist and not (room_path.split("/")[0] in ROOMS and room_path in in_sdist):
            complaints.append(f"not in the sdist: {name}")
    print(*complaints, f"package: {len(expected)} modules in {wheel.name} and {sdist.name}", sep="\n")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
