"""Single requests that no client sends, to Odradek and to Apache Kafka: the answers have to be the same.

A probe lives in a story, a function in one of the modules of `stories`, one module a group of APIs:

    @story
    def unknown_topics(p: Prober) -> Answers:
        \"\"\"Topics that are not there.\"\"\"
        yield from p.each_version("unknown", "metadata", topics=[metadata.REQUEST_TOPIC(name="nowhere")])
        yield "no partitions", p.ask("create_topics", 7, topics=[...], timeout_ms=1000)

It runs once against each broker, on a connection of its own; what it yields are a label and an answer. Topics
and groups are the story's own (begin their names with the story's); only `pair.TOPICS` are there before.
What differs is a failure unless docs/differences.md lists it; what a broker may choose, ids and times, is
masked by comparison/undetermined.py. `scripts/compat-probes [STORY ...]` runs them by hand.
"""

from .prober import HANGS_UP, NO_ANSWER, Prober
from .register import Answers, Story, load, story

__all__ = ["HANGS_UP", "NO_ANSWER", "Answers", "Prober", "Story", "load", "story"]
