package main

import (
	"time"

	"github.com/IBM/sarama"

	"compat/suite"
)

func incoming(message *sarama.ConsumerMessage) suite.Record {
	record := suite.Record{
		Topic:       message.Topic,
		Partition:   message.Partition,
		Offset:      message.Offset,
		Key:         message.Key,
		Value:       message.Value,
		TimestampMs: message.Timestamp.UnixMilli(),
	}
	for _, header := range message.Headers {
		record.Headers = append(record.Headers, suite.Header{Key: string(header.Key), Value: header.Value})
	}
	return record
}

// consumer is a partition consumer for each partition, whose messages come together in one channel.
type consumer struct {
	sarama.Consumer
	topic      string
	partitions map[int32]sarama.PartitionConsumer
	position   int64 // behind the last record that was polled
	together
}

// together is where the partitions' messages come, until it is over.
type together struct {
	messages chan *sarama.ConsumerMessage
	failures chan error
	over     chan struct{}
}

func newTogether() together {
	return together{make(chan *sarama.ConsumerMessage), make(chan error), make(chan struct{})}
}

func (t together) forward(own sarama.PartitionConsumer) {
	for {
		select {
		case message, ok := <-own.Messages():
			if !ok {
				return
			}
			select {
			case t.messages <- message:
			case <-t.over:
				return
			}
		case failure, ok := <-own.Errors():
			if !ok {
				return
			}
			select {
			case t.failures <- failure.Err:
			case <-t.over:
				return
			}
		case <-t.over:
			return
		}
	}
}

func (c *client) Consume(topic string, from map[int32]int64, options suite.ConsumerOptions) (suite.Consumer, error) {
	config := c.newConfig()
	config.Consumer.Return.Errors = true
	if options.ReadCommitted {
		config.Consumer.IsolationLevel = sarama.ReadCommitted
	}
	config.RackID = options.Rack
	if options.FetchMaxBytes != 0 {
		config.Consumer.Fetch.Default = int32(options.FetchMaxBytes)
	}
	if options.FetchMaxWait != 0 {
		config.Consumer.MaxWaitTime = options.FetchMaxWait
	}
	made, err := sarama.NewConsumer(c.bootstrap, config)
	if err != nil {
		return nil, err
	}
	partitions := map[int32]sarama.PartitionConsumer{}
	all := &consumer{Consumer: made, topic: topic, partitions: partitions, together: newTogether()}
	for partition, offset := range from {
		if err := all.begin(partition, offset); err != nil {
			return nil, err
		}
	}
	return all, nil
}

func (c *consumer) begin(partition int32, offset int64) error {
	own, err := c.ConsumePartition(c.topic, partition, offset) // its special offsets are the protocol's
	if err != nil {
		return err
	}
	c.partitions[partition] = own
	go c.forward(own)
	return nil
}

func (c *consumer) Poll(wait time.Duration) ([]suite.Record, error) {
	var records []suite.Record
	for {
		select {
		case message := <-c.messages:
			records = append(records, incoming(message))
			c.position = message.Offset + 1
			wait = 10 * time.Millisecond // for those that came with it
		case failure := <-c.failures:
			return records, failure
		case <-time.After(wait):
			return records, nil
		}
	}
}

// SeekTo begins the partitions anew: a partition consumer has one place to begin at.
func (c *consumer) SeekTo(offset int64) error {
	if err := c.closePartitions(); err != nil {
		return err
	}
	c.together = newTogether()
	for partition := range c.partitions {
		if err := c.begin(partition, offset); err != nil {
			return err
		}
	}
	return nil
}

func (c *consumer) closePartitions() error {
	close(c.over)
	for _, own := range c.partitions {
		if err := own.Close(); err != nil {
			return err
		}
	}
	return nil
}

func (c *consumer) Pause() error {
	c.PauseAll()
	return nil
}

func (c *consumer) Resume() error {
	c.ResumeAll()
	return nil
}

func (c *consumer) Position() int64 { return c.position }

func (c *consumer) Close() error {
	if err := c.closePartitions(); err != nil {
		return err
	}
	return c.Consumer.Close()
}
