"""`scripts/compat-probes [STORY ...]`: tell stories to Odradek and to Apache Kafka; print what differs."""

from __future__ import annotations

import argparse
import fnmatch
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from comparison.differences import Row, rows, unexplained

from probes import load
from probes.pair import compare, running


def main() -> int:
    """Run the selection; 1 when something differs that is not listed."""
    parser = argparse.ArgumentParser(prog="scripts/compat-probes", description=main.__doc__)
    parser.add_argument("story", nargs="*", default=["*"], help="stories by name, * and ? as in file names")
    parser.add_argument("--show", action="store_true", help="print Apache Kafka's answers too")
    options = parser.parse_args()
    chosen = {}
    for pattern in options.story:
        found = fnmatch.filter(load(), pattern)
        if not found:
            parser.error(f"no story has the name {pattern}")
        chosen.update((name, load()[name]) for name in found)
    asked: set[tuple[int, int, bytes]] = set()
    needed: set[Row] = set()
    different, begin, known = 0, time.monotonic(), rows("Single requests")
    with running() as pair:
        for name, story in chosen.items():
            ours, theirs = pair.tell(story)
            asked |= theirs.asked
            if options.show:
                print(*(f"{name}: {label}\n  {answer}" for label, answer in theirs.answers), sep="\n")
            for difference in unexplained(compare(name, ours, theirs), known, needed):
                different += 1
                print(difference, flush=True)
    if options.story == ["*"]:
        print(*(f"not needed: {row}" for row in known if row not in needed), sep="\n")
    seconds = time.monotonic() - begin
    print(
        f"{len(chosen)} stories, {len(asked)} probes, {different} differences not listed, in {seconds:.0f} s"
    )
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
