"""Transcripts: commands, and what they print. Their form is told at the head of program.py."""

from __future__ import annotations

import dataclasses
import re
import shlex
import time
from collections.abc import Iterator
from typing import Any

import apache_kafka
import arrange
from harness import ask_broker, expect, fresh
from tools import Tool

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
    (r'"timestamp":\d{13}', '"timestamp":TIME'),
    (r"producerId=\d+", "producerId=N"),
    (r'"(logDir)": ?"[^"]*"', r'"\1":"FOLDER"'),
    (r'"(totalBytes|usableBytes)": ?\d+', r'"\1":BYTES'),
    (r'"(avg_throughput)":[\d.]+', r'"\1":RATE'),
    (r"records sent, .*", "records sent, RATES"),
    # Odradek says what is wrong with a batch, not only its code (docs/differences.md).
    (r'(?m)^(\{.*"exception":"class .*"message":)"[^"]*"', r"\1TEXT"),
    # Kafka's storage tool sets this for all brokers when the feature eligible.leader.replicas is on.
    (r"Configs: min\.insync\.replicas=1,?", "Configs: "),
    (r"DYNAMIC_DEFAULT_BROKER_CONFIG:min\.insync\.replicas=1, ", ""),
    (r"(?m)^ *min\.insync\.replicas=1 .*\n", ""),
    (r"[ \t]+(?=\S)", " "),  # columns are as wide as the names in them
    (r"[ \t]+(?=\n|$)", ""),
    (r"(?<= 127\.0\.0\.1 )\d+", "PORT"),
    (r"(?m)^(ID(?:-\d)? \d+) \d+ ", r"\1 PRODUCER-ID "),
    (r"(?<= )[\w-]{22}(?=( [\w-]+)? /127\.0\.0\.1 )", "UUID"),  # members that name themselves
)
AGAIN_S = 100  # how long a command of "? " is repeated
END_S = 60  # a tool's time for what it does, from when somebody waits for it


class Names:
    """The run's own names for the transcript's TOPIC and GROUP, there and back."""

    def __init__(self, bootstrap: str) -> None:
        self._names = {"BROKER": bootstrap}

    def insert(self, text: str) -> str:
        """The text with the run's names."""
        return re.sub(r"\b(TOPIC|GROUP|ID|BROKER)(-\d)?\b", lambda found: self._name(found[0]), text)

    def _name(self, token: str) -> str:
        return self._names.setdefault(token, fresh(token.lower()))

    def mask(self, text: str) -> str:
        """What a tool printed, without what can't be the same next time."""
        for token, name in self._names.items():
            text = text.replace(name, token)
        for pattern, replacement in MASKS:
            text = re.sub(pattern, replacement, text)
        return text


@dataclasses.dataclass
class Block:
    """One command of a transcript: its lines as they stand there, and what it has to print."""

    head: list[str]
    wanted: str

    @property
    def sign(self) -> str:
        """How it is carried out."""
        return self.head[0][0]

    @property
    def command(self) -> str:
        """The command itself."""
        return self.head[0][2:]

    @property
    def standard_input(self) -> str:
        """What is put into it."""
        return "".join(f"{line[2:]}\n" for line in self.head[1:])


def blocks(transcript: str) -> Iterator[Block]:
    """The commands of a transcript, in order."""
    for text in re.split(r"(?m)^(?=[$?&!] )", transcript)[1:]:
        lines = text.splitlines(keepends=True)
        count = next((place for place, line in enumerate(lines) if place and not line.startswith("< ")), None)
        yield Block([line.rstrip("\n") for line in lines[:count]], "".join(lines[count:] if count else []))


class Run:
    """One run of a transcript with the tools of a version."""

    def __init__(self, version: str, bootstrap: str) -> None:
        self._version, self._bootstrap = version, bootstrap
        self._jvm = (*apache_kafka.QUICK_JVM, *apache_kafka.sharing_classes(version))
        self._names = Names(bootstrap)
        self._behind: list[tuple[Tool, list[str]]] = []  # what was started with "& ", and how it is arranged

    def of(self, block: Block) -> str:
        """What a block prints now."""
        return {"$": self._once, "?": self._until, "&": self._start, "!": self._do}[block.sign](block)

    def _tool(self, block: Block) -> tuple[Tool, list[str]]:
        line, *arrangement = block.command.split(" | ")
        name, *arguments = shlex.split(self._names.insert(line))
        if "BROKER" not in line:
            arguments += ["--bootstrap-server", self._bootstrap]
        argv = apache_kafka.tool(self._version, name, *arguments, jvm=self._jvm)
        return Tool(argv, self._names.insert(block.standard_input)), arrangement

    def _once(self, block: Block) -> str:
        return self._ended(*self._tool(block))

    def _until(self, block: Block) -> str:
        end = time.monotonic() + AGAIN_S
        while (text := self._once(block)) != block.wanted and time.monotonic() < end:
            time.sleep(0.2)
        return text

    def _start(self, block: Block) -> str:
        self._behind.append(self._tool(block))
        return ""

    def _do(self, block: Block) -> str:
        verb, *rest = block.command.split()
        if not rest:
            ask_broker(verb)
            return ""
        tool, arrangement = self._behind[int(rest[0]) - 1]
        if verb == "lines":
            tool.wait_for(*map(int, rest[1:]))
            return ""
        if verb == "die":
            tool.kill()
            tool.end(END_S)
            return ""
        expect(verb in ("end", "wait"), f"no such word: {verb}")
        if verb == "end":
            tool.interrupt()
        return self._ended(tool, arrangement, *map(float, rest[1:]))

    def _ended(self, tool: Tool, arrangement: list[str], seconds: float = END_S) -> str:
        """What a tool has printed in all, arranged and masked, and its exit code unless it is 0."""
        lines, code = tool.end(seconds)
        picked = arrange.picked(
            map(arrange.ordered, lines), [self._names.insert(pipe) for pipe in arrangement]
        )
        text = self._names.mask("".join(f"{line}\n" for line in picked))
        text = "".join(f"{line}\n" for line in arrange.arranged(text.splitlines(), arrangement))
        return text if code in (0, 143) else f"{text}[exit code {code}]\n"  # 143: ended as it was told to

    def close(self) -> None:
        """End what is left."""
        for tool, _ in self._behind:
            tool.kill()


def come_out(version: str, transcript: str, bootstrap: str) -> str:
    """The transcript as it comes out now."""
    running = Run(version, bootstrap)
    comment = re.split(r"(?m)^(?=[$?&!] )", transcript)[0]
    try:
        texts: list[Any] = ["\n".join(block.head) + "\n" + running.of(block) for block in blocks(transcript)]
    finally:
        running.close()
    return comment + "".join(texts)
