"""confluent-kafka's asyncio client: consumer groups with the protocol of KIP-848."""

from __future__ import annotations

from typing import Any

from common import make_topic
from groups import Member, all_read, comes_back, leave_all, shared
from harness import fresh

# The broker sets the timeouts of such members: librdkafka refuses to have them set.
SETTINGS: dict[str, Any] = {
    "group.protocol": "consumer",
    "session.timeout.ms": None,
    "heartbeat.interval.ms": None,
}


async def consumer_group_members(bootstrap: str) -> None:
    topic, group = await make_topic(bootstrap, 6), fresh("group")
    members = [Member(bootstrap, topic, group, **SETTINGS)]
    await shared(members, 6)
    members += [Member(bootstrap, topic, group, **SETTINGS) for _ in range(2)]
    await shared(members, 6)
    everybody = list(members)
    await all_read(bootstrap, topic, everybody, range(600))
    await members.pop().leave()
    await shared(members, 6)
    await all_read(bootstrap, topic, everybody, range(600, 1200))
    await leave_all(members)


async def consumer_group_upgrade(bootstrap: str) -> None:
    topic, group = await make_topic(bootstrap, 6), fresh("group")
    old = [Member(bootstrap, topic, group), Member(bootstrap, topic, group)]
    await shared(old, 6)
    new = [Member(bootstrap, topic, group, **SETTINGS)]
    await shared(old + new, 6)
    await old.pop().leave()
    await shared(old + new, 6)
    await new.pop().leave()
    await shared(old, 6)
    await leave_all(old)


async def consumer_group_regex(bootstrap: str) -> None:
    prefix, group = fresh("regex"), fresh("group")
    await make_topic(bootstrap, 2, f"{prefix}-a")
    await make_topic(bootstrap, 2, f"other-{prefix}")
    member = Member(bootstrap, f"^{prefix}-.*", group, **SETTINGS)
    await shared([member], 2)
    await make_topic(bootstrap, 4, f"{prefix}-b")
    await shared([member], 6)
    await leave_all([member])


async def consumer_group_static(bootstrap: str) -> None:
    await comes_back(bootstrap, **SETTINGS)
