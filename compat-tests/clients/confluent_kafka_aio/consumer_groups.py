"""confluent-kafka's asyncio client: consumer groups with the protocol of KIP-848."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from common import make_topic, until
from groups import SECONDS, Member, all_read, comes_back, leave_all, shared
from harness import fresh, killed_when_ready

# The broker sets the timeouts of such members: librdkafka refuses to have them set.
SETTINGS: dict[str, Any] = {
    "group.protocol": "consumer",
    "session.timeout.ms": None,
    "heartbeat.interval.ms": None,
}


def live(ready: Callable[[], object], bootstrap: str, topic: str, group: str) -> None:
    """Be a member that owns something, until killed."""

    async def join() -> None:
        member = Member(bootstrap, topic, group, **SETTINGS)

        async def owning() -> bool:
            return bool(member.owned)

        await until(owning, "it owns something", SECONDS)
        ready()
        await asyncio.Event().wait()

    asyncio.run(join())


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
    await asyncio.to_thread(killed_when_ready, live, bootstrap, topic, group)
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
