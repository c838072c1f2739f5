"""What a run leaves, and another run's beside it: where clients fare at two brokers differently."""

from __future__ import annotations

import dataclasses
import json
import pathlib
from collections.abc import Iterator, Sequence

from .cells import Cell


@dataclasses.dataclass
class Outcome:
    """What a run leaves: its cells, what broker they met, and the seconds that all took."""

    cells: Sequence[Cell]
    against: str
    seconds: float

    def write(self, path: pathlib.Path) -> None:
        """As JSON."""
        cells = [dataclasses.asdict(cell) for cell in self.cells]
        told = {"against": self.against, "seconds": self.seconds, "cells": cells}
        path.write_text(json.dumps(told, indent=1) + "\n")

    @classmethod
    def read(cls, path: pathlib.Path) -> Outcome:
        """What `write` wrote. OSError; ValueError for any other file."""
        found = json.loads(path.read_text())
        try:
            return cls([Cell(**cell) for cell in found["cells"]], found["against"], found["seconds"])
        except (KeyError, TypeError) as error:
            raise ValueError(f"{path} is not what --json has written") from error

    def differing(self, other: Outcome) -> Iterator[tuple[Cell, Cell]]:
        """The cells that both runs have and whose outcomes differ, each with the other run's."""
        found = {(cell.client, cell.scenario): cell for cell in other.cells}
        for cell in self.cells:
            beside = found.get((cell.client, cell.scenario), cell)
            if beside.outcome != cell.outcome:
                yield cell, beside
