package main

import (
	"context"
	"errors"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"compat/suite"
)

func incoming(record *kgo.Record) suite.Record {
	read := suite.Record{
		Topic:       record.Topic,
		Partition:   record.Partition,
		Offset:      record.Offset,
		Key:         record.Key,
		Value:       record.Value,
		TimestampMs: record.Timestamp.UnixMilli(),
	}
	for _, header := range record.Headers {
		read.Headers = append(read.Headers, suite.Header{Key: header.Key, Value: header.Value})
	}
	return read
}

func poll(client *kgo.Client, ctx context.Context) ([]suite.Record, error) {
	fetched, err := fetch(client, ctx)
	var records []suite.Record
	for _, record := range fetched {
		records = append(records, incoming(record))
	}
	return records, err
}

// fetch gives what is fetched within the time, and the first error that is not the time's end.
func fetch(client *kgo.Client, ctx context.Context) ([]*kgo.Record, error) {
	fetches := client.PollFetches(ctx)
	records := fetches.Records()
	for _, failure := range fetches.Errors() {
		if ctx.Err() == nil || !errors.Is(failure.Err, ctx.Err()) {
			return records, failure.Err
		}
	}
	return records, nil
}

type consumer struct {
	client    *kgo.Client
	topic     string
	partition int32 // the last one, for Seeker's methods
	position  int64 // behind the last record that was polled
}

func (c *client) Consume(topic string, from map[int32]int64, options suite.ConsumerOptions) (suite.Consumer, error) {
	offsets, partition := map[int32]kgo.Offset{}, int32(0)
	for number, offset := range from {
		offsets[number], partition = offsetOf(offset), number
	}
	settings := []kgo.Opt{
		kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{topic: offsets}),
		kgo.ConsumeResetOffset(kgo.NoResetOffset()),
	}
	if options.ReadCommitted {
		settings = append(settings, kgo.FetchIsolationLevel(kgo.ReadCommitted()))
	}
	if options.FetchMaxBytes != 0 {
		limit := int32(options.FetchMaxBytes)
		settings = append(settings, kgo.FetchMaxBytes(limit), kgo.FetchMaxPartitionBytes(limit))
	}
	if options.Rack != "" {
		settings = append(settings, kgo.Rack(options.Rack))
	}
	if options.FetchMaxWait != 0 {
		settings = append(settings, kgo.FetchMaxWait(options.FetchMaxWait))
	}
	made, err := c.new(settings...)
	return &consumer{client: made, topic: topic, partition: partition}, err
}

func offsetOf(offset int64) kgo.Offset {
	switch offset {
	case suite.Beginning:
		return kgo.NewOffset().AtStart()
	case suite.End:
		return kgo.NewOffset().AtEnd()
	}
	return kgo.NewOffset().At(offset)
}

func (c *consumer) Poll(wait time.Duration) ([]suite.Record, error) {
	ctx, cancel := context.WithTimeout(background, wait)
	defer cancel()
	records, err := poll(c.client, ctx)
	if len(records) > 0 {
		c.position = records[len(records)-1].Offset + 1
	}
	return records, err
}

func (c *consumer) partitions() map[string][]int32 {
	return map[string][]int32{c.topic: {c.partition}}
}

func (c *consumer) SeekTo(offset int64) error {
	c.client.RemoveConsumePartitions(c.partitions())
	c.client.AddConsumePartitions(map[string]map[int32]kgo.Offset{c.topic: {c.partition: offsetOf(offset)}})
	return nil
}

func (c *consumer) Pause() error {
	c.client.PauseFetchPartitions(c.partitions())
	return nil
}

func (c *consumer) Resume() error {
	c.client.ResumeFetchPartitions(c.partitions())
	return nil
}

func (c *consumer) Position() int64 { return c.position }

func (c *consumer) Close() error {
	c.client.Close()
	return nil
}
