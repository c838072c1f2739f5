"""ListTransactions (API 66): the transactional ids of a broker, filtered by state and producer id (KIP-664).

- 1: filtered by how long the transaction has been open (KIP-994).
- 2: filtered by a regular expression for the transactional id, in RE2's syntax (KIP-1152).
"""

from ..schema import INT16, INT32, INT64, STRING, Array, Field, Message, Struct

REQUEST = Message(
    "ListTransactionsRequest",
    api_key=66,
    versions=range(0, 3),
    flexible=0,
    fields=(
        Field("state_filters", Array(STRING)),
        Field("producer_id_filters", Array(INT64)),
        Field("duration_filter", INT64, since=1, default=-1),
        Field("transactional_id_pattern", STRING, since=2, nullable=2, default=None),
    ),
)

STATE = Struct(
    "TransactionState",
    Field("transactional_id", STRING),
    Field("producer_id", INT64),
    Field("transaction_state", STRING),
)

RESPONSE = Message(
    "ListTransactionsResponse",
    api_key=66,
    versions=range(0, 3),
    flexible=0,
    fields=(
        Field("throttle_time_ms", INT32),
        Field("error_code", INT16),
        Field("unknown_state_filters", Array(STRING)),
        Field("transaction_states", Array(STATE)),
    ),
)
