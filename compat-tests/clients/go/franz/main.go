// The program for franz-go: kgo for records and groups, kadm for administration.
package main

import (
	"context"
	"errors"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"compat/suite"
)

var background = context.Background()

type client struct {
	bootstrap string
	requests  *kgo.Client
	admin     *kadm.Client
}

func connect(bootstrap string) (suite.Client, error) {
	requests, err := kgo.NewClient(kgo.SeedBrokers(bootstrap), kgo.MetadataMinAge(100*time.Millisecond))
	if err != nil {
		return nil, err
	}
	return &client{bootstrap, requests, kadm.NewClient(requests)}, nil
}

func (c *client) Code(err error) int {
	var kafka *kerr.Error
	if errors.As(err, &kafka) {
		return int(kafka.Code)
	}
	return 0
}

// new makes a client of the options; each role here has one of its own.
func (c *client) new(options ...kgo.Opt) (*kgo.Client, error) {
	soon := func(int) time.Duration { return 100 * time.Millisecond }
	return kgo.NewClient(append([]kgo.Opt{kgo.SeedBrokers(c.bootstrap), kgo.RetryBackoffFn(soon)}, options...)...)
}

func main() {
	suite.Main(connect, map[string]string{
		"command-line":          "its command-line tool, kcl, is a project of its own",
		"consumer-group-static": "the heartbeat with which a static member goes lacks its instance id",
	})
}
