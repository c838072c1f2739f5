package suite

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"compat/harness"
)

// patience is how long a condition may take to come about: longer than the session of a member that dies, which
// is 45 seconds where the broker sets it.
const patience = 60 * time.Second

type scenario func(client Client, bootstrap string)

var scenarios = map[string]scenario{
	"admin-topics":               adminTopics,
	"admin-partitions":           adminPartitions,
	"admin-configs":              adminConfigs,
	"admin-alter-configs":        adminAlterConfigs,
	"admin-dynamic-configs":      adminDynamicConfigs,
	"admin-cluster":              adminCluster,
	"admin-groups":               adminGroups,
	"admin-delete-records":       adminDeleteRecords,
	"admin-log-dirs":             adminLogDirs,
	"produce-codecs":             produceCodecs,
	"produce-shapes":             produceShapes,
	"produce-acks":               produceAcks,
	"produce-too-large":          produceTooLarge,
	"produce-append-time":        produceAppendTime,
	"produce-retry":              produceRetry,
	"consume-beginning":          consumeBeginning,
	"consume-times":              consumeTimes,
	"consume-seek":               consumeSeek,
	"consume-long-poll":          consumeLongPoll,
	"consume-large":              consumeLarge,
	"consume-rack":               consumeRack,
	"consume-pattern":            consumePattern,
	"errors-unknown-topic":       errorsUnknownTopic,
	"errors-offset":              errorsOffset,
	"errors-corrupt-batch":       errorsCorruptBatch,
	"errors-unsupported-version": errorsUnsupportedVersion,
	"old-formats":                oldFormats,
	"group-members":              groupMembers,
	"group-commit":               groupCommit,
	"group-round-robin":          groupRoundRobin,
	"group-cooperative":          groupCooperative,
	"group-static":               groupStatic,
	"consumer-group-members":     consumerGroupMembers,
	"consumer-group-upgrade":     consumerGroupUpgrade,
	"consumer-group-regex":       consumerGroupRegex,
	"consumer-group-static":      consumerGroupStatic,
	"share-acknowledge":          shareAcknowledge,
	"share-renew":                shareRenew,
	"share-group-members":        shareGroupMembers,
	"share-lock-timeout":         shareLockTimeout,
	"share-read-committed":       shareReadCommitted,
	"share-dead-letters":         shareDeadLetters,
	"restart-resume":             restartResume,
	"kill-produce":               killProduce,
	"kill-consume":               killConsume,
	"kill-share":                 killShare,
	"kill-rebalance":             killRebalance,
	"transactions":               transactions,
	"transactions-fenced":        transactionsFenced,
	"transactions-timeout":       transactionsTimeout,
	"consume-transform-produce":  consumeTransformProduce,
	"kill-transactions":          killTransactions,
}

// Main runs the scenario that the command line names. Absent tells why the client can't do some of them.
func Main(connect func(bootstrap string) (Client, error), absent map[string]string) {
	name, bootstrap := os.Args[1], os.Args[2]
	if name == mortal {
		liveUntilKilled(harness.Must(connect(bootstrap)), os.Args[3:])
	}
	if reason, ok := absent[name]; ok {
		harness.NotInThisClient(reason)
	}
	if scenarios[name] == nil {
		harness.NotWritten()
	}
	scenarios[name](harness.Must(connect(bootstrap)), bootstrap)
	harness.Passed()
}

// need gives the client as one that can do more, or ends the program with the reason.
func need[Ability any](client Client, reason string) Ability {
	able, ok := client.(Ability)
	if !ok {
		harness.NotInThisClient(reason)
	}
	return able
}

func makeTopic(client Client, partitions int, configs ...string) string {
	settings := map[string]string{}
	for _, config := range configs {
		key, value, _ := strings.Cut(config, "=")
		settings[key] = value
	}
	name := harness.Fresh("topic")
	harness.NoError(client.CreateTopic(name, partitions, settings))
	harness.WaitUntil("a new topic is listed", patience, func() bool {
		return harness.Must(client.Topics())[name] == partitions
	})
	return name
}

// send produces all, waits for all, and gives them in their order with their places; an error of any.
func send(client Client, records []Record, options ProducerOptions) ([]Record, error) {
	producer := harness.Must(client.NewProducer(options))
	sent, err := sendWith(producer, records)
	harness.NoError(producer.Close())
	return sent, err
}

func sendWith(producer Producer, records []Record) ([]Record, error) {
	sent := make([]Record, len(records))
	var mutex sync.Mutex
	var failure error
	for place, record := range records {
		producer.Produce(record, func(done Record, err error) {
			mutex.Lock()
			defer mutex.Unlock()
			sent[place] = done
			if err != nil {
				failure = err
			}
		})
	}
	err := producer.Flush()
	mutex.Lock()
	defer mutex.Unlock()
	if failure != nil {
		err = failure
	}
	return sent, err
}

// numbered makes records that tell their own place, spread over the partitions.
func numbered(topic string, start, count, partitions int) []Record {
	records := make([]Record, count)
	for place := range records {
		number := start + place
		records[place] = Record{
			Topic:     topic,
			Partition: int32(number % partitions),
			Key:       fmt.Appendf(nil, "key-%d", number%97),
			Value:     fmt.Appendf(nil, "value-%d", number),
		}
	}
	return records
}

func fill(client Client, topic string, start, count, partitions int) {
	harness.Must(send(client, numbered(topic, start, count, partitions), ProducerOptions{}))
}

// read gives the first records of a topic's partitions, from their beginnings.
func read(client Client, topic string, partitions, count int, options ConsumerOptions) []Record {
	from := map[int32]int64{}
	for partition := range partitions {
		from[int32(partition)] = Beginning
	}
	consumer := harness.Must(client.Consume(topic, from, options))
	records := poll(consumer, count)
	harness.NoError(consumer.Close())
	harness.Equal(len(records), count, "records read")
	return records
}

// poll gives at least so many records, if they come in time.
func poll(consumer Consumer, count int) []Record {
	var records []Record
	for end := time.Now().Add(patience); len(records) < count && time.Now().Before(end); {
		records = append(records, pollOnce(consumer)...)
	}
	return records
}

func pollOnce(consumer Consumer) []Record {
	return harness.Must(consumer.Poll(500 * time.Millisecond))
}

func values(records []Record) []string {
	texts := make([]string, len(records))
	for place, record := range records {
		texts[place] = string(record.Value)
	}
	return texts
}

func offsets(records []Record) []int64 {
	found := make([]int64, len(records))
	for place, record := range records {
		found[place] = record.Offset
	}
	return found
}

func sequence(start, count int64) []int64 {
	numbers := make([]int64, count)
	for place := range numbers {
		numbers[place] = start + int64(place)
	}
	return numbers
}

// checkExactlyOnce wants one partition's values to be value-0, value-1 and so on, in order, each once.
func checkExactlyOnce(records []Record, count int) {
	for place, record := range records {
		number := harness.Must(strconv.Atoi(strings.TrimPrefix(string(record.Value), "value-")))
		harness.Expect(number >= place, "value %d again (or late): next was to be %d", number, place)
		harness.Expect(number == place, "values %d to %d are not there", place, number-1)
	}
	harness.Equal(len(records), count, "records in all")
}
