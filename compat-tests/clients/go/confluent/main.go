// The program for confluent-kafka-go, which is librdkafka in C.
package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"

	"compat/suite"
)

const timeoutMs = 30_000

var background = context.Background()

type client struct {
	bootstrap string
	admin     *kafka.AdminClient
	version   string // that its producers and consumers speak, as broker.version.fallback; "" for the newest
}

func connect(bootstrap string) (suite.Client, error) {
	connected := &client{bootstrap: bootstrap}
	admin, err := kafka.NewAdminClient(connected.settings(nil))
	connected.admin = admin
	return connected, err
}

// settings are those of each role; nothing is logged, and what is away is soon tried again.
func (c *client) settings(own kafka.ConfigMap) *kafka.ConfigMap {
	settings := kafka.ConfigMap{
		"bootstrap.servers":        c.bootstrap,
		"reconnect.backoff.max.ms": 500,
		"log_level":                0,
	}
	if c.version != "" {
		settings["api.version.request"], settings["broker.version.fallback"] = false, c.version
	}
	for key, value := range own {
		settings[key] = value
	}
	return &settings
}

// As gives the client with producers and consumers of a version.
func (c *client) As(version string) (suite.Client, error) {
	old := *c
	old.version = version
	return &old, nil
}

// codes are the protocol's codes for what librdkafka finds out by itself.
var codes = map[kafka.ErrorCode]int{
	kafka.ErrAutoOffsetReset: suite.OffsetOutOfRange,
	kafka.ErrFenced:          suite.ProducerFenced,
}

func (c *client) Code(err error) int {
	var failure kafka.Error
	if !errors.As(err, &failure) {
		return 0
	}
	if code, ok := codes[failure.Code()]; ok {
		return code
	}
	return int(failure.Code())
}

// failureOf gives an error as the interface, with nil for none.
func failureOf(result kafka.Error) error {
	if result.Code() == kafka.ErrNoError {
		return nil
	}
	return result
}

func placeOf(topic string, partition int32, offset int64) kafka.TopicPartition {
	return kafka.TopicPartition{Topic: &topic, Partition: partition, Offset: kafka.Offset(offset)}
}

func addressOf(node kafka.Node) string { return fmt.Sprintf("%s:%d", node.Host, node.Port) }

func main() {
	suite.Main(connect, map[string]string{
		"command-line":   "librdkafka's command-line tool, kcat, is a package of its own",
		"admin-log-dirs": "librdkafka describes no folders",
	})
}
