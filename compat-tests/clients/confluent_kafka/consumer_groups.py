"""confluent-kafka: consumer groups with the protocol of KIP-848."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from common import admin_client, make_topic
from groups import Member, all_read, share
from harness import expect_equal, fresh, killed_when_ready, wait_until

# The broker sets the timeouts of such members: librdkafka refuses to have them set.
SETTINGS = {"group.protocol": "consumer", "session.timeout.ms": None, "heartbeat.interval.ms": None}
SECONDS = 60  # longer than the session of a member that dies, 45 seconds


def join(bootstrap: str, topics: str | list[str], group: str, **options: Any) -> Member:
    """A member with the consumer protocol."""
    return Member(bootstrap, topics, group, **{**SETTINGS, **options})


def shared(members: list[Member], partitions: int) -> None:
    """Wait until the members share the partitions."""
    what = f"{partitions} partitions shared by {len(members)}"
    wait_until(lambda: share(members, partitions), what, SECONDS)


def group_type(bootstrap: str, group: str) -> str:
    """The type of a group, as the broker lists it."""
    listed = admin_client(bootstrap).list_consumer_groups().result(20).valid
    return next(one.type.name for one in listed if one.group_id == group)


def live(ready: Callable[[], object], bootstrap: str, topic: str, group: str) -> None:
    """Be a member that owns something, until killed."""
    member = join(bootstrap, topic, group)
    wait_until(lambda: member.owned, "it owns something", SECONDS)
    ready()
    threading.Event().wait()


def consumer_group_members(bootstrap: str) -> None:
    topic, group = make_topic(bootstrap, 6), fresh("group")
    members = [join(bootstrap, topic, group)]
    shared(members, 6)
    members += [join(bootstrap, topic, group), join(bootstrap, topic, group)]
    shared(members, 6)
    everybody = list(members)
    all_read(bootstrap, topic, everybody, range(600))
    members.pop().leave()
    shared(members, 6)
    killed_when_ready(live, bootstrap, topic, group)
    shared(members, 6)
    all_read(bootstrap, topic, everybody, range(600, 1200))
    expect_equal(group_type(bootstrap, group), "CONSUMER", "type of the group")
    for member in members:
        member.leave()


def consumer_group_upgrade(bootstrap: str) -> None:
    topic, group = make_topic(bootstrap, 6), fresh("group")
    old = [Member(bootstrap, topic, group), Member(bootstrap, topic, group)]
    shared(old, 6)
    expect_equal(group_type(bootstrap, group), "CLASSIC", "type before")
    new = [join(bootstrap, topic, group)]
    shared(old + new, 6)
    expect_equal(group_type(bootstrap, group), "CONSUMER", "type with a member of the consumer protocol")
    old.pop().leave()
    shared(old + new, 6)
    new.pop().leave()
    shared(old, 6)
    expect_equal(group_type(bootstrap, group), "CLASSIC", "type after its last member of that protocol left")
    old.pop().leave()


def consumer_group_regex(bootstrap: str) -> None:
    prefix, group = fresh("regex"), fresh("group")
    make_topic(bootstrap, 2, f"{prefix}-a")
    make_topic(bootstrap, 2)
    member = join(bootstrap, f"^{prefix}-.*", group)
    shared([member], 2)
    make_topic(bootstrap, 4, f"{prefix}-b")
    shared([member], 6)
    expect_equal({topic for topic, _ in member.owned}, {f"{prefix}-a", f"{prefix}-b"}, "topics")
    member.leave()


def consumer_group_static(bootstrap: str) -> None:
    topic, group = make_topic(bootstrap, 6), fresh("group")
    settled = join(bootstrap, topic, group, **{"group.instance.id": "settled"})
    moving = join(bootstrap, topic, group, **{"group.instance.id": "moving"})
    shared([settled, moving], 6)
    owned, noticed = set(moving.owned), len(settled.revoked)
    moving.leave()  # a static member's close says that it will be back
    back = join(bootstrap, topic, group, **{"group.instance.id": "moving"})
    shared([settled, back], 6)
    expect_equal(back.owned, owned, "partitions of the member that came back")
    expect_equal(len(settled.revoked), noticed, "rebalances of the other")
    for member in (settled, back):
        member.leave()
