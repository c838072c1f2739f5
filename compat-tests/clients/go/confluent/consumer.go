package main

import (
	"time"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"

	"compat/harness"
	"compat/suite"
)

func incoming(message *kafka.Message) suite.Record {
	record := suite.Record{
		Topic:       *message.TopicPartition.Topic,
		Partition:   message.TopicPartition.Partition,
		Offset:      int64(message.TopicPartition.Offset),
		Key:         message.Key,
		Value:       message.Value,
		TimestampMs: message.Timestamp.UnixMilli(),
	}
	for _, header := range message.Headers {
		record.Headers = append(record.Headers, suite.Header{Key: header.Key, Value: header.Value})
	}
	return record
}

type consumer struct {
	*kafka.Consumer
	place kafka.TopicPartition // of one of its partitions, for Seeker's methods
}

func (c *client) Consume(topic string, from map[int32]int64, options suite.ConsumerOptions) (suite.Consumer, error) {
	own := kafka.ConfigMap{
		"group.id":           harness.Fresh("no-group"),
		"auto.offset.reset":  "error",
		"enable.auto.commit": false,
		"isolation.level":    "read_uncommitted",

		"enable.partition.eof": true, // for SeekTo
	}
	if options.ReadCommitted {
		own["isolation.level"] = "read_committed"
	}
	if options.Rack != "" {
		own["client.rack"] = options.Rack
	}
	if options.FetchMaxBytes != 0 {
		own["fetch.message.max.bytes"] = options.FetchMaxBytes
		own["fetch.max.bytes"] = options.FetchMaxBytes
		own["message.max.bytes"] = options.FetchMaxBytes
	}
	if options.FetchMaxWait != 0 {
		own["fetch.wait.max.ms"] = int(options.FetchMaxWait.Milliseconds())
	}
	made, err := kafka.NewConsumer(c.settings(own))
	if err != nil {
		return nil, err
	}
	all := &consumer{Consumer: made}
	var places []kafka.TopicPartition
	for partition, offset := range from {
		all.place = placeOf(topic, partition, offset) // its special offsets are the protocol's
		places = append(places, all.place)
	}
	return all, made.Assign(places)
}

// poll gives what is there, or what comes within the time, and the first error of a partition.
func poll(from *kafka.Consumer, wait time.Duration) ([]suite.Record, error) {
	var records []suite.Record
	for {
		message, err := from.ReadMessage(wait)
		switch {
		case err == nil:
			records = append(records, incoming(message))
			wait = time.Millisecond // for those that came with it
		case err.(kafka.Error).Code() == kafka.ErrTimedOut:
			return records, nil
		default:
			return records, err
		}
		if len(records) == 500 {
			return records, nil
		}
	}
}

func (c *consumer) Poll(wait time.Duration) ([]suite.Record, error) { return poll(c.Consumer, wait) }

func (c *consumer) SeekTo(offset int64) error {
	c.place.Offset = kafka.Offset(offset)
	err := c.Seek(c.place, 0)
	if err == nil && offset == suite.End {
		c.waitForEnd()
	}
	return err
}

// waitForEnd returns when the client tells of the end: until then it may be asking where that is, behind a
// fetch that waits.
func (c *consumer) waitForEnd() {
	harness.WaitUntil("the client is at the end", 30*time.Second, func() bool {
		switch event := c.Consumer.Poll(1000).(type) {
		case kafka.PartitionEOF:
			return true
		case *kafka.Message:
			harness.Expect(false, "a record at the end: %v", event)
		}
		return false
	})
}

func (c *consumer) Pause() error { return c.Consumer.Pause([]kafka.TopicPartition{c.place}) }

func (c *consumer) Resume() error { return c.Consumer.Resume([]kafka.TopicPartition{c.place}) }

func (c *consumer) Position() int64 {
	places := harness.Must(c.Consumer.Position([]kafka.TopicPartition{c.place}))
	return int64(places[0].Offset)
}
