package main

import (
	"hash/crc32"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

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

// SendBatch sends what kmsg makes of a record, with a checksum of its own.
func (c *client) SendBatch(topic string, partition int32, value []byte, damage func([]byte)) error {
	details, err := c.admin.ListTopics(background, topic)
	if err != nil {
		return err
	}
	to := kmsg.NewProduceRequestTopicPartition()
	to.Partition, to.Records = partition, batchOf(value)
	damage(to.Records)
	of := kmsg.NewProduceRequestTopic()
	of.Topic, of.TopicID = topic, details[topic].ID // by name up to version 12, then by id
	of.Partitions = append(of.Partitions, to)
	request := kmsg.NewPtrProduceRequest()
	request.Acks, request.TimeoutMillis = -1, 10_000
	request.Topics = append(request.Topics, of)
	response, err := request.RequestWith(background, c.requests)
	if err != nil {
		return err
	}
	return kerr.ErrorForCode(response.Topics[0].Partitions[0].ErrorCode)
}

func batchOf(value []byte) []byte {
	const lengthEnd, checksumEnd = 12, 21
	record := kmsg.NewRecord()
	record.Value = value
	record.Length = int32(len(record.AppendTo(nil)) - 1) // but for its own byte
	batch := kmsg.NewRecordBatch()
	batch.PartitionLeaderEpoch, batch.Magic, batch.NumRecords = -1, 2, 1
	batch.ProducerID, batch.ProducerEpoch, batch.FirstSequence = -1, -1, -1
	batch.FirstTimestamp = time.Now().UnixMilli()
	batch.MaxTimestamp = batch.FirstTimestamp
	batch.Records = record.AppendTo(nil)
	bytes := batch.AppendTo(nil)
	batch.Length = int32(len(bytes) - lengthEnd)
	batch.CRC = int32(crc32.Checksum(bytes[checksumEnd:], crc32.MakeTable(crc32.Castagnoli)))
	return batch.AppendTo(nil)
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
