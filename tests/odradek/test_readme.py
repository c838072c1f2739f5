"""The README's Python blocks run as they stand."""

from __future__ import annotations

import pathlib
import re

import pytest

from odradek import Broker

README = pathlib.Path(__file__).resolve().parents[2] / "README.md"
BLOCKS = re.findall(r"^```python\n(.*?)^```", README.read_text(), re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("block", BLOCKS, ids=[str(number) for number in range(len(BLOCKS))])
def test_a_block_of_the_readme_runs(block: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Against a broker on a free port; a test in it is called; what it says it prints, it does."""
    with Broker() as broker:
        names: dict[str, object] = {"__name__": "readme"}
        exec(compile(block.replace("127.0.0.1:9092", broker.bootstrap), str(README), "exec"), names)
        for name, value in names.items():
            if name.startswith("test_") and callable(value):
                value(broker)
    printed = capsys.readouterr().out
    for line in re.findall(r"^ *print\(.*\)  # (.*)$", block, re.MULTILINE):
        assert line in printed


def test_the_readme_has_its_blocks() -> None:
    """A first producer and consumer, two ways of embedding, and the fixture."""
    assert len(BLOCKS) == 4
