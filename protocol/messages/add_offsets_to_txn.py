"""AddOffsetsToTxn (API 25): the offsets of a group become part of a transaction (KIP-98).

- 1: answers are sent before throttling (KIP-219). 3: flexible (KIP-482).
- No new fields, errors that the client understands: 2: PRODUCER_FENCED (KIP-588). 4: TRANSACTION_ABORTABLE
  (KIP-890).
"""

from ..schema import INT16, INT32, INT64, STRING, Field, Message

REQUEST = Message(
    "AddOffsetsToTxnRequest",
    api_key=25,
    versions=range(0, 5),
    flexible=3,
    fields=(
        Field("transactional_id", STRING),
        Field("producer_id", INT64),
        Field("producer_epoch", INT16),
        Field("group_id", STRING),
    ),
)

RESPONSE = Message(
    "AddOffsetsToTxnResponse",
    api_key=25,
    versions=range(0, 5),
    flexible=3,
    fields=(
        Field("throttle_time_ms", INT32),
        Field("error_code", INT16),
    ),
)
