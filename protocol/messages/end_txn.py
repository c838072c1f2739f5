"""EndTxn (API 26): commit or abort a transaction (KIP-98).

- 1: answers are sent before throttling (KIP-219). 3: flexible (KIP-482).
- No new fields, errors that the client understands: 2: PRODUCER_FENCED (KIP-588). 4: TRANSACTION_ABORTABLE
  (KIP-890).
- 5: every transaction has an epoch of its own: the answer tells the next one (KIP-890).
"""

from ..schema import BOOL, INT16, INT32, INT64, STRING, Field, Message

REQUEST = Message(
    "EndTxnRequest",
    api_key=26,
    versions=range(0, 6),
    flexible=3,
    fields=(
        Field("transactional_id", STRING),
        Field("producer_id", INT64),
        Field("producer_epoch", INT16),
        Field("committed", BOOL),
    ),
)

RESPONSE = Message(
    "EndTxnResponse",
    api_key=26,
    versions=range(0, 6),
    flexible=3,
    fields=(
        Field("throttle_time_ms", INT32),
        Field("error_code", INT16),
        Field("producer_id", INT64, since=5, default=-1),
        Field("producer_epoch", INT16, since=5, default=-1),
    ),
)
