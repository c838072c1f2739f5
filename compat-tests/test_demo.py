"""The demonstration, cut small, and that its comparison with the file can fail."""

from __future__ import annotations

import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "scripts" / "demonstration"))

from expected import differing_journeys, differing_totals, journeys, totals  # noqa: E402

FLEW = {"dep_time": "517", "dep_delay": "2", "carrier": "UA", "tailnum": "N14228", "distance": "1400"}
STAYED = {"dep_time": "NA", "dep_delay": "NA", "carrier": "UA", "tailnum": "NA", "distance": "416"}
ROWS = [FLEW, {**FLEW, "dep_delay": "-5"}, STAYED, {**FLEW, "tailnum": "N619AA"}]


def test_the_first_flights_come_out_as_the_file_has_them() -> None:
    """20,000 flights, three groups, an absence and a kill -9: every check holds, in lines under 100."""
    done = subprocess.run(
        [str(ROOT / "scripts" / "demo"), "--flights", "20000"], capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "10 of 10 checks hold" in done.stdout
    assert "kill -9: the broker is dead" in done.stdout
    assert "DIFFERS" not in done.stdout
    assert "\x1b" not in done.stdout
    assert max(map(len, done.stdout.splitlines())) < 100


def test_totals_are_those_of_the_rows() -> None:
    """Cancelled flights count as flights and cancelled ones, and have neither delay nor invoice."""
    found = totals(ROWS)
    assert found["board"] == {"flights": 4, "departed": 3, "cancelled": 1}
    assert found["delays"]["minutes of delay, UA"] == -1
    assert found["billing"] == {"cents from UA": 3 * (25_000 + 12 * 1400), "invoices": 3}


def test_a_wrong_total_is_reported() -> None:
    """One flight more or less, or a total that is absent, gives a sentence with both figures."""
    right = totals(ROWS)["board"]
    assert differing_totals(right, dict(right)) == []
    assert differing_totals(right, {**right, "flights": 5}) == ["flights: 4 in the file, 5 counted"]
    assert differing_totals(right, {"flights": 4, "departed": 3}) == ["cancelled: 1 in the file, 0 counted"]


@pytest.mark.parametrize(
    ("found", "sentence"),
    [
        ([0], "N14228: lost [1]"),
        ([0, 1, 1], "N14228: doubled [1]"),
        ([1, 0], "N14228: out of order"),
        ([0, 1, 7], "N14228: strange [7]"),
    ],
)
def test_an_aircraft_with_wrong_flights_is_reported(found: list[int], sentence: str) -> None:
    """Lost, doubled, swapped and strange flights of an aircraft are told apart."""
    right = journeys(ROWS)
    assert differing_journeys(right, {key: list(value) for key, value in right.items()}) == []
    assert differing_journeys(right, {**right, "N14228": found}) == [sentence]
