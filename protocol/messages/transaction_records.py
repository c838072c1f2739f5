"""What the transaction coordinator writes to the topic __transaction_state: keys and values of its records.

As in `group_records` each starts with its version. A record with a null value deletes the transactional id.

- TransactionLogValue: 1: flexible (KIP-915). Its tags are of KIP-890: the producer ids before and after this
  one, and the version of transactions that the client speaks; the epoch after this one is of KIP-939.
"""

from ..schema import INT8, INT16, INT32, INT64, STRING, Array, Field, Message, Struct

TRANSACTION_LOG_KEY = Message(
    "TransactionLogKey",
    api_key=None,
    versions=range(0, 1),
    flexible=None,
    fields=(Field("transactional_id", STRING),),
)

PARTITIONS = Struct(
    "PartitionsSchema",
    Field("topic", STRING),
    Field("partition_ids", Array(INT32)),
)

TRANSACTION_LOG_VALUE = Message(
    "TransactionLogValue",
    api_key=None,
    versions=range(0, 2),
    flexible=1,
    fields=(
        Field("producer_id", INT64),
        Field("previous_producer_id", INT64, since=1, tag=0, default=-1),
        Field("next_producer_id", INT64, since=1, tag=1, default=-1),
        Field("producer_epoch", INT16),
        Field("next_producer_epoch", INT16, since=1, tag=3, default=-1),
        Field("transaction_timeout_ms", INT32),
        Field("transaction_status", INT8),
        Field("transaction_partitions", Array(PARTITIONS), nullable=0),
        Field("transaction_last_update_timestamp_ms", INT64),
        Field("transaction_start_timestamp_ms", INT64),
        Field("client_transaction_version", INT16, since=1, tag=2),
    ),
)
