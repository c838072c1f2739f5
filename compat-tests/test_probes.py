"""Single requests that no client sends, here and at Apache Kafka 4.4: the same answers, except for what
docs/differences.md lists.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from comparison.differences import Difference, Row, rows, unexplained
from probes import Story, load
from probes.pair import Pair, compare

STORIES = load()
KNOWN = rows("Single requests")


class Tally:
    """Which stories were told, and which rows of docs/differences.md they needed."""

    def __init__(self) -> None:
        self.stories: set[str] = set()
        self.needed: set[Row] = set()


@pytest.fixture(scope="module", name="tally")
def _tally() -> Tally:
    return Tally()


@pytest.mark.parametrize(("name", "story"), STORIES.items(), ids=list(STORIES))
def test_answers_are_the_same(name: str, story: Story, pair: Pair, tally: Tally) -> None:
    """Every answer of a story, field by field."""
    ours, theirs = pair.tell(story)
    tally.stories.add(name)
    left = unexplained(compare(name, ours, theirs), KNOWN, tally.needed)
    assert not left, "\n".join(map(str, left))


def test_every_listed_difference_is_one(tally: Tally) -> None:
    """No row of docs/differences.md is there that no story needs (when all stories were told)."""
    if tally.stories == STORIES.keys():
        assert [row for row in KNOWN if row not in tally.needed] == []


def answers(*errors: int) -> Iterator[Difference]:
    """One difference, in an error code."""
    yield Difference("topics.unknown: no name, v1", "topics[0].error_code", *map(str, errors))


def test_a_row_covers_what_it_names_and_nothing_else() -> None:
    """`*` stands for anything; other text for itself."""
    row = Row("topics.unknown: *, v1", "topics[*].error_code", "3", "17", "because")
    used: set[Row] = set()
    assert unexplained(answers(3, 17), [row], used) == []
    assert used == {row}
    assert unexplained(answers(3, 18), [row], used) == list(answers(3, 18))
