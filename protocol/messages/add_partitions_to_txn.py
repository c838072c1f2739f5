"""AddPartitionsToTxn (API 24): partitions become part of a transaction before anything is written to them.

- 0-3: what a producer sends (KIP-98). 1: answers are sent before throttling (KIP-219). 3: flexible (KIP-482).
- 4: what brokers send: several transactions at once, and the question whether partitions are part of one
  already (KIP-890).
- No new fields, errors that the client understands: 2: PRODUCER_FENCED (KIP-588). 5: TRANSACTION_ABORTABLE
  (KIP-890).
"""

from ..schema import BOOL, INT16, INT32, INT64, STRING, Array, Field, Message, Struct

TOPIC = Struct(
    "AddPartitionsToTxnTopic",
    Field("name", STRING),
    Field("partitions", Array(INT32)),
)

TRANSACTION = Struct(
    "AddPartitionsToTxnTransaction",
    Field("transactional_id", STRING),
    Field("producer_id", INT64),
    Field("producer_epoch", INT16),
    Field("verify_only", BOOL),
    Field("topics", Array(TOPIC)),
)

REQUEST = Message(
    "AddPartitionsToTxnRequest",
    api_key=24,
    versions=range(0, 6),
    flexible=3,
    fields=(
        Field("transactions", Array(TRANSACTION), since=4),
        Field("v3_and_below_transactional_id", STRING, until=3),
        Field("v3_and_below_producer_id", INT64, until=3),
        Field("v3_and_below_producer_epoch", INT16, until=3),
        Field("v3_and_below_topics", Array(TOPIC), until=3),
    ),
)

PARTITION_RESULT = Struct(
    "AddPartitionsToTxnPartitionResult",
    Field("partition_index", INT32),
    Field("partition_error_code", INT16),
)

TOPIC_RESULT = Struct(
    "AddPartitionsToTxnTopicResult",
    Field("name", STRING),
    Field("results_by_partition", Array(PARTITION_RESULT)),
)

RESULT = Struct(
    "AddPartitionsToTxnResult",
    Field("transactional_id", STRING),
    Field("topic_results", Array(TOPIC_RESULT)),
)

RESPONSE = Message(
    "AddPartitionsToTxnResponse",
    api_key=24,
    versions=range(0, 6),
    flexible=3,
    fields=(
        Field("throttle_time_ms", INT32),
        Field("error_code", INT16, since=4),
        Field("results_by_transaction", Array(RESULT), since=4),
        Field("results_by_topic_v3_and_below", Array(TOPIC_RESULT), until=3),
    ),
)
