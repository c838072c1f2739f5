// The program for franz-go: kgo for records and groups, kadm for administration.
package main

import (
	"context"
	"errors"
	"math"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"github.com/twmb/franz-go/pkg/kversion"

	"compat/suite"
)

var background = context.Background()

type client struct {
	bootstrap string
	versions  kgo.Opt // that it speaks
	requests  *kgo.Client
	admin     *kadm.Client
}

func connect(bootstrap string) (suite.Client, error) {
	return speaking(bootstrap, kgo.MaxVersions(kversion.Stable()))
}

func speaking(bootstrap string, versions kgo.Opt) (suite.Client, error) {
	requests, err := kgo.NewClient(kgo.SeedBrokers(bootstrap), versions, kgo.MetadataMinAge(100*time.Millisecond))
	if err != nil {
		return nil, err
	}
	return &client{bootstrap, versions, requests, kadm.NewClient(requests)}, nil
}

func (c *client) As(version string) (suite.Client, error) {
	return speaking(c.bootstrap, kgo.MaxVersions(kversion.FromString(version)))
}

func (c *client) Insisting() (suite.Client, error) {
	versions := kversion.Versions{}
	versions.SetMaxKeyVersion(int16(kmsg.ListGroups), math.MaxInt16)
	return speaking(c.bootstrap, kgo.MinVersions(&versions))
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
	own := []kgo.Opt{kgo.SeedBrokers(c.bootstrap), c.versions, kgo.RetryBackoffFn(soon)}
	return kgo.NewClient(append(own, options...)...)
}

func main() {
	suite.Main(connect, map[string]string{
		"command-line":          "its command-line tool, kcl, is a project of its own",
		"consumer-group-static": "the heartbeat with which a static member goes lacks its instance id",
	})
}
