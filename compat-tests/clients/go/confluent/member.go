package main

import (
	"context"
	"time"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"

	"compat/suite"
)

type member struct {
	consumer *kafka.Consumer
	stop     context.CancelFunc
	done     chan struct{}
}

func memberSettings(group string, options suite.MemberOptions) kafka.ConfigMap {
	own := kafka.ConfigMap{
		"group.id":                           group,
		"auto.offset.reset":                  "earliest",
		"enable.auto.commit":                 false,
		"fetch.wait.max.ms":                  100,
		"topic.metadata.refresh.interval.ms": 500,
	}
	if options.ConsumerProtocol { // the broker sets the timeouts of such members
		own["group.protocol"] = "consumer"
	} else {
		own["session.timeout.ms"] = 6000
		own["heartbeat.interval.ms"] = 300
		own["max.poll.interval.ms"] = 10_000
	}
	if options.Assignor != "" {
		own["partition.assignment.strategy"] = options.Assignor
	}
	if options.Rack != "" {
		own["client.rack"] = options.Rack
	}
	if options.InstanceID != "" {
		own["group.instance.id"] = options.InstanceID
	}
	return own
}

func (c *client) Join(
	tracker *suite.Tracker, group string, topics []string, options suite.MemberOptions,
) (suite.Member, error) {
	made, err := kafka.NewConsumer(c.settings(memberSettings(group, options)))
	if err != nil {
		return nil, err
	}
	// The partitions are assigned by librdkafka itself when the callback does not do it.
	rebalanced := func(_ *kafka.Consumer, event kafka.Event) error {
		switch change := event.(type) {
		case kafka.AssignedPartitions:
			tracker.Assigned(places(change.Partitions))
		case kafka.RevokedPartitions:
			tracker.Revoked(places(change.Partitions))
		}
		return nil
	}
	if err := made.SubscribeTopics(topics, rebalanced); err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancel(background)
	joined := &member{made, stop, make(chan struct{})}
	go joined.run(ctx, tracker, !options.CommitsNothing)
	return joined, nil
}

func places(partitions []kafka.TopicPartition) suite.Places {
	found := suite.Places{}
	for _, place := range partitions {
		found[suite.Place{Topic: *place.Topic, Partition: place.Partition}] = true
	}
	return found
}

// run polls until the member leaves; errors of fetches and commits are those of a broker that is away, and of
// rebalances.
func (m *member) run(ctx context.Context, tracker *suite.Tracker, commits bool) {
	defer close(m.done)
	for ctx.Err() == nil {
		records, _ := poll(m.consumer, 100*time.Millisecond)
		tracker.Saw(records...)
		if commits && len(records) > 0 {
			_, _ = m.consumer.Commit()
		}
	}
}

func (m *member) Commit(topic string, partition int32, offset int64, metadata string) error {
	place := placeOf(topic, partition, offset)
	place.Metadata = &metadata
	_, err := m.consumer.CommitOffsets([]kafka.TopicPartition{place})
	return err
}

func (m *member) Leave() error {
	m.stop()
	<-m.done
	return m.consumer.Close()
}
