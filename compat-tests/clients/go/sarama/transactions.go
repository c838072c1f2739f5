package main

import (
	"context"
	"errors"
	"time"

	"github.com/IBM/sarama"

	"compat/suite"
)

// copier takes over messages from a member's claim, one at a time.
type copier struct {
	client   *client
	producer *producer
	group    string
	source   string
	target   string
	consumer *claims
}

func (c *client) NewCopier(group, transactionalID, source, target string) (suite.Copier, error) {
	made, err := c.NewProducer(suite.ProducerOptions{TransactionalID: transactionalID})
	if err != nil {
		return nil, err
	}
	copies := &copier{client: c, producer: made.(*producer), group: group, source: source, target: target}
	copies.consumer, err = c.claim(group, source)
	return copies, err
}

func (c *copier) Copy(commit bool) (int, error) {
	messages, session := c.consumer.take(100, 200*time.Millisecond)
	if len(messages) == 0 {
		return 0, nil
	}
	if err := c.producer.Begin(); err != nil {
		return 0, err
	}
	var failure error
	for _, message := range messages {
		record := suite.Record{Topic: c.target, Key: message.Key, Value: message.Value}
		c.producer.Produce(record, func(_ suite.Record, err error) { failure = errors.Join(failure, err) })
	}
	if err := errors.Join(c.producer.Flush(), failure); err != nil {
		return 0, err
	}
	member := sarama.NewConsumerGroupMetadataFromSession(session, c.group, nil)
	last := messages[len(messages)-1]
	if err := c.producer.AddMessageToTxnWithGroupMetadata(last, member, nil); err != nil {
		return 0, err
	}
	if err := c.producer.End(commit); err != nil {
		return 0, err
	}
	if commit {
		return len(messages), nil
	}
	return len(messages), c.rejoin() // which begins at the committed offset
}

func (c *copier) rejoin() (err error) {
	if err = c.consumer.close(); err == nil {
		c.consumer, err = c.client.claim(c.group, c.source)
	}
	return err
}

func (c *copier) Close() error { return errors.Join(c.consumer.close(), c.producer.Close()) }

// claims is a member of a group whose messages are taken by somebody else.
type claims struct {
	group    sarama.ConsumerGroup
	stop     context.CancelFunc
	done     chan struct{}
	messages chan taken
}

type taken struct {
	message *sarama.ConsumerMessage
	session sarama.ConsumerGroupSession
}

func (c *client) claim(group, topic string) (*claims, error) {
	config := c.memberConfig()
	config.Consumer.IsolationLevel = sarama.ReadCommitted
	made, err := sarama.NewConsumerGroup(c.bootstrap, group, config)
	if err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancel(context.Background())
	own := &claims{made, stop, make(chan struct{}), make(chan taken)}
	go func() {
		defer close(own.done)
		for ctx.Err() == nil {
			if err := made.Consume(ctx, []string{topic}, own); err != nil {
				time.Sleep(50 * time.Millisecond)
			}
		}
	}()
	return own, nil
}

func (c *claims) Setup(sarama.ConsumerGroupSession) error { return nil }

func (c *claims) Cleanup(sarama.ConsumerGroupSession) error { return nil }

func (c *claims) ConsumeClaim(session sarama.ConsumerGroupSession, claim sarama.ConsumerGroupClaim) error {
	for {
		select {
		case message, ok := <-claim.Messages():
			if !ok {
				return nil
			}
			select {
			case c.messages <- taken{message, session}:
			case <-session.Context().Done():
				return nil
			}
		case <-session.Context().Done():
			return nil
		}
	}
}

// take gives messages of one session, as many as there are within the time.
func (c *claims) take(most int, wait time.Duration) (
	messages []*sarama.ConsumerMessage, session sarama.ConsumerGroupSession,
) {
	end := time.After(wait)
	for len(messages) < most {
		select {
		case next := <-c.messages:
			if session != nil && next.session != session {
				messages = nil // those of an earlier session come again
			}
			messages, session = append(messages, next.message), next.session
		case <-end:
			return messages, session
		}
	}
	return messages, session
}

func (c *claims) close() error {
	c.stop()
	<-c.done
	return c.group.Close()
}
