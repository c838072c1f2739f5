// Package suite has the scenarios once for all Go clients. A client's program implements Client in the
// client's own idiom, and of the other interfaces those that its API has.
package suite

import "time"

// Places in a partition that are not offsets, with the values that they have in the protocol.
const (
	End       int64 = -1
	Beginning int64 = -2
)

// The error codes of the protocol that scenarios look for.
const (
	OffsetOutOfRange        = 1
	CorruptMessage          = 2
	UnknownTopicOrPartition = 3
	MessageTooLarge         = 10
	TopicAlreadyExists      = 36
	InvalidConfig           = 40
	InvalidRequest          = 42
	InvalidProducerEpoch    = 47
	InvalidTransactionState = 48
	ProducerFenced          = 90
)

// Header is one header of a record; a nil value is a null.
type Header struct {
	Key   string
	Value []byte
}

// Record is what goes into a log and comes out of it; a nil key or value is a null.
type Record struct {
	Topic       string
	Partition   int32
	Offset      int64
	Key, Value  []byte
	Headers     []Header
	TimestampMs int64 // 0, when sent: now
}

// ProducerOptions is how a producer differs from the client's default.
type ProducerOptions struct {
	Acks                 string // "0", "1", or "all", which is the default
	Codec                string // "none", "gzip", "snappy", "lz4", "zstd"
	MaxBytes             int    // of a batch; 0 for the default
	Idempotent           bool
	TransactionalID      string // makes a transactional producer
	TransactionTimeoutMs int
}

// Producer sends in the background.
type Producer interface {
	// Produce calls done from any goroutine, with the record's place in the log or an error.
	Produce(record Record, done func(Record, error))
	// Flush returns when all is done.
	Flush() error
	Close() error
}

// ConsumerOptions is how a consumer without a group differs from the client's default.
type ConsumerOptions struct {
	ReadCommitted bool
	FetchMaxBytes int           // the limit of a fetch and of a partition in it; 0 for the default
	FetchMaxWait  time.Duration // 0 for the default
	Rack          string
}

// Consumer reads partitions that it was given, and reports an offset out of range as an error.
type Consumer interface {
	// Poll gives what is there, or waits for something as long as it is told.
	Poll(wait time.Duration) ([]Record, error)
	Close() error
}

// MemberOptions is how a member of a group differs from one of the classic protocol with range assignment,
// a session of six seconds, and a commit after each batch. A member begins where its group has committed, or
// at the beginning.
type MemberOptions struct {
	InstanceID       string
	Assignor         string // "range", "roundrobin", "cooperative-sticky"
	ConsumerProtocol bool   // that of KIP-848
	Pattern          bool   // the topics are regular expressions
	CommitsNothing   bool   // but what it is told to
	Rack             string
}

// Member is a consumer in a group; it polls in goroutines of its own and reports to its Tracker.
type Member interface {
	// Commit commits one offset at once.
	Commit(topic string, partition int32, offset int64, metadata string) error
	// Leave closes it, when it has committed what it saw; a static member is no less a member then.
	Leave() error
}

// Answer is what a member of a share group says of a record, with its number in the protocol.
type Answer int8

// What a member says: done, again for anybody, never again, or that it takes longer.
const (
	Accept  Answer = 1
	Release Answer = 2
	Reject  Answer = 3
	Renew   Answer = 4
)

// Delivery is a record that a share group has delivered so many times.
type Delivery struct {
	Record
	Times  int
	Answer func(Answer)
}

// ShareMember is a member of a share group; every delivery wants an answer before the next poll.
type ShareMember interface {
	Poll(wait time.Duration) ([]Delivery, error)
	// Store returns when the broker has stored the answers, or tells why it has not.
	Store() error
	Close() error
}

// Sharer is a client with share groups, whose members get at most so many records in a poll.
type Sharer interface {
	Share(group, topic string, most int) (ShareMember, error)
}

// Veteran is a client that can speak as those of an old Kafka did.
type Veteran interface {
	// As makes a client of a version: "0.8.2" has message format 0, "0.10.0" has 1.
	As(version string) (Client, error)
}

// BatchSender is a client that sends a batch as bytes.
type BatchSender interface {
	// SendBatch sends one record without a key; damage may change the bytes of its batch first.
	SendBatch(topic string, partition int32, value []byte, damage func(batch []byte)) error
}

