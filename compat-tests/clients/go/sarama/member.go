package main

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/IBM/sarama"

	"compat/suite"
)

func assignor(name string) sarama.BalanceStrategy {
	switch name {
	case "roundrobin":
		return sarama.NewBalanceStrategyRoundRobin()
	case "cooperative-sticky":
		return sarama.NewBalanceStrategyCooperativeSticky()
	}
	return sarama.NewBalanceStrategyRange()
}

func (c *client) memberConfig() *sarama.Config {
	config := c.newConfig()
	config.Consumer.Offsets.Initial = sarama.OffsetOldest
	config.Consumer.Offsets.AutoCommit.Enable = false
	config.Consumer.Group.Session.Timeout = 6 * time.Second
	config.Consumer.Group.Heartbeat.Interval = 300 * time.Millisecond
	config.Consumer.Group.Rebalance.Retry.Max = 100
	config.Consumer.Group.Rebalance.Retry.Backoff = 100 * time.Millisecond
	return config
}

// member is a sarama.ConsumerGroupHandler too; a partition is owned as long as its claim is consumed.
type member struct {
	group   sarama.ConsumerGroup
	tracker *suite.Tracker
	commits bool
	stop    context.CancelFunc
	done    chan struct{}
	mutex   sync.Mutex
	session sarama.ConsumerGroupSession
}

func (c *client) Join(
	tracker *suite.Tracker, group string, topics []string, options suite.MemberOptions,
) (suite.Member, error) {
	config := c.memberConfig()
	config.Consumer.Group.Rebalance.GroupStrategies = []sarama.BalanceStrategy{assignor(options.Assignor)}
	config.Consumer.Group.InstanceId = options.InstanceID
	config.RackID = options.Rack
	made, err := sarama.NewConsumerGroup(c.bootstrap, group, config)
	if err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancel(context.Background())
	joined := &member{
		group: made, tracker: tracker, commits: !options.CommitsNothing, stop: stop, done: make(chan struct{}),
	}
	go func() {
		defer close(joined.done)
		for ctx.Err() == nil {
			// An error is that of a broker that is away: it joins again.
			if err := made.Consume(ctx, topics, joined); err != nil {
				time.Sleep(50 * time.Millisecond)
			}
		}
	}()
	return joined, nil
}

func (m *member) Setup(session sarama.ConsumerGroupSession) error {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	m.session = session
	return nil
}

func (m *member) Cleanup(sarama.ConsumerGroupSession) error { return nil }

func (m *member) ConsumeClaim(session sarama.ConsumerGroupSession, claim sarama.ConsumerGroupClaim) error {
	place := suite.Places{{Topic: claim.Topic(), Partition: claim.Partition()}: true}
	m.tracker.Assigned(place)
	defer m.tracker.Revoked(place)
	for {
		select {
		case message, ok := <-claim.Messages():
			if !ok {
				return nil
			}
			m.tracker.Saw(incoming(message))
			if !m.commits {
				continue
			}
			session.MarkMessage(message, "")
			if len(claim.Messages()) == 0 {
				session.Commit()
			}
		case <-session.Context().Done():
			return nil
		}
	}
}

func (m *member) Commit(topic string, partition int32, offset int64, metadata string) error {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	if m.session == nil {
		return errors.New("not in the group")
	}
	m.session.MarkOffset(topic, partition, offset, metadata)
	m.session.Commit()
	return nil
}

func (m *member) Leave() error {
	m.stop()
	<-m.done
	return m.group.Close()
}
