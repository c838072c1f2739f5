"""Histories of consumer groups that nobody has thought out: members of both protocols come, obey or do not,
and go, in a random sequence. Each is told by its seed, and both brokers are to answer every step alike.
"""

from __future__ import annotations

import random
import time
from functools import partial
from typing import Any, NamedTuple

from odradek.broker.groups.java_order import uuid_set_order
from odradek.protocol.messages import delete_topics, leave_group
from odradek.protocol.messages.consumer_group_heartbeat import TOPIC_PARTITIONS
from probes import Answers, Prober, story
from probes.stories.consumer_groups import beat, classic_join, commit, describe, fetch

HISTORIES = 16
STEPS = 40
MEMBERS = 5
RESOLVING_S = 0.5
TOPICS = {"paths": 4, "routes": 2}
SUBSCRIPTIONS = (["paths"], ["routes"], ["paths", "routes"], ["paths", "nowhere"], [])
REGEXES = ("pat.*", "routes|paths")


class Member(NamedTuple):
    """A member as it sees itself: `epoch` is its generation if it is `classic`."""

    member_id: str
    epoch: int = 0
    instance_id: str | None = None
    owned: dict[bytes, list[int]] = {}
    classic: bool = False


class History:
    """One group, from its first member on. All that is random comes from `seed`."""

    def __init__(self, prober: Prober, seed: int) -> None:
        self._prober = prober
        self._chance = random.Random(seed)
        self._group = f"history-{seed}"
        self._members: dict[str, Member] = {}
        self._made = 0
        # One of each alone: what two bring about is in `a_second_expression` and `a_tie_of_assignors`.
        self._regex = self._chance.choice(REGEXES)
        self._assignor = self._chance.choice(("range", "uniform"))

    def tell(self) -> Answers:
        """What happens, and what the group is like after it."""
        _make_topics(self._prober)
        for number in range(STEPS):
            action = self._chance.choice(self._actions())
            for label, answer in action():
                yield f"{number}, {label}", answer
            if number % 3 == 0:
                yield f"{number}, described", describe(self._prober, self._group)
        yield "listed", self._listed()
        yield "described as classic", self._prober.ask("describe_groups", 6, groups=[self._group])

    def _listed(self) -> list[Any]:
        groups = self._prober.ask("list_groups", 5).groups
        return [group for group in groups if group.group_id == self._group]

    def _actions(self) -> list[Any]:
        consumers = [each for each in self._members.values() if not each.classic]
        classics = [each for each in self._members.values() if each.classic]
        actions: list[Any] = []
        if len(self._members) < MEMBERS:
            actions += [self._join] * 3
            if consumers:
                actions += [self._classic_join]
        for member in consumers:
            actions += [partial(self._beat, member)] * 6
            actions += [partial(self._stray, member), partial(self._use_offsets, member)]
            if len(consumers) > 1:
                actions += [partial(self._leave, member)]
        for member in classics:
            actions += [partial(self._live_classic, member)] * 4
            actions += [partial(self._use_offsets, member), partial(self._leave_classic, member)]
        return actions

    # Members of the consumer protocol

    def _join(self) -> Answers:
        self._made += 1
        member = Member(f"m{self._made}", instance_id=self._chance.choice((None, None, "i1", "i2")))
        yield from self._tell_beat("joins", member, 0, **self._wishes(), **self._place())

    def _place(self) -> dict[str, Any]:
        return {"rack_id": self._chance.choice((None, "a", "b")), "rebalance_timeout_ms": 120_000}

    def _wishes(self) -> dict[str, Any]:
        names: list[str] | None = self._chance.choice(SUBSCRIPTIONS)
        regex = self._chance.choice((None, None, None, "", self._regex))
        if regex is not None and self._chance.random() < 0.5:
            names = None
        assignor = self._chance.choice((None, self._assignor))
        return {
            "subscribed_topic_names": names,
            "subscribed_topic_regex": regex,
            "server_assignor": assignor,
        }

    def _beat(self, member: Member) -> Answers:
        fields: dict[str, Any] = {}
        if self._chance.random() < 0.8:
            fields["topic_partitions"] = _partitions(member.owned)
        if self._chance.random() < 0.15:
            fields |= self._wishes()
        if self._chance.random() < 0.1:
            fields |= self._place()
        yield from self._tell_beat("lives", member, member.epoch, **fields)

    def _tell_beat(self, what: str, member: Member, epoch: int, **fields: Any) -> Answers:
        answer = beat(
            self._prober, self._group, member.member_id, epoch, instance_id=member.instance_id, **fields
        )
        yield f"{member.member_id} {what} at {epoch} {_shown(self._prober, fields)}", answer
        if fields.get("subscribed_topic_regex"):
            time.sleep(RESOLVING_S)
        if answer.error_code:
            if answer.error_code in (25, 110, 111):  # unknown, fenced: it would begin anew
                self._members.pop(member.member_id, None)
            return
        if epoch == 0 and member.instance_id is not None:
            for other in list(self._members.values()):
                if other.instance_id == member.instance_id:
                    del self._members[other.member_id]
        owned = member.owned
        if answer.assignment is not None:
            owned = {each.topic_id: each.partitions for each in answer.assignment.topic_partitions}
        self._members[member.member_id] = member._replace(epoch=answer.member_epoch, owned=owned)

    def _stray(self, member: Member) -> Answers:
        """It gets something wrong, or repeats itself."""
        epoch = member.epoch + self._chance.choice((-1, -1, 1))
        kept = {topic: p for topic, p in member.owned.items() if self._chance.random() < 0.5}
        answer = beat(
            self._prober,
            self._group,
            member.member_id,
            max(epoch, 1),
            instance_id=self._chance.choice((member.instance_id, "i1")),
            topic_partitions=_partitions(kept),
        )
        yield f"{member.member_id} strays to {epoch}", answer
        if answer.error_code == 0:
            self._members[member.member_id] = member._replace(epoch=answer.member_epoch)

    def _leave(self, member: Member) -> Answers:
        epoch = -1 if member.instance_id is None else self._chance.choice((-1, -2))
        answer = beat(self._prober, self._group, member.member_id, epoch, instance_id=member.instance_id)
        yield f"{member.member_id} leaves with {epoch}", answer
        del self._members[member.member_id]
        if epoch == -2:
            self._made += 1
            back = Member(f"m{self._made}", instance_id=member.instance_id)
            if self._chance.random() < 0.8:
                yield from self._tell_beat("comes back", back, 0, **self._wishes(), **self._place())

    def _use_offsets(self, member: Member) -> Answers:
        index = self._chance.randrange(4)
        epoch = member.epoch - self._chance.choice((0, 0, 1))
        committed = commit(self._prober, self._group, member.member_id, epoch, 10, index, "paths")
        yield f"{member.member_id} commits {index} at {epoch}", committed
        yield (
            f"{member.member_id} fetches",
            fetch(self._prober, self._group, member.member_id, epoch, topic="paths"),
        )

    # Members of the classic protocol

    def _classic(self, member_id: str, version: int = 9) -> Any:
        return classic_join(
            self._prober,
            self._group,
            member_id,
            version,
            names=("range",),
            topics=["paths"],
            session_timeout_ms=60_000,
            rebalance_timeout_ms=120_000,
        )

    def _sync(self, member_id: str, generation_id: int) -> Any:
        return self._prober.ask(
            "sync_group",
            3,
            group_id=self._group,
            member_id=member_id,
            generation_id=generation_id,
        )

    def _classic_join(self) -> Answers:
        """It names itself, since who gets which partition depends on the ids of all members."""
        self._made += 1
        yield from self._rejoin(Member(f"c{self._made}", classic=True))

    def _rejoin(self, member: Member) -> Answers:
        joined = self._classic(member.member_id)
        yield f"{member.member_id} joins", joined
        if joined.error_code:
            self._members.pop(member.member_id, None)
            return
        self._members[member.member_id] = member._replace(epoch=joined.generation_id)
        if self._chance.random() < 0.9:
            yield f"{member.member_id} syncs", self._sync(member.member_id, joined.generation_id)

    def _live_classic(self, member: Member) -> Answers:
        answer = self._prober.ask(
            "heartbeat", 3, group_id=self._group, member_id=member.member_id, generation_id=member.epoch
        )
        yield f"{member.member_id} lives", answer
        if answer.error_code == 27:
            yield from self._rejoin(member)

    def _leave_classic(self, member: Member) -> Answers:
        leaving = [leave_group.REQUEST_MEMBER(member_id=member.member_id)]
        yield (
            f"{member.member_id} leaves",
            self._prober.ask("leave_group", 4, group_id=self._group, members=leaving),
        )
        del self._members[member.member_id]


