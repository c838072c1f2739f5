"""Kafka's command-line tools: each scenario is a transcript that must come out word for word.

A transcript is what Apache Kafka 4.4 was seen to print, below transcripts/. `$ ` begins a command, to which
the broker's address is appended; `< ` is a line of its standard input, and of the file FILE. After `|`,
`sort` and `grep TEXT` arrange its output. TOPIC and GROUP (TOPIC-2 and so on too) are names made for the run.
`program.py --record VERSION SCENARIO BROKER` runs a transcript's commands and writes down what they print.
"""

from __future__ import annotations

import difflib
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator

HERE = pathlib.Path(__file__).resolve().parent
TRANSCRIPTS = HERE / "transcripts"
sys.path[:0] = [str(HERE.parent), str(HERE.parents[1])]

import apache_kafka  # noqa: E402
from harness import fresh, main  # noqa: E402

# What differs from run to run and from broker to broker, and what is put there. The names come before these.
MASKS = (
    # New tools advertise the new protocol.
    (r"(?m)^The consumer rebalance protocol \(KIP-848\) is production-ready.*\n", ""),
    (r"(?m)^(SLF4J|WARNING|log4j|Picked up).*\n", ""),  # the JVM and its loggers talk about themselves
    (r"\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}\]", "[TIME]"),
    (r"(?m)^\tat .*\n", ""),  # stack traces
    (r"(TopicId|Cluster ID): [\w-]{22}", r"\1: ID"),
    (r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", "UUID"),
    (r"(CreateTime|LogAppendTime):\d{13}", r"\1:TIME"),
    (r'"(logDir)": ?"[^"]*"', r'"\1":"FOLDER"'),
    (r'"(totalBytes|usableBytes)": ?\d+', r'"\1":BYTES'),
    # Kafka's storage tool sets this for all brokers when the feature eligible.leader.replicas is on.
    (r"Configs: min\.insync\.replicas=1,?", "Configs: "),
    (r"DYNAMIC_DEFAULT_BROKER_CONFIG:min\.insync\.replicas=1, ", ""),
    (r"(?m)^ *min\.insync\.replicas=1 .*\n", ""),
    (r"[ \t]+(?=\S)", " "),  # columns are as wide as the names in them
    (r"[ \t]+(?=\n|$)", ""),
)


class Names:
    """The run's own names for the transcript's TOPIC and GROUP, there and back."""

    def __init__(self, bootstrap: str) -> None:
        self._names = {"BROKER": bootstrap, "PORT": bootstrap.rpartition(":")[2]}

    def insert(self, text: str) -> str:
        """The text with the run's names."""
        return re.sub(r"\b(TOPIC|GROUP)(-\d)?\b", lambda found: self._name(found[0]), text)

    def _name(self, token: str) -> str:
        return self._names.setdefault(token, fresh(token.lower()))

    def mask(self, text: str) -> str:
        """What a tool printed, without what can't be the same next time."""
        for token, name in self._names.items():
            text = text.replace(name, token)
        for pattern, replacement in MASKS:
            text = re.sub(pattern, replacement, text)
        return text


def parts(transcript: str) -> Iterator[tuple[list[str], str, str]]:
    """Each command of a transcript: its lines as they stand there, the command itself, its standard input."""
    for block in re.split(r"(?m)^(?=\$ )", transcript)[1:]:
        lines = block.splitlines()
        head = [line for number, line in enumerate(lines) if number == 0 or line.startswith("< ")]
        yield head, head[0][2:], "".join(f"{line[2:]}\n" for line in head[1:])


def output(version: str, command: str, standard_input: str, names: Names, bootstrap: str) -> str:
    """What one command prints on stdout and stderr, arranged and masked, and its exit code unless it is 0."""
    line, *pipes = names.insert(command).split(" | ")
    given = names.insert(standard_input)
    with tempfile.NamedTemporaryFile("w") as file:
        file.write(given)
        file.flush()
        tool, *arguments = shlex.split(line.replace("FILE", file.name))
        argv = apache_kafka.tool(version, tool, *arguments, "--bootstrap-server", bootstrap)
        done = subprocess.run(argv, input=given, capture_output=True, text=True, timeout=60, check=False)
    lines = (done.stdout + done.stderr).splitlines()
    for pipe in pipes:
        lines = (
            sorted(lines) if pipe == "sort" else [one for one in lines if pipe.removeprefix("grep ") in one]
        )
    text = names.mask("".join(f"{line}\n" for line in lines))
    return text if done.returncode == 0 else f"{text}[exit code {done.returncode}]\n"


def run(version: str, transcript: str, bootstrap: str) -> str:
    """The transcript as it comes out now."""
    names = Names(bootstrap)
    comment, _, _ = transcript.partition("$ ")
    return comment + "".join(
        "\n".join(head) + "\n" + output(version, command, standard_input, names, bootstrap)
        for head, command, standard_input in parts(transcript)
    )


def compare(version: str, path: pathlib.Path, bootstrap: str) -> None:
    """Fail with the differences unless the transcript comes out as it stands there."""
    wanted = path.read_text()
    found = run(version, wanted, bootstrap)
    difference = difflib.unified_diff(
        wanted.splitlines(), found.splitlines(), "wanted", "found", lineterm="", n=1
    )
    text = "\n".join(difference)
    if text:
        raise AssertionError(text)


def record(version: str, scenario: str, bootstrap: str) -> None:
    """Write down what the transcript's commands print now."""
    path = TRANSCRIPTS / f"{scenario}.txt"
    path.write_text(run(version, path.read_text(), bootstrap))


if __name__ == "__main__":
    if sys.argv[1] == "--record":
        record(*sys.argv[2:5])
    else:
        tools_version = sys.argv.pop(1)
        main(
            {
                path.stem: lambda bootstrap, path=path: compare(tools_version, path, bootstrap)  # type: ignore[misc]
                for path in TRANSCRIPTS.glob("*.txt")
            }
        )
