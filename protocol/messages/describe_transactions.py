"""DescribeTransactions (API 65): the state of transactional ids (KIP-664)."""

from ..schema import INT16, INT32, INT64, STRING, Array, Field, Message, Struct

REQUEST = Message(
    "DescribeTransactionsRequest",
    api_key=65,
    versions=range(0, 1),
    flexible=0,
    fields=(Field("transactional_ids", Array(STRING)),),
)

TOPIC = Struct(
    "TopicData",
    Field("topic", STRING),
    Field("partitions", Array(INT32)),
)

STATE = Struct(
    "TransactionState",
    Field("error_code", INT16),
    Field("transactional_id", STRING),
    Field("transaction_state", STRING),
    Field("transaction_timeout_ms", INT32),
    Field("transaction_start_time_ms", INT64),
    Field("producer_id", INT64),
    Field("producer_epoch", INT16),
    Field("topics", Array(TOPIC)),
)

RESPONSE = Message(
    "DescribeTransactionsResponse",
    api_key=65,
    versions=range(0, 1),
    flexible=0,
    fields=(
        Field("throttle_time_ms", INT32),
        Field("transaction_states", Array(STATE)),
    ),
)
