package main

import (
	"sync"
	"time"

	"github.com/IBM/sarama"

	"compat/suite"
)

var acks = map[string]sarama.RequiredAcks{
	"": sarama.WaitForAll, "all": sarama.WaitForAll, "1": sarama.WaitForLocal, "0": sarama.NoResponse,
}

var codecs = map[string]sarama.CompressionCodec{
	"":       sarama.CompressionNone,
	"none":   sarama.CompressionNone,
	"gzip":   sarama.CompressionGZIP,
	"snappy": sarama.CompressionSnappy,
	"lz4":    sarama.CompressionLZ4,
	"zstd":   sarama.CompressionZSTD,
}

type producer struct {
	sarama.AsyncProducer
	underWay sync.WaitGroup
	readers  sync.WaitGroup
}

func (c *client) NewProducer(options suite.ProducerOptions) (suite.Producer, error) {
	made, err := sarama.NewAsyncProducer(c.bootstrap, c.producerConfig(options))
	if err != nil {
		return nil, err
	}
	p := &producer{AsyncProducer: made}
	p.readers.Go(func() {
		for message := range made.Successes() {
			p.done(message, nil)
		}
	})
	p.readers.Go(func() {
		for failure := range made.Errors() {
			p.done(failure.Msg, failure.Err)
		}
	})
	return p, nil
}

func (c *client) producerConfig(options suite.ProducerOptions) *sarama.Config {
	config := c.newConfig()
	config.Producer.Return.Successes = true
	config.Producer.Partitioner = sarama.NewManualPartitioner
	config.Producer.RequiredAcks = acks[options.Acks]
	config.Producer.Compression = codecs[options.Codec]
	config.Producer.Retry.Max = 100
	if options.MaxBytes != 0 {
		config.Producer.MaxMessageBytes = options.MaxBytes
	}
	if options.Idempotent || options.TransactionalID != "" {
		config.Producer.Idempotent = true
		config.Net.MaxOpenRequests = 1 // it wants no more for an idempotent producer
	}
	config.Producer.Transaction.ID = options.TransactionalID
	if options.TransactionTimeoutMs != 0 {
		config.Producer.Transaction.Timeout = time.Duration(options.TransactionTimeoutMs) * time.Millisecond
	}
	return config
}

func (p *producer) done(message *sarama.ProducerMessage, err error) {
	message.Metadata.(func(*sarama.ProducerMessage, error))(message, err)
	p.underWay.Done()
}

func (p *producer) Produce(record suite.Record, done func(suite.Record, error)) {
	message := &sarama.ProducerMessage{Topic: record.Topic, Partition: record.Partition}
	if record.Key != nil {
		message.Key = sarama.ByteEncoder(record.Key)
	}
	if record.Value != nil {
		message.Value = sarama.ByteEncoder(record.Value)
	}
	for _, header := range record.Headers {
		message.Headers = append(message.Headers, sarama.RecordHeader{Key: []byte(header.Key), Value: header.Value})
	}
	if record.TimestampMs != 0 {
		message.Timestamp = time.UnixMilli(record.TimestampMs)
	}
	message.Metadata = func(sent *sarama.ProducerMessage, err error) {
		record.Offset = sent.Offset
		done(record, err)
	}
	p.underWay.Add(1)
	p.Input() <- message
}

func (p *producer) Flush() error {
	p.underWay.Wait()
	return nil
}

// Close is after a Flush, so that nothing is left for the readers.
func (p *producer) Close() error {
	p.AsyncClose()
	p.readers.Wait()
	return nil
}

func (p *producer) Begin() error { return p.BeginTxn() }

func (p *producer) End(commit bool) error {
	if commit {
		return p.CommitTxn()
	}
	return p.AbortTxn()
}
