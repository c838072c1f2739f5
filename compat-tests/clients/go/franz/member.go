package main

import (
	"context"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"compat/suite"
)

var assignors = map[string]kgo.GroupBalancer{
	"":                   kgo.RangeBalancer(),
	"range":              kgo.RangeBalancer(),
	"roundrobin":         kgo.RoundRobinBalancer(),
	"cooperative-sticky": kgo.CooperativeStickyBalancer(),
}

type member struct {
	client *kgo.Client
	stop   context.CancelFunc
	done   chan struct{}
}

func (c *client) Join(
	tracker *suite.Tracker, group string, topics []string, options suite.MemberOptions,
) (suite.Member, error) {
	made, err := c.new(memberSettings(tracker, group, topics, options)...)
	if err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancel(background)
	joined := &member{made, stop, make(chan struct{})}
	go joined.run(ctx, tracker, !options.CommitsNothing)
	return joined, nil
}

func memberSettings(
	tracker *suite.Tracker, group string, topics []string, options suite.MemberOptions,
) []kgo.Opt {
	assigned := func(_ context.Context, _ *kgo.Client, partitions map[string][]int32) {
		tracker.Assigned(suite.PlacesOf(partitions))
	}
	revoked := func(_ context.Context, _ *kgo.Client, partitions map[string][]int32) {
		tracker.Revoked(suite.PlacesOf(partitions))
	}
	settings := []kgo.Opt{
		kgo.ConsumerGroup(group),
		kgo.ConsumeTopics(topics...),
		kgo.DisableAutoCommit(),
		kgo.Balancers(assignors[options.Assignor]),
		kgo.SessionTimeout(6 * time.Second),
		kgo.HeartbeatInterval(300 * time.Millisecond),
		kgo.FetchMaxWait(500 * time.Millisecond),
		kgo.MetadataMinAge(300 * time.Millisecond),
		kgo.OnPartitionsAssigned(assigned),
		kgo.OnPartitionsRevoked(revoked),
		kgo.OnPartitionsLost(revoked),
	}
	if options.ConsumerProtocol {
		settings = append(settings, kgo.ServerSideBalancer())
	}
	if options.InstanceID != "" {
		settings = append(settings, kgo.InstanceID(options.InstanceID))
	}
	if options.Rack != "" {
		settings = append(settings, kgo.Rack(options.Rack))
	}
	if options.Pattern {
		settings = append(settings, kgo.ConsumeRegex(), kgo.MetadataMaxAge(500*time.Millisecond))
	}
	return settings
}

// run polls until the member leaves; errors of fetches and commits are those of a broker that is away, and of
// rebalances.
func (m *member) run(ctx context.Context, tracker *suite.Tracker, commits bool) {
	defer close(m.done)
	for ctx.Err() == nil {
		records, _ := poll(m.client, ctx)
		tracker.Saw(records...)
		if commits && len(records) > 0 {
			_ = m.client.CommitUncommittedOffsets(background)
		}
	}
}

func (m *member) Commit(topic string, partition int32, offset int64, metadata string) error {
	withMetadata := kgo.PreCommitFnContext(background, func(request *kmsg.OffsetCommitRequest) error {
		for _, topic := range request.Topics {
			for place := range topic.Partitions {
				topic.Partitions[place].Metadata = &metadata
			}
		}
		return nil
	})
	var failure error
	offsets := map[string]map[int32]kgo.EpochOffset{topic: {partition: {Epoch: -1, Offset: offset}}}
	m.client.CommitOffsetsSync(withMetadata, offsets,
		func(_ *kgo.Client, _ *kmsg.OffsetCommitRequest, _ *kmsg.OffsetCommitResponse, err error) {
			failure = err
		})
	return failure
}

func (m *member) Leave() error {
	m.stop()
	<-m.done
	m.client.Close()
	return nil
}
