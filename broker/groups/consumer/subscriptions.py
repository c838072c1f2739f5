"""How many members of a consumer group want each topic, by its name or by a regular expression."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from .member import ConsumerMember


class Subscriptions:
    """The subscriptions of all members.

    `by_name` counts the members that name a topic, `by_regex` the resolved expressions that match it, and
    `regexes` the members that subscribe with each expression. Nothing is kept at zero.
    """

    __slots__ = ("by_name", "by_regex", "regexes")

    def __init__(self, by_name: Counter[str], by_regex: Counter[str], regexes: Counter[str]) -> None:
        self.by_name, self.by_regex, self.regexes = by_name, by_regex, regexes

    @classmethod
    def none(cls) -> Subscriptions:
        """Those of a group without members."""
        return cls(Counter(), Counter(), Counter())

    def copy(self) -> Subscriptions:
        """The same, to be changed on its own."""
        return Subscriptions(Counter(self.by_name), Counter(self.by_regex), Counter(self.regexes))

    @property
    def topics(self) -> set[str]:
        """Every topic that somebody wants, whether it exists or not."""
        return {*self.by_name, *self.by_regex}

    def wants(self, topic: str) -> bool:
        """Whether somebody wants the topic."""
        return topic in self.by_name or topic in self.by_regex

    def is_homogeneous(self, members: int) -> bool:
        """Whether all of so many members want the same topics, all by name or all by one expression."""
        if not self.regexes:
            return not self.by_regex and all(count == members for count in self.by_name.values())
        if next(iter(self.regexes.values())) != members:
            return False
        return not self.by_name and all(count == 1 for count in self.by_regex.values())

    def replace(self, old: ConsumerMember | None, new: ConsumerMember | None) -> None:
        """A member wants something else, has come (no `old`), or has gone (no `new`)."""
        for member, change in ((old, -1), (new, 1)):
            if member is not None:
                _add(self.by_name, member.topic_names, change)
                if member.topic_regex:
                    _add(self.regexes, (member.topic_regex,), change)

    def resolve(self, old: Iterable[str], new: Iterable[str]) -> None:
        """An expression matches other topics than before."""
        _add(self.by_regex, old, -1)
        _add(self.by_regex, new, 1)


def _add(counter: Counter[str], names: Iterable[str], change: int) -> None:
    for name in names:
        counter[name] += change
        if not counter[name]:
            del counter[name]