def _make_topics(p: Prober) -> None:
    """Two topics, made again until their random ids are served in this order: which partitions a member gets
    depends on that.
    """
    while not _are_in_order([p.topic_ids.get(name) for name in TOPICS]):
        gone = [delete_topics.REQUEST_TOPIC(name=name) for name in TOPICS if name in p.topic_ids]
        if gone:
            p.ask("delete_topics", 6, topics=gone, timeout_ms=10_000)
        for name, partitions in TOPICS.items():
            p.create_topic(name, partitions)


def _are_in_order(ids: list[bytes | None]) -> bool:
    known = [each for each in ids if each is not None]
    return len(known) == len(TOPICS) and uuid_set_order(known) == uuid_set_order(known[::-1]) == known


def _partitions(owned: dict[bytes, list[int]]) -> list[Any]:
    return [TOPIC_PARTITIONS(topic_id=topic, partitions=list(p)) for topic, p in owned.items()]


def _shown(prober: Prober, fields: dict[str, Any]) -> str:
    names = {topic_id: name for name, topic_id in prober.topic_ids.items()}
    said = {key: value for key, value in fields.items() if key != "topic_partitions"}
    owned = fields.get("topic_partitions")
    if owned is not None:
        said["has"] = {names.get(each.topic_id, "?"): each.partitions for each in owned}
    return str({key: value for key, value in said.items() if value is not None})


def _register(seed: int) -> None:
    def history(p: Prober) -> Answers:
        yield from History(p, seed).tell()

    history.__name__ = f"history_{seed}"
    story(history)


for _seed in range(HISTORIES):
    _register(_seed)