// Insister is a client that can be told never to use an older version of an API.
type Insister interface {
	// Insisting makes a client that lists groups in a version which no broker has.
	Insisting() (Client, error)
}

// Client is what every client of the suite can do.
type Client interface {
	CreateTopic(name string, partitions int, configs map[string]string) error
	DeleteTopic(name string) error
	// Topics gives the number of partitions of every topic.
	Topics() (map[string]int, error)
	// Bounds gives the first offset and the one behind the last.
	Bounds(topic string, partition int32) (start, end int64, err error)
	// OffsetAt gives the first offset with at least this timestamp, End or the end's offset if there is none.
	OffsetAt(topic string, partition int32, timestampMs int64) (int64, error)
	// Committed gives a group's offset and metadata, End if there are none.
	Committed(group, topic string, partition int32) (offset int64, metadata string, err error)
	// Code gives the protocol's error code that is in an error, 0 if there is none.
	Code(err error) int

	NewProducer(options ProducerOptions) (Producer, error)
	// Consume begins each partition at an offset, at Beginning or at End.
	Consume(topic string, from map[int32]int64, options ConsumerOptions) (Consumer, error)
	Join(tracker *Tracker, group string, topics []string, options MemberOptions) (Member, error)
}

// PartitionAdder is a client that adds partitions to a topic.
type PartitionAdder interface {
	SetPartitions(topic string, count int) error
}

// Kind is that of something that has settings, with its number in the protocol.
type Kind int8

// What has settings; a broker goes by its id.
const (
	OfTopic  Kind = 2
	OfBroker Kind = 4
	OfGroup  Kind = 32
)

// Config is the value of a setting, and where it comes from.
type Config struct {
	Value  string
	Source int
}

// Where settings come from, with the numbers that this has in the protocol.
const (
	SetForTopic      = 1
	SetForBroker     = 2
	SetForAllBrokers = 3
	Default          = 5
	SetForGroup      = 8
)

// ConfigAdmin is a client that describes settings, and sets one, or with nil takes it back.
type ConfigAdmin interface {
	Configs(kind Kind, name string) (map[string]Config, error)
	AlterConfig(kind Kind, name, key string, value *string) error
}

// BrokersConfigurer is one that does so for all brokers, too.
type BrokersConfigurer interface {
	AlterBrokersConfig(key string, value *string) error
}

// Cluster is what a client tells of the cluster.
type Cluster struct {
	ID         string
	Addresses  map[int]string // of the nodes
	Controller int
}

// ClusterDescriber is a client that describes the cluster.
type ClusterDescriber interface {
	Cluster() (Cluster, error)
}

// Group is what a client tells of a group.
type Group struct {
	State   string
	Members int
}

// GroupAdmin is a client that looks after groups.
type GroupAdmin interface {
	// Groups gives the type of each group in lower case, if the client tells one.
	Groups() (map[string]string, error)
	Group(group string) (Group, error)
	DeleteGroup(group string) error
}

// RecordDeleter is a client that deletes the records before an offset.
type RecordDeleter interface {
	DeleteRecords(topic string, partition int32, before int64) error
}

// LogDirDescriber is a client that describes the broker's folders.
type LogDirDescriber interface {
	// LogSizes gives the bytes of each partition of a topic.
	LogSizes(topic string) (map[int32]int64, error)
}

// Seeker is a consumer of one partition that is moved and paused; Position is the offset of the next record.
type Seeker interface {
	Consumer
	SeekTo(offset int64) error
	Pause() error
	Resume() error
	Position() int64
}

// Transactor is a client with transactions; its producers with a transactional id are TransactionalProducers.
type Transactor interface {
	// NewCopier makes a service that copies a topic's partition 0 into another's, each record once.
	NewCopier(group, transactionalID, source, target string) (Copier, error)
}

// TransactionalProducer is a producer whose records are seen together or not at all.
type TransactionalProducer interface {
	Producer
	Begin() error
	// End flushes, and commits or aborts.
	End(commit bool) error
}

// Copier is a consumer in a group with a transactional producer.
type Copier interface {
	// Copy does one transaction with the records that are there, at most a hundred, and their offsets, and
	// gives their number; 0 if there is none yet. After an abort the same records come again.
	Copy(commit bool) (int, error)
	Close() error
}
