"""A client of a simulated group: its requests and answers take random times, its connection may break."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from odradek.broker.groups.events import Effects, Instant

if TYPE_CHECKING:
    from .world import World

GROUP = "flights"
STALL_MS = 50_000


class Violation(AssertionError):
    """Something happened that must never happen."""


class Token:
    """A request on its way: who waits for it, on which of its connections."""

    def __init__(self, client: Client, answer: Callable[[Any], None]) -> None:
        self.client = client
        self.connection = client.connection
        self.answer = answer


class Client:
    """Somebody in a group. What it does is for those who know its protocol: `join`, and `break_connection`
    for what it does when it connects again.
    """

    def __init__(self, world: World, name: str, instance_id: str | None) -> None:
        self.world = world
        self.name = name
        self.instance_id = instance_id
        self.alive = True
        self.connection = 0
        self.member_id = ""
        self.stalls = False
        self.last_arrival_ms = 0.0
        self.steps = 0

    def later(self, delay_ms: float, step: Callable[[], None]) -> None:
        """Take the next step in a while, unless something else makes another step the next one."""
        self.steps += 1
        number = self.steps
        self.world.at(delay_ms, lambda: step() if self.alive and self.steps == number else None)

    def send(
        self,
        event: Callable[[Token, Instant, Effects], None],
        answer: Callable[[Any], None],
        may_stall: bool = False,
        before: Callable[[Instant, Effects], None] | None = None,
    ) -> None:
        """Send a request; `answer` is called with the reply, unless the connection breaks first. `before` is
        an event of its own that comes right before it.
        """
        world, token = self.world, Token(self, answer)
        if not world.quiet and world.rng.random() < world.trouble.break_connection:
            world.at(world.rng.random() * 50, self.break_connection)
        # A connection keeps the order of its requests.
        delay_ms = world.rng.random() * 40
        if self.stalls and may_stall and not world.quiet:
            self.stalls = False
            delay_ms = world.rng.random() * STALL_MS
        self.last_arrival_ms = max(self.last_arrival_ms, world.now_ms + delay_ms)

        def arrive() -> None:
            if token.connection == self.connection or self.arrives_late():
                if before is not None:
                    world.submit(lambda effects: before(world.instant(), effects))
                world.submit(lambda effects: event(token, world.instant(), effects))

        world.on(self.last_arrival_ms, arrive)

    def arrives_late(self) -> bool:
        """Whether a request still reaches the coordinator after its connection broke."""
        return False

    def receive(self, token: Token, reply: Any) -> None:
        """A reply leaves the coordinator."""

        def arrive() -> None:
            if self.alive and token.connection == self.connection:
                token.answer(reply)

        self.world.at(self.world.rng.random() * 40, arrive)

    def break_connection(self) -> None:
        """All that is in flight is lost."""
        self.connection += 1

    def crash(self) -> None:
        """Gone without a word."""
        self.alive = False
        self.connection += 1
