"""What a run leaves, and those of other runs beside it: where clients fare at other brokers differently."""

from __future__ import annotations

import dataclasses
import functools
import json
import pathlib
from collections.abc import Mapping, Sequence

from .cells import Cell
from .report import by_place


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

    @functools.cached_property
    def by_place(self) -> Mapping[tuple[str, str], Cell]:
        """The cells by client and scenario."""
        return by_place(self.cells)

    def of(self, cell: Cell) -> Cell | None:
        """The same cell here, if there is one."""
        return self.by_place.get((cell.client, cell.scenario))

    def differs_from(self, cell: Cell) -> bool:
        """Whether the cell ended otherwise here."""
        same = self.of(cell)
        return same is not None and same.outcome != cell.outcome

    @classmethod
    def joined(cls, outcomes: Sequence[Outcome]) -> Outcome:
        """Runs against one broker as one: a cell is as the last of them has it. ValueError for several."""
        (against,) = {outcome.against for outcome in outcomes}
        cells = by_place(cell for outcome in outcomes for cell in outcome.cells)
        return cls(list(cells.values()), against, sum(outcome.seconds for outcome in outcomes))
