package main

import (
	"errors"
	"sync"
	"time"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"

	"compat/suite"
)

type producer struct {
	*kafka.Producer
	events   chan struct{} // closed when all delivery reports are read
	underWay sync.WaitGroup
}

func (c *client) NewProducer(options suite.ProducerOptions) (suite.Producer, error) {
	own := kafka.ConfigMap{"linger.ms": 5, "enable.idempotence": options.Idempotent}
	if options.Acks != "" {
		own["acks"] = options.Acks
	}
	if options.Codec != "" {
		own["compression.type"] = options.Codec
	}
	if options.MaxBytes != 0 {
		own["message.max.bytes"] = options.MaxBytes
	}
	if options.TransactionalID != "" {
		delete(own, "enable.idempotence") // it goes without saying
		own["transactional.id"] = options.TransactionalID
	}
	if options.TransactionTimeoutMs != 0 {
		own["transaction.timeout.ms"] = options.TransactionTimeoutMs
	}
	made, err := kafka.NewProducer(c.settings(own))
	if err != nil {
		return nil, err
	}
	p := &producer{Producer: made, events: make(chan struct{})}
	go p.report()
	if options.TransactionalID != "" {
		err = made.InitTransactions(background)
	}
	return p, err
}

// report hands delivery reports to those who wait for them; other events are of no interest.
func (p *producer) report() {
	defer close(p.events)
	for event := range p.Events() {
		if message, ok := event.(*kafka.Message); ok {
			message.Opaque.(func(suite.Record, error))(incoming(message), message.TopicPartition.Error)
			p.underWay.Done()
		}
	}
}

func (p *producer) Produce(record suite.Record, done func(suite.Record, error)) {
	message := &kafka.Message{
		TopicPartition: kafka.TopicPartition{Topic: &record.Topic, Partition: record.Partition},
		Key:            record.Key,
		Value:          record.Value,
		Opaque:         done,
	}
	for _, header := range record.Headers {
		message.Headers = append(message.Headers, kafka.Header{Key: header.Key, Value: header.Value})
	}
	if record.TimestampMs != 0 {
		message.Timestamp = time.UnixMilli(record.TimestampMs)
	}
	p.underWay.Add(1)
	err := p.Producer.Produce(message, nil)
	for isFull(err) {
		p.Producer.Flush(50)
		err = p.Producer.Produce(message, nil)
	}
	if err != nil {
		done(record, err)
		p.underWay.Done()
	}
}

func isFull(err error) bool {
	var failure kafka.Error
	return errors.As(err, &failure) && failure.Code() == kafka.ErrQueueFull
}

func (p *producer) Flush() error {
	for p.Producer.Flush(timeoutMs) > 0 {
	}
	p.underWay.Wait() // the last reports are read and not yet handed on
	return nil
}

func (p *producer) Close() error {
	p.Producer.Close()
	<-p.events
	return nil
}

func (p *producer) Begin() error { return p.BeginTransaction() }

func (p *producer) End(commit bool) error {
	if commit {
		return p.CommitTransaction(background)
	}
	return p.AbortTransaction(background)
}
