package main

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/segmentio/kafka-go"

	"compat/suite"
)

// member follows the generations of its group, with a Reader for each partition that one gives it.
type member struct {
	client     *client
	group      *kafka.ConsumerGroup
	tracker    *suite.Tracker
	commits    bool
	stop       context.CancelFunc
	done       chan struct{}
	mutex      sync.Mutex
	generation *kafka.Generation
}

func (c *client) Join(
	tracker *suite.Tracker, group string, topics []string, options suite.MemberOptions,
) (suite.Member, error) {
	config := kafka.ConsumerGroupConfig{
		ID:                group,
		Brokers:           []string{c.bootstrap},
		Topics:            topics,
		GroupBalancers:    []kafka.GroupBalancer{kafka.RangeGroupBalancer{}},
		SessionTimeout:    6 * time.Second,
		HeartbeatInterval: 300 * time.Millisecond,
		JoinGroupBackoff:  100 * time.Millisecond,
		StartOffset:       kafka.FirstOffset,
	}
	if options.Assignor == "roundrobin" {
		config.GroupBalancers = []kafka.GroupBalancer{kafka.RoundRobinGroupBalancer{}}
	}
	made, err := kafka.NewConsumerGroup(config)
	if err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancel(background)
	joined := &member{
		client: c, group: made, tracker: tracker, commits: !options.CommitsNothing,
		stop: stop, done: make(chan struct{}),
	}
	go joined.run(ctx)
	return joined, nil
}

// run takes part in each generation; an error in between is that of a broker that is away.
func (m *member) run(ctx context.Context) {
	defer close(m.done)
	for ctx.Err() == nil {
		generation, err := m.group.Next(ctx)
		if err != nil {
			continue
		}
		m.mutex.Lock()
		m.generation = generation
		m.mutex.Unlock()
		for topic, assignments := range generation.Assignments {
			for _, assignment := range assignments {
				generation.Start(func(ctx context.Context) { m.read(ctx, generation, topic, assignment) })
			}
		}
	}
}

// read reads a partition until the generation is over.
func (m *member) read(
	ctx context.Context, generation *kafka.Generation, topic string, assignment kafka.PartitionAssignment,
) {
	place := suite.Places{{Topic: topic, Partition: int32(assignment.ID)}: true}
	m.tracker.Assigned(place)
	defer m.tracker.Revoked(place)
	offset := assignment.Offset
	for ctx.Err() == nil {
		offset = m.readFrom(ctx, generation, topic, assignment.ID, offset)
	}
}

// readFrom reads until the generation is over or the offset out of range, and gives where to go on.
func (m *member) readFrom(
	ctx context.Context, generation *kafka.Generation, topic string, partition int, offset int64,
) int64 {
	reader := kafka.NewReader(kafka.ReaderConfig{
		Brokers:               []string{m.client.bootstrap},
		Topic:                 topic,
		Partition:             partition,
		MaxWait:               100 * time.Millisecond,
		ReadBackoffMax:        200 * time.Millisecond,
		OffsetOutOfRangeError: true,
	})
	defer func() { _ = reader.Close() }()
	if err := reader.SetOffset(offset); err != nil {
		return offset
	}
	for {
		message, err := reader.ReadMessage(ctx)
		switch {
		case err == nil:
			m.tracker.Saw(incoming(message))
			offset = message.Offset + 1
			if m.commits && (offset%100 == 0 || offset == message.HighWaterMark) {
				_ = generation.CommitOffsets(map[string]map[int]int64{topic: {partition: offset}})
			}
		case errors.Is(err, kafka.OffsetOutOfRange):
			return kafka.FirstOffset
		default:
			return offset
		}
	}
}

func (m *member) Commit(topic string, partition int32, offset int64, metadata string) error {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	if m.generation == nil {
		return errors.New("not in the group")
	}
	commit := kafka.OffsetCommit{Partition: int(partition), Offset: offset, Metadata: metadata}
	response, err := m.client.OffsetCommit(background, &kafka.OffsetCommitRequest{
		GroupID:      m.generation.GroupID,
		GenerationID: int(m.generation.ID),
		MemberID:     m.generation.MemberID,
		Topics:       map[string][]kafka.OffsetCommit{topic: {commit}},
	})
	if err != nil {
		return err
	}
	return response.Topics[topic][0].Error
}

func (m *member) Leave() error {
	m.stop()
	<-m.done
	return m.group.Close()
}
