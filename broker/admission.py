"""Whether a producer may write to a partition as part of its transaction (KIP-890).

The first batch of a transaction in a partition is held against the coordinator, which either knows that the
partition was added, or adds it now where the protocol's version says that writing does. So no partition ever
holds a transaction that the coordinator does not know of, and that nobody would end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ..protocol.errors import ErrorCode
from ..storage.producer_state import NO_OFFSET
from .effects import Effects, Failure, Instant
from .partition import Partition
from .transactions.events import Producer
from .transactions.records import VERSION_WITH_EPOCHS
from .transactions.shard import TransactionShard

if TYPE_CHECKING:
    from .context import RequestContext


class Admission(NamedTuple):
    """`error` is NONE for a producer that may write. What it writes counts once the partition of
    `__transaction_state` in `rests_on` is durable up to the offset there.
    """

    error: ErrorCode
    rests_on: tuple[Partition, int] | None = None


ADMITTED = Admission(ErrorCode.NONE)


def admit(partition: Partition, producer: Producer, adds: bool, context: RequestContext) -> Admission:
    """Ask for a place in the transaction. `adds`: the request itself adds the partition.

    Errors are those of the coordinator, except that whoever is fenced gets INVALID_PRODUCER_EPOCH, as from
    the log. Raises PartitionOffline.
    """
    entry = partition.log.producers.entries.get(producer.producer_id)
    if entry is not None:
        if entry.producer_epoch > producer.producer_epoch:
            return Admission(ErrorCode.INVALID_PRODUCER_EPOCH)
        if entry.producer_epoch == producer.producer_epoch and entry.current_txn_first_offset != NO_OFFSET:
            return ADMITTED
    node = context.node
    if not adds and not node.config["transaction.partition.verification.enable"]:
        return ADMITTED
    place = (partition.topic, partition.index)

    def event(shard: TransactionShard, token: object, now: Instant, effects: Effects) -> None:
        if adds:
            shard.add(producer, [place], VERSION_WITH_EPOCHS, token, now, effects)
        else:
            shard.verify(producer, [place], token, effects)

    now = Instant(context.now_ms, context.monotonic_ms)
    reply, rests_on = node.transactions.ask_now(producer.transactional_id, event, now)
    error = reply.error if isinstance(reply, Failure) else reply[place] if isinstance(reply, dict) else reply
    if error is ErrorCode.PRODUCER_FENCED:
        error = ErrorCode.INVALID_PRODUCER_EPOCH
    return Admission(error, rests_on if adds else None)
