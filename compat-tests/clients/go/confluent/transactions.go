package main

import (
	"errors"
	"time"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"

	"compat/suite"
)

type copier struct {
	consumer *kafka.Consumer
	producer *producer
	source   string
	target   string
}

func (c *client) NewCopier(group, transactionalID, source, target string) (suite.Copier, error) {
	made, err := c.NewProducer(suite.ProducerOptions{TransactionalID: transactionalID})
	if err != nil {
		return nil, err
	}
	own := memberSettings(group, suite.MemberOptions{})
	own["isolation.level"] = "read_committed"
	consumer, err := kafka.NewConsumer(c.settings(own))
	if err != nil {
		return nil, err
	}
	return &copier{consumer, made.(*producer), source, target}, consumer.Subscribe(source, nil)
}

func (c *copier) Copy(commit bool) (int, error) {
	records, err := c.take(100)
	if err != nil || len(records) == 0 {
		return 0, err
	}
	if err := c.producer.Begin(); err != nil {
		return 0, err
	}
	for _, record := range records {
		copied := suite.Record{Topic: c.target, Key: record.Key, Value: record.Value}
		c.producer.Produce(copied, func(suite.Record, error) {}) // the commit knows what went wrong
	}
	if err := c.sendOffset(records[len(records)-1].Offset + 1); err != nil {
		return 0, err
	}
	if err := c.producer.End(commit); err != nil {
		return 0, err
	}
	if !commit {
		err = c.consumer.Seek(placeOf(c.source, 0, records[0].Offset), 0)
	}
	return len(records), err
}

func (c *copier) take(most int) ([]suite.Record, error) {
	var records []suite.Record
	for wait := 200 * time.Millisecond; len(records) < most; wait = time.Millisecond {
		message, err := c.consumer.ReadMessage(wait)
		if err != nil && err.(kafka.Error).Code() == kafka.ErrTimedOut {
			break
		}
		if err != nil {
			return nil, err
		}
		records = append(records, incoming(message))
	}
	return records, nil
}

func (c *copier) sendOffset(next int64) error {
	member, err := c.consumer.GetConsumerGroupMetadata()
	if err != nil {
		return err
	}
	offsets := []kafka.TopicPartition{placeOf(c.source, 0, next)}
	return c.producer.SendOffsetsToTransaction(background, offsets, member)
}

func (c *copier) Close() error { return errors.Join(c.consumer.Close(), c.producer.Close()) }
