"""Kafka's command-line tools: each scenario is a transcript that must come out word for word.

A transcript is what Apache Kafka 4.4 was seen to print, below transcripts/. A command begins with a sign, and
the broker's address is appended:

    $    it runs to its end
    ?    the same, again and again until it prints what stands there
    &    it is started, and runs beside those that follow; the first of these is 1, the next one 2

`< ` is a line of its standard input, and of the file FILE. After `|`, `grep TEXT` picks lines, and `sort`,
`last`, `fold`, `lengths` and `shared` arrange them (arrange.py). TOPIC, GROUP and ID (TOPIC-2 and so on
too) are names made for the run.

`! ` does something else: `kill`, `stop` or `start` is done to the broker; `lines N COUNT SECONDS` waits until
tool N has printed so much, `wait N SECONDS` for its end; `end N` ends it (SIGTERM), `die N` is a `kill -9`,
after which nobody looks at what it has printed. SECONDS may be left out.

`program.py --record VERSION SCENARIO BROKER` runs a transcript's commands and writes down what they print.
"""

from __future__ import annotations

import difflib
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
TRANSCRIPTS = HERE / "transcripts"
sys.path[:0] = [str(HERE.parent), str(HERE.parents[1])]

from harness import Scenario, main  # noqa: E402
from transcripts import come_out  # noqa: E402

ABSENT = {
    **dict.fromkeys(
        ("transactions", "consume-transform-produce", "kill-transactions"),
        "no tool puts offsets into a transaction",
    ),
    "consumer-group-regex": "their consumers match patterns themselves: none sends one to the broker",
    "old-formats": "they speak the newest versions that they have in common with the broker",
    "errors-unsupported-version": "they speak the newest versions that they have in common with the broker",
    "errors-corrupt-batch": "no tool damages what it sends",
    "share-lock-timeout": "no tool holds records back until their lock runs out",
    "share-renew": "no tool renews the lock of a record",
}


def compare(version: str, path: pathlib.Path, bootstrap: str) -> None:
    """Fail with the differences unless the transcript comes out as it stands there."""
    wanted = path.read_text()
    found = come_out(version, wanted, bootstrap)
    difference = difflib.unified_diff(
        wanted.splitlines(), found.splitlines(), "wanted", "found", lineterm="", n=1
    )
    text = "\n".join(difference)
    if text:
        raise AssertionError(text)


def record(version: str, scenario: str, bootstrap: str) -> None:
    """Write down what the transcript's commands print now."""
    path = TRANSCRIPTS / f"{scenario}.txt"
    path.write_text(come_out(version, path.read_text(), bootstrap))


if __name__ == "__main__":
    if sys.argv[1] == "--record":
        record(*sys.argv[2:5])
    else:
        tools_version = sys.argv.pop(1)
        written: dict[str, Scenario | str] = {
            path.stem: lambda bootstrap, path=path: compare(tools_version, path, bootstrap)  # type: ignore[misc]
            for path in TRANSCRIPTS.glob("*.txt")
        }
        main({**written, **ABSENT})
