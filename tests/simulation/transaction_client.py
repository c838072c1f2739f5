"""A transactional producer, by the rules that client libraries follow, in both versions of the protocol.

What it asks for and gets no answer to, it asks for again; what it is told decides what it does next.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from odradek.protocol.api_keys import ApiKey
from odradek.protocol.errors import ErrorCode
from odradek.protocol.messages import add_partitions_to_txn, produce, request, txn_offset_commit
from tests.broker.harness import batch

if TYPE_CHECKING:
    from .transaction_world import World

TIMEOUT_MS = 10_000
GROUP_OF = "group-of-{}"

TRY_AGAIN = (
    ErrorCode.CONCURRENT_TRANSACTIONS,
    ErrorCode.NOT_COORDINATOR,
    ErrorCode.COORDINATOR_NOT_AVAILABLE,
    ErrorCode.NOT_ENOUGH_REPLICAS,
)
FENCED = (ErrorCode.PRODUCER_FENCED, ErrorCode.INVALID_PRODUCER_EPOCH)
# What a producer is told whose transaction has been ended by somebody else, or which was replaced.
LOST = (*FENCED, ErrorCode.INVALID_PRODUCER_ID_MAPPING, ErrorCode.INVALID_TXN_STATE)

PARTITIONS = [("a", 0), ("a", 1), ("b", 0)]


def error_name(code: int) -> str:
    """The name of an error code."""
    return next(error.name for error in ErrorCode if error == code)


class Violation(AssertionError):
    """Something that must not happen."""


class Client:
    """One instance of a producer. `phase`: new, ready, open, ending or dead."""

    def __init__(self, world: World, transactional_id: str) -> None:
        self.world = world
        self.transactional_id = transactional_id
        self.version = world.random.choice((1, 2))
        self.phase = "new"
        self.producer_id = self.producer_epoch = -1
        self.sequences: dict[tuple[str, int], int] = {}
        self.added: set[tuple[str, int]] = set()
        self.transaction = ""
        self.count = 0
        self.commits = False
        self.unanswered: tuple[tuple[str, int], str] | None = None
        self.group_added = False

    def step(self) -> None:
        """Do the next thing."""
        choose = self.world.random.random()
        if self.phase == "new":
            self._init()
        elif self.phase == "ready":
            self._begin()
        elif self.phase == "ending":
            self._end()
        elif self.phase == "open":
            if self.unanswered is not None or choose < 0.6:
                self._write()
            elif choose < 0.7:
                self._commit_offset()
            else:
                self.commits = self.world.random.random() < 0.6
                self.phase = "ending"

    def _ask(self, api: ApiKey, version: int, **fields: Any) -> Any | None:
        return self.world.ask(api, version, request(api)(**fields))

    def _who(self) -> dict[str, Any]:
        return {
            "transactional_id": self.transactional_id,
            "producer_id": self.producer_id,
            "producer_epoch": self.producer_epoch,
        }

    def _init(self) -> None:
        answer = self._ask(
            ApiKey.INIT_PRODUCER_ID,
            4,
            transactional_id=self.transactional_id,
            transaction_timeout_ms=TIMEOUT_MS,
        )
        if answer is None or answer.error_code in TRY_AGAIN:
            return
        if answer.error_code:
            raise Violation(f"InitProducerId: {answer}")
        self._adopt(answer)
        self.phase = "ready"

    def _adopt(self, answer: Any) -> None:
        self.producer_id, self.producer_epoch = answer.producer_id, answer.producer_epoch
        self.sequences = {}

    def _begin(self) -> None:
        world = self.world
        self.transaction = f"{self.transactional_id}-{world.next_number(self.transactional_id)}:"
        world.written[self.transaction] = []
        self.count = 0
        self.added, self.group_added = set(), False
        self.phase = "open"

    # Writing

    def _write(self) -> None:
        if self.unanswered is None:
            self.unanswered = (self.world.random.choice(PARTITIONS), f"{self.transaction}{self.count}")
            self.count += 1
        place, value = self.unanswered
        if self.version == 1 and place not in self.added and not self._add(place):
            return
        sequence = self.sequences.get(place, 0)
        data = batch(
            value.encode(),
            timestamp=self.world.harness.clock.wall_ms(),
            producer_id=self.producer_id,
            producer_epoch=self.producer_epoch,
            base_sequence=sequence,
            is_transactional=True,
        )
        rows = [produce.REQUEST_PARTITION(index=place[1], records=data)]
        answer = self._ask(
            ApiKey.PRODUCE,
            11 if self.version == 1 else 12,
            transactional_id=self.transactional_id,
            acks=-1,
            timeout_ms=1000,
            topic_data=[produce.REQUEST_TOPIC(name=place[0], partition_data=rows)],
        )
        if answer is None:
            return
        error = answer.responses[0].partition_responses[0].error_code
        if error == ErrorCode.NONE:
            self.sequences[place] = sequence + 1
            self.world.written[self.transaction].append((place, value))
            self.unanswered = None
        else:
            self._fail(error, "Produce")

    def _add(self, place: tuple[str, int]) -> bool:
        topic = add_partitions_to_txn.TOPIC(name=place[0], partitions=[place[1]])
        who = {f"v3_and_below_{name}": value for name, value in self._who().items()}
        answer = self._ask(ApiKey.ADD_PARTITIONS_TO_TXN, 3, v3_and_below_topics=[topic], **who)
        if answer is None:
            return False
        (row,) = answer.results_by_topic_v3_and_below[0].results_by_partition
        if row.partition_error_code == ErrorCode.NONE:
            self.added.add(place)
            return True
        self._fail(row.partition_error_code, "AddPartitionsToTxn")
        return False

    def _commit_offset(self) -> None:
        group = GROUP_OF.format(self.transactional_id)
        if self.version == 1 and not self.group_added:
            answer = self._ask(ApiKey.ADD_OFFSETS_TO_TXN, 3, group_id=group, **self._who())
            if answer is None:
                return
            if answer.error_code:
                self._fail(answer.error_code, "AddOffsetsToTxn")
                return
            self.group_added = True
        offset = self.world.next_number(group)
        row = txn_offset_commit.PARTITION(partition_index=0, committed_offset=offset, committed_metadata="")
        # Whether the answer comes or not: it may have been carried out.
        self.world.offsets.setdefault(group, []).append((self.transaction, offset))
        answer = self._ask(
            ApiKey.TXN_OFFSET_COMMIT,
            3 if self.version == 1 else 5,
            group_id=group,
            topics=[txn_offset_commit.TOPIC(name="a", partitions=[row])],
            **self._who(),
        )
        error = None if answer is None else answer.topics[0].partitions[0].error_code
        if error != ErrorCode.NONE:
            self.world.offsets[group].pop()
            self._give_up() if error is None else self._fail(error, "TxnOffsetCommit")

    # The end

    def _end(self) -> None:
        version = 4 if self.version == 1 else 5
        answer = self._ask(ApiKey.END_TXN, version, committed=self.commits, **self._who())
        if answer is None:
            if self.commits:
                self.world.told[self.transaction] = "unknown"
            return
        error = answer.error_code
        if error == ErrorCode.NONE:
            self._settle("committed" if self.commits else "aborted")
            if self.version == 2:
                self._adopt(answer)
            self.phase = "ready"
        elif error in TRY_AGAIN:
            return
        elif error == ErrorCode.INVALID_TXN_STATE and self.count == 0:
            self.phase = "ready"  # there was nothing to end
        else:
            self._fail(error, "EndTxn")

    def _settle(self, told: str) -> None:
        before = self.world.told.get(self.transaction, told)
        if before not in (told, "unknown"):
            raise Violation(f"{self.transaction} was {before} and is {told}")
        self.world.told[self.transaction] = told
        self.unanswered = None

    def _fail(self, error: int, doing: str) -> None:
        """What a producer does that is told of an error: try again, or begin anew."""
        if error in TRY_AGAIN:
            return
        if error not in LOST and error != ErrorCode.TRANSACTION_ABORTABLE:
            raise Violation(f"{doing} of {self.transactional_id}: {error_name(error)}")
        if self.version == 2 and self.phase == "open" and error == ErrorCode.INVALID_PRODUCER_EPOCH:
            self.commits, self.phase = False, "ending"  # it may have been a timeout: KIP-890 lets it go on
            return
        self._give_up()

    def _give_up(self) -> None:
        """Begin anew, with the next epoch, unless somebody else has taken over."""
        self.unanswered = None
        self.phase = "new" if self in self.world.clients else "dead"
