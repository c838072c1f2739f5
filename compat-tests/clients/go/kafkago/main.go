// The program for kafka-go: its Writer, Reader and ConsumerGroup, and its Client for the rest.
package main

import (
	"context"
	"errors"

	"github.com/segmentio/kafka-go"

	"compat/suite"
)

const transactions = "its Writer is neither idempotent nor transactional"

var background = context.Background()

type client struct {
	bootstrap string
	kafka.Client
}

func connect(bootstrap string) (suite.Client, error) {
	return &client{bootstrap, kafka.Client{Addr: kafka.TCP(bootstrap)}}, nil
}

func (c *client) Code(err error) int {
	var each kafka.WriteErrors // one for each message
	if errors.As(err, &each) {
		err = errors.Join(each...)
	}
	var failure kafka.Error
	if errors.As(err, &failure) {
		return int(failure)
	}
	return 0
}

func main() {
	suite.Main(connect, map[string]string{
		"produce-shapes":            "its Reader gives empty bytes for null keys and values",
		"produce-append-time":       "its Reader gives the producer's time",
		"group-round-robin":         "its round robin begins anew with each topic",
		"command-line":              "it has no command-line tool",
		"admin-delete-records":      "it deletes no records",
		"admin-log-dirs":            "it describes no folders",
		"consume-seek":              "its Reader does not pause",
		"consume-rack":              "it tells no rack",
		"consume-pattern":           "members subscribe to topics by name only",
		"group-cooperative":         "it has no cooperative assignor",
		"group-static":              "its members are not static",
		"kill-produce":              transactions,
		"produce-retry":             transactions,
		"transactions":              transactions,
		"transactions-fenced":       transactions,
		"transactions-timeout":      transactions,
		"consume-transform-produce": transactions,
		"kill-transactions":         transactions,
	})
}
