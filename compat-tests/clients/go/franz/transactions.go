package main

import (
	"context"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"compat/suite"
)

type copier struct {
	session *kgo.GroupTransactSession
	target  string
}

func (c *client) NewCopier(group, transactionalID, source, target string) (suite.Copier, error) {
	session, err := kgo.NewGroupTransactSession(
		kgo.SeedBrokers(c.bootstrap),
		kgo.TransactionalID(transactionalID),
		kgo.RecordPartitioner(kgo.ManualPartitioner()),
		kgo.ConsumerGroup(group),
		kgo.ConsumeTopics(source),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()),
		kgo.RequireStableFetchOffsets(),
		kgo.SessionTimeout(6*time.Second),
		kgo.HeartbeatInterval(300*time.Millisecond),
	)
	return &copier{session, target}, err
}

func (c *copier) Copy(commit bool) (int, error) {
	ctx, cancel := context.WithTimeout(background, 200*time.Millisecond)
	defer cancel()
	records := c.session.PollRecords(ctx, 100).Records()
	if len(records) == 0 {
		return 0, nil
	}
	if err := c.session.Begin(); err != nil {
		return 0, err
	}
	for _, record := range records {
		c.session.Produce(background, &kgo.Record{Topic: c.target, Key: record.Key, Value: record.Value}, nil)
	}
	committed, err := c.session.End(background, kgo.TransactionEndTry(commit))
	if err == nil && committed != commit {
		return 0, nil // a rebalance was in the way: the records come again
	}
	return len(records), err
}

func (c *copier) Close() error {
	c.session.Close()
	return nil
}
