"""WriteTxnMarkers (API 27): a transaction's coordinator has its end written into the partitions (KIP-98).

- 1: flexible (KIP-482). 2: which version of transactions the producer speaks, since from the second on every
  end comes with an epoch that is larger than that of the transaction (KIP-1228).
"""

from ..schema import BOOL, INT8, INT16, INT32, INT64, STRING, Array, Field, Message, Struct

MARKER_TOPIC = Struct(
    "WritableTxnMarkerTopic",
    Field("name", STRING),
    Field("partition_indexes", Array(INT32)),
)

MARKER = Struct(
    "WritableTxnMarker",
    Field("producer_id", INT64),
    Field("producer_epoch", INT16),
    Field("transaction_result", BOOL),
    Field("topics", Array(MARKER_TOPIC)),
    Field("coordinator_epoch", INT32),
    Field("transaction_version", INT8, since=2),
)

REQUEST = Message(
    "WriteTxnMarkersRequest",
    api_key=27,
    versions=range(0, 3),
    flexible=1,
    fields=(Field("markers", Array(MARKER)),),
)

PARTITION_RESULT = Struct(
    "WritableTxnMarkerPartitionResult",
    Field("partition_index", INT32),
    Field("error_code", INT16),
)

TOPIC_RESULT = Struct(
    "WritableTxnMarkerTopicResult",
    Field("name", STRING),
    Field("partitions", Array(PARTITION_RESULT)),
)

RESULT = Struct(
    "WritableTxnMarkerResult",
    Field("producer_id", INT64),
    Field("topics", Array(TOPIC_RESULT)),
)

RESPONSE = Message(
    "WriteTxnMarkersResponse",
    api_key=27,
    versions=range(0, 3),
    flexible=1,
    fields=(Field("markers", Array(RESULT)),),
)
