"""What members of share groups say of their records, in ShareFetch and in ShareAcknowledge (KIP-932)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from ..protocol.errors import ErrorCode
from .share.events import Acknowledgement, ShareError
from .share.sessions import SessionKey, TopicPartition
from .share.states import AcknowledgeType

if TYPE_CHECKING:
    from .node import Node
    from .share_partitions import Held

Outcomes = dict[TopicPartition, ShareError | None]

_LONGEST_MEMBER_ID = 36


def session_key(request: Any) -> SessionKey:
    """Who makes a request. Raises ShareError INVALID_REQUEST."""
    if request.group_id is None or not is_member_id(request.member_id):
        raise ShareError(ErrorCode.INVALID_REQUEST)
    return SessionKey(request.group_id, request.member_id)


def is_member_id(text: str | None) -> bool:
    """Whether a member of a share group, which makes its id itself, may have this one."""
    return text is not None and 0 < len(text) <= _LONGEST_MEMBER_ID


class Acknowledging:
    """All that one request says of records. `done` gets what became of it by partition, with None for what
    went well, when everything is stored.
    """

    def __init__(self, node: Node, key: SessionKey, *, knows_renew: bool, is_renew: bool) -> None:
        self._node = node
        self._key = key
        self._last_type = AcknowledgeType.RENEW if knows_renew else AcknowledgeType.REJECT
        self._is_renew = is_renew
        self._outcomes: Outcomes = {}

    def run(self, topics: Iterable[Any], done: Callable[[Outcomes], None]) -> None:
        """Take in what is said of the partitions of `topics`."""
        said: list[tuple[TopicPartition, Held, Sequence[Acknowledgement]]] = []
        silent: list[TopicPartition] = []
        for topic in topics:
            for partition in topic.partitions:
                place = topic.topic_id, partition.partition_index
                batches = [
                    Acknowledgement(batch.first_offset, batch.last_offset, batch.acknowledge_types)
                    for batch in partition.acknowledgement_batches
                ]
                held = self._find(place, batches)
                if isinstance(held, ShareError):
                    self._outcomes[place] = held
                elif held is None:
                    silent.append(place)
                else:
                    said.append((place, held, batches))
        if said:
            self._outcomes.update(dict.fromkeys(silent))
        self._store(said, done)

    def _find(self, place: TopicPartition, batches: Sequence[Acknowledgement]) -> Held | ShareError | None:
        """The share partition; None where nothing is said of it, or what is wrong."""
        node, (topic_id, index) = self._node, place
        topic = node.topics.by_id(topic_id)
        if topic is None:
            return ShareError(ErrorCode.UNKNOWN_TOPIC_ID)
        if not self._are_valid(batches):
            return ShareError(ErrorCode.INVALID_REQUEST)
        if not 0 <= index < len(topic.partitions):
            return ShareError(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
        if not batches:
            return None
        held = node.share.get(self._key.group_id, topic_id, index)
        if held is None or held.machine is None:
            error = ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
            return ShareError(error, error.message)
        return held

    def _are_valid(self, batches: Sequence[Acknowledgement]) -> bool:
        """In order, with one type for all records or one for each, of types that the version knows."""
        last_offset = -1
        for first, last, types in batches:
            if first > last or first < last_offset or len(types) not in (1, last - first + 1):
                return False
            if any(not AcknowledgeType.GAP <= kind <= self._last_type for kind in types):
                return False
            if AcknowledgeType.RENEW in types and not self._is_renew:
                return False
            last_offset = last
        return True

    def _store(
        self,
        said: Sequence[tuple[TopicPartition, Held, Sequence[Acknowledgement]]],
        done: Callable[[Outcomes], None],
    ) -> None:
        missing = len(said)

        def tell(place: TopicPartition, held: Held, batches: Sequence[Acknowledgement]) -> None:
            def settle(problem: ShareError | None) -> None:
                nonlocal missing
                self._outcomes[place] = problem
                missing -= 1
                if missing == 0:
                    done(self._outcomes)

            self._node.share.acknowledge(held, self._key.member_id, batches, settle)

        for each in said:
            tell(*each)
        if not said:
            done(self._outcomes)
