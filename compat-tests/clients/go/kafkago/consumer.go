package main

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/segmentio/kafka-go"

	"compat/suite"
)

func incoming(message kafka.Message) suite.Record {
	record := suite.Record{
		Topic:       message.Topic,
		Partition:   int32(message.Partition),
		Offset:      message.Offset,
		Key:         message.Key,
		Value:       message.Value,
		TimestampMs: message.Time.UnixMilli(),
	}
	for _, header := range message.Headers {
		record.Headers = append(record.Headers, suite.Header{Key: header.Key, Value: header.Value})
	}
	return record
}

// consumer is a Reader for each partition, whose messages come together in one channel.
type consumer struct {
	readers  []*kafka.Reader
	messages chan kafka.Message
	failures chan error
	stop     context.CancelFunc
}

func (c *client) Consume(topic string, from map[int32]int64, options suite.ConsumerOptions) (suite.Consumer, error) {
	ctx, stop := context.WithCancel(background)
	maxWait := cmp.Or(options.FetchMaxWait, 100*time.Millisecond) // which closing waits for
	all := &consumer{messages: make(chan kafka.Message), failures: make(chan error), stop: stop}
	for partition, offset := range from {
		config := kafka.ReaderConfig{
			Brokers:               []string{c.bootstrap},
			Topic:                 topic,
			Partition:             int(partition),
			MaxBytes:              options.FetchMaxBytes,
			MaxWait:               maxWait,
			OffsetOutOfRangeError: true,
		}
		if options.ReadCommitted {
			config.IsolationLevel = kafka.ReadCommitted
		}
		reader := kafka.NewReader(config)
		if err := reader.SetOffset(specialOffset(offset)); err != nil {
			return nil, err
		}
		all.readers = append(all.readers, reader)
		go all.forward(ctx, reader)
	}
	return all, nil
}

// specialOffset is kafka-go's own for the beginning and the end.
func specialOffset(offset int64) int64 {
	switch offset {
	case suite.Beginning:
		return kafka.FirstOffset
	case suite.End:
		return kafka.LastOffset
	}
	return offset
}

func (c *consumer) forward(ctx context.Context, reader *kafka.Reader) {
	for {
		message, err := reader.ReadMessage(ctx)
		if errors.Is(err, context.Canceled) {
			return
		}
		if err != nil {
			c.failures <- err
			return
		}
		select {
		case c.messages <- message:
		case <-ctx.Done():
			return
		}
	}
}

func (c *consumer) Poll(wait time.Duration) ([]suite.Record, error) {
	var records []suite.Record
	for {
		select {
		case message := <-c.messages:
			records = append(records, incoming(message))
			wait = 10 * time.Millisecond // for those that came with it
		case failure := <-c.failures:
			return records, failure
		case <-time.After(wait):
			return records, nil
		}
	}
}

func (c *consumer) Close() (err error) {
	c.stop()
	for _, reader := range c.readers {
		err = errors.Join(err, reader.Close())
	}
	return err
}
