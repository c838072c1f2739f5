"""What clients may ask of topics beyond their names: replicas and assignments, with one broker to put them
on.

Production settings have to run here, so replication factors above 1 are taken for 1, and assignments to
brokers that do not exist for assignments to this one. With `strict.replication=true` both are refused as
Kafka with one broker does.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from ..protocol.errors import ErrorCode
from .topics import TopicError

if TYPE_CHECKING:
    from .config.broker_config import BrokerConfig

log = logging.getLogger(__name__)


class Replication:
    """The rules of one broker. The first clamped replication factor leaves a note in the log, the others do
    not.
    """

    def __init__(self, config: BrokerConfig) -> None:
        self._config = config
        self._strict: bool = config["strict.replication"]
        self._noted = False

    def check_factor(self, replication_factor: int) -> None:
        """Raise TopicError for a replication factor that cannot be; -1 is the broker's default."""
        if replication_factor < -1 or replication_factor == 0:
            raise TopicError(
                ErrorCode.INVALID_REPLICATION_FACTOR,
                "Replication factor must be larger than 0, or -1 to use the default value.",
            )
        wanted = (
            self._config["default.replication.factor"] if replication_factor == -1 else replication_factor
        )
        if wanted <= 1:
            return
        if self._strict:
            raise TopicError(
                ErrorCode.INVALID_REPLICATION_FACTOR,
                f"Unable to replicate the partition {wanted} time(s): The target replication factor of "
                f"{wanted} cannot be reached because only 1 broker(s) are registered.",
            )
        self._note(wanted)

    def check_assignment(self, broker_ids: Sequence[int], replication_factor: int | None) -> None:
        """Raise TopicError for replicas that cannot be; `replication_factor` is that of the partitions
        before.
        """
        self._check(broker_ids, replication_factor, strict=self._strict)
        if len(broker_ids) > 1:
            self._note(len(broker_ids))

    def check_move(self, broker_ids: Sequence[int]) -> None:
        """Raise TopicError for replicas that a partition which is there cannot be moved to: all but this
        broker.
        """
        self._check(broker_ids, None, strict=True)

    def _check(self, broker_ids: Sequence[int], replication_factor: int | None, *, strict: bool) -> None:
        problem = self._assignment_problem(broker_ids, replication_factor, strict)
        if problem is not None:
            raise TopicError(
                ErrorCode.INVALID_REPLICA_ASSIGNMENT, f"The manual partition assignment includes {problem}"
            )

    def _assignment_problem(
        self, broker_ids: Sequence[int], replication_factor: int | None, strict: bool
    ) -> str | None:
        if not broker_ids:
            return "an empty replica list."
        seen: set[int] = set()
        for broker_id in broker_ids:
            if broker_id < 0 or (strict and broker_id != self._config.node_id):
                return f"broker {broker_id}, but no such broker is registered."
            if broker_id in seen:
                return f"the broker {broker_id} more than once."
            seen.add(broker_id)
        if replication_factor is not None and len(broker_ids) != replication_factor:
            return (
                f"a partition with {len(broker_ids)} replica(s), but this is not consistent with previous "
                f"partitions, which have {replication_factor} replica(s)."
            )
        return None

    def _note(self, wanted: int) -> None:
        if not self._noted:
            self._noted = True
            log.warning(
                "A topic asked for %d replicas and has one, as every topic here; "
                "strict.replication=true refuses.",
                wanted,
            )


def partition_count(topic: Any, replication: Replication, default: int) -> int:
    """How many partitions a CreatableTopic asks for; `default` for -1. Raises TopicError."""
    if not topic.assignments:
        replication.check_factor(topic.replication_factor)
        if topic.num_partitions < -1 or topic.num_partitions == 0:
            raise TopicError(
                ErrorCode.INVALID_PARTITIONS, "Number of partitions was set to an invalid non-positive value."
            )
        return default if topic.num_partitions == -1 else int(topic.num_partitions)
    for name, value in (
        ("replication factor", topic.replication_factor),
        ("numPartitions", topic.num_partitions),
    ):
        if value != -1:
            raise TopicError(
                ErrorCode.INVALID_REQUEST,
                f"A manual partition assignment was specified, but {name} was not set to -1.",
            )
    return _assigned(topic.assignments, replication)


def _assigned(assignments: Sequence[Any], replication: Replication) -> int:
    """The number of partitions in a manual assignment. Raises TopicError."""
    seen: set[int] = set()
    replication_factor = None
    for assignment in assignments:
        index = assignment.partition_index
        if index in seen:
            raise TopicError(
                ErrorCode.INVALID_REPLICA_ASSIGNMENT,
                f"Found multiple manual partition assignments for partition {index}",
            )
        seen.add(index)
        replication.check_assignment(assignment.broker_ids, replication_factor)
        replication_factor = len(assignment.broker_ids)
    if seen != set(range(len(seen))):
        raise TopicError(
            ErrorCode.INVALID_REPLICA_ASSIGNMENT,
            "partitions should be a consecutive 0-based integer sequence",
        )
    return len(seen)


def duplicates(names: Iterable[Any]) -> set[Any]:
    """What is named more than once in a request, which Kafka refuses as INVALID_REQUEST."""
    seen: set[Any] = set()
    twice: set[Any] = set()
    for name in names:
        (twice if name in seen else seen).add(name)
    return twice
