"""Kafka's error codes, and what this package raises for bytes that are not what they claim to be."""

from __future__ import annotations

from enum import IntEnum

RETRIABLE = True


class ProtocolError(ValueError):
    """Bytes from the network that are not a message of the wire protocol.

    `path` names the field in the words of its declaration (`topic_data[0].partition_data[2].index`), and
    `offset` is the position in the buffer at which reading gave up; both are None where they are not known.
    """

    def __init__(self, message: str, *, path: str | None = None, offset: int | None = None) -> None:
        super().__init__(message)
        self.path = path
        self.offset = offset


class UnsupportedVersion(ProtocolError):
    """An API, or a version of it, that has no message here: answered with UNSUPPORTED_VERSION.

    `correlation_id` is None when the version was asked for by code and not by a request's header.
    """

    def __init__(self, api_key: int | None, api_version: int, correlation_id: int | None = None) -> None:
        super().__init__(f"API {api_key} has no version {api_version} here")
        self.api_key = api_key
        self.api_version = api_version
        self.correlation_id = correlation_id


class ErrorCode(IntEnum):
    """The codes of Apache Kafka 4.4, in its names.

    `retriable` says whether clients may send the same request again and hope; `message` is a sentence for
    people, empty for NONE.
    """

    retriable: bool
    message: str

    def __new__(cls, code: int, message: str, retriable: bool = False) -> ErrorCode:
        """A member is declared as its code, its sentence and, where clients may try again, RETRIABLE."""
        member = int.__new__(cls, code)
        member._value_ = code
        member.message = message
        member.retriable = retriable
        return member

    UNKNOWN_SERVER_ERROR = -1, "The broker failed in a way it did not foresee; its log has the details."
    NONE = 0, ""
    OFFSET_OUT_OF_RANGE = 1, "The partition holds no such offset: it is before its start or past its end."
    CORRUPT_MESSAGE = (
        2,
        "A record is damaged, oversized, or lacks the key that a compacted topic needs.",
        RETRIABLE,
    )
    UNKNOWN_TOPIC_OR_PARTITION = 3, "This broker has no such topic or partition.", RETRIABLE
    INVALID_FETCH_SIZE = 4, "The size asked for in the fetch is not valid."
    LEADER_NOT_AVAILABLE = 5, "The partition has no leader at the moment.", RETRIABLE
    NOT_LEADER_OR_FOLLOWER = 6, "This broker neither leads nor replicates the partition.", RETRIABLE
    REQUEST_TIMED_OUT = 7, "The request was not completed within its timeout.", RETRIABLE
    BROKER_NOT_AVAILABLE = 8, "The broker cannot be reached."
    REPLICA_NOT_AVAILABLE = 9, "The replica asked for is not there.", RETRIABLE
    MESSAGE_TOO_LARGE = 10, "A record batch is larger than max.message.bytes allows."
    STALE_CONTROLLER_EPOCH = 11, "Another controller has taken over."
    OFFSET_METADATA_TOO_LARGE = 12, "The metadata beside the committed offset is longer than allowed."
    NETWORK_EXCEPTION = 13, "The connection broke before an answer came.", RETRIABLE
    COORDINATOR_LOAD_IN_PROGRESS = 14, "The coordinator is still reading its log.", RETRIABLE
    COORDINATOR_NOT_AVAILABLE = 15, "There is no coordinator at the moment.", RETRIABLE
    NOT_COORDINATOR = 16, "Another broker is the coordinator.", RETRIABLE
    INVALID_TOPIC_EXCEPTION = (
        17,
        "The topic's name is not valid, or the operation is not allowed on this topic.",
    )
    RECORD_LIST_TOO_LARGE = 18, "A record batch is larger than a whole segment of the log."
    NOT_ENOUGH_REPLICAS = 19, "Too few replicas are in sync; nothing was written.", RETRIABLE
    NOT_ENOUGH_REPLICAS_AFTER_APPEND = 20, "Written, but to fewer in-sync replicas than required.", RETRIABLE
    INVALID_REQUIRED_ACKS = 21, "acks has to be 0, 1 or -1 (all)."
    ILLEGAL_GENERATION = 22, "The group is not in this generation."
    INCONSISTENT_GROUP_PROTOCOL = 23, "The member shares no protocol with the group, or named none."
    INVALID_GROUP_ID = 24, "The group id is not valid."
    UNKNOWN_MEMBER_ID = 25, "The group has no such member."
    INVALID_SESSION_TIMEOUT = 26, "The session timeout is outside the broker's limits."
    REBALANCE_IN_PROGRESS = 27, "The group is rebalancing; the member has to join again."
    INVALID_COMMIT_OFFSET_SIZE = 28, "The committed offsets take more room than allowed."
    TOPIC_AUTHORIZATION_FAILED = 29, "No permission for this topic."
    GROUP_AUTHORIZATION_FAILED = 30, "No permission for this group."
    CLUSTER_AUTHORIZATION_FAILED = 31, "No permission for this operation on the cluster."
    INVALID_TIMESTAMP = 32, "A record's timestamp is outside the range that the topic accepts."
    UNSUPPORTED_SASL_MECHANISM = 33, "The SASL mechanism is not enabled here."
    ILLEGAL_SASL_STATE = 34, "The request does not belong at this point of authentication."
    UNSUPPORTED_VERSION = 35, "This version of the API is not spoken here."
    TOPIC_ALREADY_EXISTS = 36, "There is a topic of this name already."
    INVALID_PARTITIONS = 37, "The number of partitions is not valid."
    INVALID_REPLICATION_FACTOR = 38, "The replication factor is below 1 or above the number of brokers."
    INVALID_REPLICA_ASSIGNMENT = 39, "The assignment of replicas to brokers is not valid."
    INVALID_CONFIG = 40, "A configuration key or its value is not valid."
    NOT_CONTROLLER = 41, "Another broker is the controller.", RETRIABLE
    INVALID_REQUEST = 42, "The request contradicts itself or lacks what this operation needs."
    UNSUPPORTED_FOR_MESSAGE_FORMAT = 43, "The stored record format does not allow this."
    POLICY_VIOLATION = 44, "A policy of this cluster forbids it."
    OUT_OF_ORDER_SEQUENCE_NUMBER = 45, "The batch's sequence does not follow the producer's last one."
    DUPLICATE_SEQUENCE_NUMBER = 46, "The batch was written before."
    INVALID_PRODUCER_EPOCH = 47, "The producer's epoch is older than the last one seen."
    INVALID_TXN_STATE = 48, "The transaction's state does not allow this."
    INVALID_PRODUCER_ID_MAPPING = 49, "The transactional id belongs to another producer id."
    INVALID_TRANSACTION_TIMEOUT = 50, "The transaction timeout is above transaction.max.timeout.ms."
    CONCURRENT_TRANSACTIONS = 51, "Another operation on this transaction is under way.", RETRIABLE
    TRANSACTION_COORDINATOR_FENCED = 52, "The marker comes from a coordinator that has been replaced."
    TRANSACTIONAL_ID_AUTHORIZATION_FAILED = 53, "No permission for this transactional id."
    SECURITY_DISABLED = 54, "No authorizer is configured."
    OPERATION_NOT_ATTEMPTED = 55, "Not tried, because another part of the same request failed."
    KAFKA_STORAGE_ERROR = 56, "The disk under the partition's log failed.", RETRIABLE
    LOG_DIR_NOT_FOUND = 57, "The broker has no such log directory."
    SASL_AUTHENTICATION_FAILED = 58, "Authentication failed."
    UNKNOWN_PRODUCER_ID = (
        59,
        "The partition remembers nothing of this producer; its records may have expired.",
    )
    REASSIGNMENT_IN_PROGRESS = 60, "The partition is being reassigned."
    DELEGATION_TOKEN_AUTH_DISABLED = 61, "Delegation tokens are not enabled."
    DELEGATION_TOKEN_NOT_FOUND = 62, "There is no such delegation token."
    DELEGATION_TOKEN_OWNER_MISMATCH = 63, "The principal may not use or renew this token."
    DELEGATION_TOKEN_REQUEST_NOT_ALLOWED = (
        64,
        "Tokens are not handed out on a connection authenticated like this.",
    )
    DELEGATION_TOKEN_AUTHORIZATION_FAILED = 65, "No permission for this delegation token."
    DELEGATION_TOKEN_EXPIRED = 66, "The delegation token has expired."
    INVALID_PRINCIPAL_TYPE = 67, "This kind of principal is not supported."
    NON_EMPTY_GROUP = 68, "The group still has members."
    GROUP_ID_NOT_FOUND = 69, "There is no such group."
    FETCH_SESSION_ID_NOT_FOUND = 70, "There is no such fetch session.", RETRIABLE
    INVALID_FETCH_SESSION_EPOCH = 71, "The fetch session is at another epoch.", RETRIABLE
    LISTENER_NOT_FOUND = 72, "The leader has no listener of the name this request came in by.", RETRIABLE
    TOPIC_DELETION_DISABLED = 73, "delete.topic.enable is false."
    FENCED_LEADER_EPOCH = 74, "The client's leader epoch is older than the broker's.", RETRIABLE
    UNKNOWN_LEADER_EPOCH = 75, "The client's leader epoch is newer than the broker's.", RETRIABLE
    UNSUPPORTED_COMPRESSION_TYPE = 76, "The client's version does not know the codec of this data."
    STALE_BROKER_EPOCH = 77, "The broker has registered again since."
    OFFSET_NOT_AVAILABLE = 78, "The new leader does not know its high watermark yet.", RETRIABLE
    MEMBER_ID_REQUIRED = 79, "The member has to join again with the id it is given here."
    PREFERRED_LEADER_NOT_AVAILABLE = 80, "The preferred leader cannot lead at the moment.", RETRIABLE
    GROUP_MAX_SIZE_REACHED = 81, "The group has as many members as it may have."
    FENCED_INSTANCE_ID = 82, "Another member has taken over this group.instance.id."
    ELIGIBLE_LEADERS_NOT_AVAILABLE = 83, "No replica may become the leader at the moment.", RETRIABLE
    ELECTION_NOT_NEEDED = 84, "The partition has the leader it should have.", RETRIABLE
    NO_REASSIGNMENT_IN_PROGRESS = 85, "The partition is not being reassigned."
    GROUP_SUBSCRIBED_TO_TOPIC = 86, "The group consumes this topic, so its offsets stay."
    INVALID_RECORD = 87, "The broker's checks refused a record."
    UNSTABLE_OFFSET_COMMIT = 88, "A transaction that commits offsets has not ended yet.", RETRIABLE
    THROTTLING_QUOTA_EXCEEDED = 89, "The quota for this kind of change is used up for now.", RETRIABLE
    PRODUCER_FENCED = 90, "A newer producer uses the same transactional id."
    RESOURCE_NOT_FOUND = 91, "There is no such resource."
    DUPLICATE_RESOURCE = 92, "The request names a resource twice."
    UNACCEPTABLE_CREDENTIAL = 93, "The credential is not good enough."
    INCONSISTENT_VOTER_SET = 94, "Sender or receiver is not among the voters expected."
    INVALID_UPDATE_VERSION = 95, "The version to update to is not valid."
    FEATURE_UPDATE_FAILED = 96, "The finalized features could not be updated."
    PRINCIPAL_DESERIALIZATION_FAILURE = 97, "The principal in a forwarded request cannot be read."
    SNAPSHOT_NOT_FOUND = 98, "There is no such snapshot."
    POSITION_OUT_OF_RANGE = 99, "The position is outside the snapshot."
    UNKNOWN_TOPIC_ID = 100, "This broker has no topic of this id.", RETRIABLE
    DUPLICATE_BROKER_REGISTRATION = 101, "Another broker uses this node id."
    BROKER_ID_NOT_REGISTERED = 102, "No broker of this id has registered."
    INCONSISTENT_TOPIC_ID = 103, "The topic has another id than the request says.", RETRIABLE
    INCONSISTENT_CLUSTER_ID = 104, "This is another cluster than the request is meant for."
    TRANSACTIONAL_ID_NOT_FOUND = 105, "There is no such transactional id."
    FETCH_SESSION_TOPIC_ID_ERROR = 106, "The fetch session mixes topic names and topic ids.", RETRIABLE
    INELIGIBLE_REPLICA = 107, "A replica in the new ISR may not be in it."
    NEW_LEADER_ELECTED = 108, "The change was made, and the leader has changed with it."
    OFFSET_MOVED_TO_TIERED_STORAGE = 109, "The offset lies in tiered storage."
    FENCED_MEMBER_EPOCH = 110, "The member's epoch is fenced: give up all partitions and join again."
    UNRELEASED_INSTANCE_ID = 111, "A member of this instance id has not left yet."
    UNSUPPORTED_ASSIGNOR = 112, "The group does not support this assignor or its version."
    STALE_MEMBER_EPOCH = 113, "The member's epoch is old: ask for the new one with a heartbeat."
    MISMATCHED_ENDPOINT_TYPE = 114, "The request belongs to the other kind of endpoint."
    UNSUPPORTED_ENDPOINT_TYPE = 115, "This kind of endpoint is not supported."
    UNKNOWN_CONTROLLER_ID = 116, "There is no controller of this id."
    UNKNOWN_SUBSCRIPTION_ID = 117, "The telemetry subscription is unknown or outdated."
    TELEMETRY_TOO_LARGE = 118, "The telemetry is larger than accepted."
    INVALID_REGISTRATION = 119, "The controller refused the registration."
    TRANSACTION_ABORTABLE = 120, "The transaction has to be aborted; the producer may go on."
    INVALID_RECORD_STATE = 121, "The record cannot be acknowledged in its state."
    SHARE_SESSION_NOT_FOUND = 122, "There is no such share session.", RETRIABLE
    INVALID_SHARE_SESSION_EPOCH = 123, "The share session is at another epoch.", RETRIABLE
    FENCED_STATE_EPOCH = 124, "The share group's state has another epoch."
    INVALID_VOTER_KEY = 125, "The voter's key is not the receiver's."
    DUPLICATE_VOTER = 126, "The voter is in the set already."
    VOTER_NOT_FOUND = 127, "The voter is not in the set."
    INVALID_REGULAR_EXPRESSION = 128, "The regular expression cannot be compiled."
    REBOOTSTRAP_REQUIRED = 129, "The client's metadata is too old: start again from the bootstrap servers."
    STREAMS_INVALID_TOPOLOGY = 130, "The streams topology is not valid."
    STREAMS_INVALID_TOPOLOGY_EPOCH = 131, "The epoch of the streams topology is not valid."
    STREAMS_TOPOLOGY_FENCED = 132, "A newer streams topology is in use."
    SHARE_SESSION_LIMIT_REACHED = 133, "There are as many share sessions as there may be.", RETRIABLE
    GROUP_DELETION_FAILED = 134, "The group could not be deleted, for the reason given beside its name."
    STREAMS_TOPOLOGY_DESCRIPTION_UPDATE_FAILED = 135, "The description of the topology could not be stored."
    CONTROLLER_ID_NOT_REGISTERED = 136, "No controller of this id has registered."
