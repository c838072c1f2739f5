"""InitProducerId (API 22): a producer id and epoch for an idempotent or transactional producer (KIP-98).

- 1: answers are sent before throttling (KIP-219). 2: flexible (KIP-482).
- 3: a producer may ask for the next epoch of the id it has (KIP-360).
- No new fields, errors that the client understands: 4: PRODUCER_FENCED (KIP-588). 5: TRANSACTION_ABORTABLE
  (KIP-890).
- 6: two-phase commit, and the transaction that was kept for it (KIP-939).
"""

from ..schema import BOOL, INT16, INT32, INT64, STRING, Field, Message

REQUEST = Message(
    "InitProducerIdRequest",
    api_key=22,
    versions=range(0, 7),
    flexible=2,
    fields=(
        Field("transactional_id", STRING, nullable=0),
        Field("transaction_timeout_ms", INT32),
        Field("producer_id", INT64, since=3, default=-1),
        Field("producer_epoch", INT16, since=3, default=-1),
        Field("enable2_pc", BOOL, since=6),
        Field("keep_prepared_txn", BOOL, since=6),
    ),
)

RESPONSE = Message(
    "InitProducerIdResponse",
    api_key=22,
    versions=range(0, 7),
    flexible=2,
    fields=(
        Field("throttle_time_ms", INT32),
        Field("error_code", INT16),
        Field("producer_id", INT64, default=-1),
        Field("producer_epoch", INT16),
        Field("ongoing_txn_producer_id", INT64, since=6, default=-1),
        Field("ongoing_txn_producer_epoch", INT16, since=6, default=-1),
    ),
)
