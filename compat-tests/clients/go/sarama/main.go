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
	version   sarama.KafkaVersion
	sarama.Client
	admin sarama.ClusterAdmin
}

func connect(bootstrap string) (suite.Client, error) {
	connected := &client{bootstrap: []string{bootstrap}, version: sarama.MaxVersion}
	var err error
	if connected.Client, err = sarama.NewClient(connected.bootstrap, connected.newConfig()); err != nil {
		return nil, err
	}
	connected.admin, err = sarama.NewClusterAdminFromClient(connected.Client)
	return connected, err
}

// As gives the client with producers and consumers of a version.
func (c *client) As(version string) (suite.Client, error) {
	old := *c
	var err error
	old.version, err = sarama.ParseKafkaVersion(version + ".0")
	return &old, err
}

func (c *client) newConfig() *sarama.Config {
	config := sarama.NewConfig()
	config.Version = c.version
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
