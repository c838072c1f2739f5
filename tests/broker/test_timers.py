"""The heap of deadlines."""

from __future__ import annotations

from odradek.broker.timers import CANCELLED_KEPT, Timers


def test_timers_run_in_the_order_of_their_deadlines() -> None:
    """Of one deadline in the order of creation; those that are not due wait, and what is cancelled never
    runs.
    """
    timers, ran = Timers(), []
    for name, deadline_ms in (("c", 3.0), ("a", 1.0), ("b", 1.0), ("d", 9.0)):
        timers.at(deadline_ms, lambda name=name: ran.append(name))  # type: ignore[misc]
    timers.at(0.5, lambda: ran.append("cancelled")).cancel()
    assert timers.next_deadline() == 1.0
    assert timers.run_due(3.0) == 3
    assert ran == ["a", "b", "c"]
    assert timers.next_deadline() == 9.0


def test_a_callback_may_set_and_cancel_timers() -> None:
    """A timer that is set for now runs in the same turn; cancelling one that has run does nothing."""
    timers, ran = Timers(), []

    def again() -> None:
        ran.append("first")
        first.cancel()
        timers.at(0.0, lambda: ran.append("second"))

    first = timers.at(1.0, again)
    assert timers.run_due(1.0) == 2
    assert ran == ["first", "second"]
    assert timers.next_deadline() is None


def test_cancelled_timers_do_not_pile_up() -> None:
    """A client whose long polls always end early leaves a bounded number of deadlines behind."""
    timers, ran = Timers(), []
    for number in range(500):
        timers.at(number, lambda: ran.append("ran"))
    for _ in range(100_000):
        timers.at(1e9, lambda: None).cancel()
    assert len(timers) <= 2 * CANCELLED_KEPT + 500
    assert timers.run_due(1e9) == len(ran) == 500
