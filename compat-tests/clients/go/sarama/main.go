// The program for sarama.
package main

import (
	"errors"
	"time"

	"github.com/IBM/sarama"

	"compat/suite"
)

type client struct {
	bootstrap []string
	sarama.Client
	admin sarama.ClusterAdmin
}

func connect(bootstrap string) (suite.Client, error) {
	shared, err := sarama.NewClient([]string{bootstrap}, newConfig())
	if err != nil {
		return nil, err
	}
	admin, err := sarama.NewClusterAdminFromClient(shared)
	return &client{[]string{bootstrap}, shared, admin}, err
}

func newConfig() *sarama.Config {
	config := sarama.NewConfig()
	config.Version = sarama.MaxVersion
	config.Metadata.Retry.Max = 100
	config.Metadata.Retry.Backoff = 100 * time.Millisecond
	return config
}

func (c *client) Code(err error) int {
	var kafka sarama.KError
	if errors.As(err, &kafka) {
		return int(kafka)
	}
	return 0
}

func main() {
	suite.Main(connect, map[string]string{
		"command-line":    "its command-line tools are examples, built from its repository",
		"consume-pattern": "members subscribe to topics by name only",
	})
}
