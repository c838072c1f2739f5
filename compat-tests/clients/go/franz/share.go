package main

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"compat/suite"
)

type shareMember struct {
	client   *kgo.Client
	mutex    sync.Mutex
	failures []error // of answers, since Store was called last
}

func (c *client) Share(group, topic string, most int) (suite.ShareMember, error) {
	joined := &shareMember{}
	made, err := c.new(
		kgo.ShareGroup(group),
		kgo.ConsumeTopics(topic),
		kgo.ShareMaxRecords(int32(most)),
		kgo.ShareMaxRecordsStrict(),
		kgo.ShareAckCallback(joined.answered),
	)
	joined.client = made
	return joined, err
}

func (m *shareMember) answered(_ *kgo.Client, results kgo.ShareAckResults) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	m.failures = append(m.failures, results.Error())
}

func (m *shareMember) Poll(wait time.Duration) ([]suite.Delivery, error) {
	ctx, cancel := context.WithTimeout(background, wait)
	defer cancel()
	records, err := fetch(m.client, ctx)
	deliveries := make([]suite.Delivery, len(records))
	for place, record := range records {
		deliveries[place] = suite.Delivery{
			Record: incoming(record),
			Times:  int(record.DeliveryCount()),
			Answer: func(answer suite.Answer) { record.Ack(kgo.AckStatus(answer)) },
		}
	}
	return deliveries, err
}

func (m *shareMember) Store() error {
	ctx, cancel := context.WithTimeout(background, 30*time.Second)
	defer cancel()
	err := m.client.FlushAcks(ctx)
	m.mutex.Lock()
	defer m.mutex.Unlock()
	err = errors.Join(append(m.failures, err)...)
	m.failures = nil
	return err
}

func (m *shareMember) Close() error {
	m.client.Close()
	return nil
}
