package main

import (
	"bytes"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol"

	"compat/suite"
)

var acks = map[string]kafka.RequiredAcks{
	"": kafka.RequireAll, "all": kafka.RequireAll, "1": kafka.RequireOne, "0": kafka.RequireNone,
}

var codecs = map[string]kafka.Compression{
	"gzip": kafka.Gzip, "snappy": kafka.Snappy, "lz4": kafka.Lz4, "zstd": kafka.Zstd,
}

// producer collects what is to be produced: a Writer's call takes many messages, and waits.
type producer struct {
	writer    *kafka.Writer
	collected []kafka.Message
	done      []func(suite.Record, error)
}

func (c *client) NewProducer(options suite.ProducerOptions) (suite.Producer, error) {
	writer := &kafka.Writer{
		Addr:         kafka.TCP(c.bootstrap),
		RequiredAcks: acks[options.Acks],
		Compression:  codecs[options.Codec],
		BatchTimeout: 5 * time.Millisecond,
		BatchSize:    1000,
		BatchBytes:   int64(options.MaxBytes),
	}
	p := &producer{writer: writer}
	writer.Balancer = kafka.BalancerFunc(func(message kafka.Message, _ ...int) int {
		return message.WriterData.(place).partition
	})
	writer.Completion = p.completed
	return p, nil
}

// place is where a message is to go, and which of those that were collected it is.
type place struct{ partition, number int }

func (p *producer) Produce(record suite.Record, done func(suite.Record, error)) {
	message := kafka.Message{
		Topic:      record.Topic,
		Key:        record.Key,
		Value:      record.Value,
		WriterData: place{int(record.Partition), len(p.done)},
	}
	for _, header := range record.Headers {
		message.Headers = append(message.Headers, kafka.Header{Key: header.Key, Value: header.Value})
	}
	if record.TimestampMs != 0 {
		message.Time = time.UnixMilli(record.TimestampMs)
	}
	p.collected = append(p.collected, message)
	p.done = append(p.done, done)
}

func (p *producer) completed(messages []kafka.Message, err error) {
	for _, message := range messages {
		p.done[message.WriterData.(place).number](incoming(message), err)
	}
}

func (p *producer) Flush() error {
	messages := p.collected
	p.collected = nil
	return p.writer.WriteMessages(background, messages...)
}

func (p *producer) Close() error { return p.writer.Close() }

func (c *client) SendBatch(topic string, partition int32, value []byte, damage func([]byte)) error {
	record := kafka.Record{Time: time.Now(), Value: kafka.NewBytes(value)}
	records := protocol.RecordSet{Version: 2, Records: kafka.NewRecordReader(record)}
	var sent bytes.Buffer
	if _, err := records.WriteTo(&sent); err != nil {
		return err
	}
	damage(sent.Bytes())
	response, err := c.RawProduce(background, &kafka.RawProduceRequest{
		Topic:        topic,
		Partition:    int(partition),
		RequiredAcks: kafka.RequireAll,
		RawRecords:   protocol.RawRecordSet{Reader: &sent},
	})
	if err != nil {
		return err
	}
	return response.Error
}
