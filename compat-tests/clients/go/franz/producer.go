package main

import (
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"compat/suite"
)

var codecs = map[string]kgo.CompressionCodec{
	"none":   kgo.NoCompression(),
	"gzip":   kgo.GzipCompression(),
	"snappy": kgo.SnappyCompression(),
	"lz4":    kgo.Lz4Compression(),
	"zstd":   kgo.ZstdCompression(),
}

type producer struct{ client *kgo.Client }

func (c *client) NewProducer(options suite.ProducerOptions) (suite.Producer, error) {
	settings := []kgo.Opt{kgo.RecordPartitioner(kgo.ManualPartitioner())}
	switch options.Acks { // producers are idempotent unless told otherwise, and then need all acks
	case "0":
		settings = append(settings, kgo.RequiredAcks(kgo.NoAck()), kgo.DisableIdempotentWrite())
	case "1":
		settings = append(settings, kgo.RequiredAcks(kgo.LeaderAck()), kgo.DisableIdempotentWrite())
	}
	if options.Codec != "" {
		settings = append(settings, kgo.ProducerBatchCompression(codecs[options.Codec]))
	}
	if options.MaxBytes != 0 {
		settings = append(settings, kgo.ProducerBatchMaxBytes(int32(options.MaxBytes)))
	}
	if options.TransactionalID != "" {
		settings = append(settings, kgo.TransactionalID(options.TransactionalID))
	}
	if options.TransactionTimeoutMs != 0 {
		timeout := time.Duration(options.TransactionTimeoutMs) * time.Millisecond
		settings = append(settings, kgo.TransactionTimeout(timeout))
	}
	made, err := c.new(settings...)
	return &producer{made}, err
}

func (p *producer) Produce(record suite.Record, done func(suite.Record, error)) {
	p.client.Produce(background, outgoing(record), func(sent *kgo.Record, err error) { done(incoming(sent), err) })
}

func outgoing(record suite.Record) *kgo.Record {
	sent := &kgo.Record{Topic: record.Topic, Partition: record.Partition, Key: record.Key, Value: record.Value}
	for _, header := range record.Headers {
		sent.Headers = append(sent.Headers, kgo.RecordHeader{Key: header.Key, Value: header.Value})
	}
	if record.TimestampMs != 0 {
		sent.Timestamp = time.UnixMilli(record.TimestampMs)
	}
	return sent
}

func (p *producer) Flush() error { return p.client.Flush(background) }

func (p *producer) Close() error {
	p.client.Close()
	return nil
}

func (p *producer) Begin() error { return p.client.BeginTransaction() }

func (p *producer) End(commit bool) error {
	if err := p.Flush(); err != nil {
		return err
	}
	return p.client.EndTransaction(background, kgo.TransactionEndTry(commit))
}
