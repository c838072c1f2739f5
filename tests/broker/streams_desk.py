"""A broker without sockets in the words of members of streams groups."""

from __future__ import annotations

from typing import Any

from odradek.protocol.messages.streams_group_heartbeat import (
    COPARTITION_GROUP,
    KEY_VALUE,
    SUBTOPOLOGY,
    TASK_IDS,
    TOPIC_INFO,
    TOPOLOGY,
)

from .group_desk import Desk

Tasks = dict[str, list[int]]
ROLES = ("active_tasks", "standby_tasks", "warmup_tasks")
NOTHING: dict[str, Any] = {role: [] for role in ROLES}


def topic(name: str, partitions: int = 0, configs: dict[str, str] | None = None) -> Any:
    """An internal topic."""
    pairs = [KEY_VALUE(key=key, value=value) for key, value in (configs or {}).items()]
    return TOPIC_INFO(name=name, partitions=partitions, topic_configs=pairs)


def subtopology(
    subtopology_id: str, sources: list[str], copartitioned: list[int] | None = None, **fields: Any
) -> Any:
    """A subtopology; `copartitioned` are indexes of sources that need the same number of partitions."""
    groups = [] if copartitioned is None else [COPARTITION_GROUP(source_topics=copartitioned)]
    return SUBTOPOLOGY(
        subtopology_id=subtopology_id, source_topics=sources, copartition_groups=groups, **fields
    )


def topology(*subtopologies: Any, epoch: int = 0) -> Any:
    """A topology."""
    return TOPOLOGY(epoch=epoch, subtopologies=list(subtopologies))


STATELESS = topology(subtopology("0", ["orders"]))
STATEFUL = topology(
    subtopology("0", ["orders"], state_changelog_topics=[topic("log", configs={"cleanup.policy": "compact"})])
)
COUNTING = topology(
    subtopology("0", ["orders"], repartition_sink_topics=["words"]),
    subtopology(
        "1", [], repartition_source_topics=[topic("words")], state_changelog_topics=[topic("counts")]
    ),
)


def beat(desk: Desk, member_id: str = "m1", epoch: int = 0, version: int = 1, **fields: Any) -> Any:
    """A StreamsGroupHeartbeat of the group `g`; one that joins is a process of its own. `active` and
    `standby` are what it says that it has.
    """
    if epoch == 0:
        joins = {"rebalance_timeout_ms": 30_000, "topology": STATELESS, "process_id": f"p-{member_id}"}
        fields = {**joins, **NOTHING, **fields}
    if "active" in fields:
        owned = {
            "active_tasks": fields.pop("active"),
            "standby_tasks": fields.pop("standby", {}),
            "warmup_tasks": {},
        }
        for role, tasks in owned.items():
            fields[role] = [TASK_IDS(subtopology_id=each, partitions=p) for each, p in tasks.items()]
    who: dict[str, Any] = {"group_id": "g", "member_id": member_id, "member_epoch": epoch}
    return desk.ask("streams_group_heartbeat", version, **who, **fields)


def told(answer: Any, role: str = "active") -> Tasks | None:
    """The tasks of one role in an answer; None when it says nothing of them."""
    assert answer.error_code == 0, answer
    tasks = getattr(answer, f"{role}_tasks")
    return None if tasks is None else {each.subtopology_id: each.partitions for each in tasks}


def statuses(answer: Any) -> list[tuple[int, str]]:
    """The statuses of an answer."""
    assert answer.error_code == 0, answer
    return [(status.status_code, status.status_detail) for status in answer.status]


def described(desk: Desk, version: int = 1) -> Any:
    """The group `g`."""
    return desk.ask("streams_group_describe", version, group_ids=["g"]).groups[0]
