package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"

	"compat/suite"
)

func (c *client) CreateTopic(name string, partitions int, configs map[string]string) error {
	topic := kafka.TopicSpecification{
		Topic: name, NumPartitions: partitions, ReplicationFactor: 1, Config: configs,
	}
	return ofTopic(c.admin.CreateTopics(background, []kafka.TopicSpecification{topic}))
}

func (c *client) DeleteTopic(name string) error {
	return ofTopic(c.admin.DeleteTopics(background, []string{name}))
}

func (c *client) SetPartitions(topic string, count int) error {
	more := []kafka.PartitionsSpecification{{Topic: topic, IncreaseTo: count}}
	return ofTopic(c.admin.CreatePartitions(background, more))
}

func ofTopic(results []kafka.TopicResult, err error) error {
	if err != nil {
		return err
	}
	return failureOf(results[0].Error)
}

func (c *client) Topics() (map[string]int, error) {
	metadata, err := c.admin.GetMetadata(nil, true, timeoutMs)
	if err != nil {
		return nil, err
	}
	partitions := map[string]int{}
	for name, topic := range metadata.Topics {
		partitions[name] = len(topic.Partitions)
	}
	return partitions, nil
}

var kinds = map[suite.Kind]kafka.ResourceType{
	suite.OfTopic: kafka.ResourceTopic, suite.OfBroker: kafka.ResourceBroker, suite.OfGroup: kafka.ResourceGroup,
}

func (c *client) Configs(kind suite.Kind, name string) (map[string]suite.Config, error) {
	resource := kafka.ConfigResource{Type: kinds[kind], Name: name}
	results, err := c.admin.DescribeConfigs(background, []kafka.ConfigResource{resource})
	if err != nil {
		return nil, err
	}
	settings := map[string]suite.Config{}
	for key, entry := range results[0].Config {
		settings[key] = suite.Config{Value: entry.Value, Source: int(entry.Source)}
	}
	return settings, failureOf(results[0].Error)
}

func (c *client) AlterConfig(kind suite.Kind, name, key string, value *string) error {
	entry := kafka.ConfigEntry{Name: key, IncrementalOperation: kafka.AlterConfigOpTypeDelete}
	if value != nil {
		entry = kafka.ConfigEntry{Name: key, Value: *value, IncrementalOperation: kafka.AlterConfigOpTypeSet}
	}
	resource := kafka.ConfigResource{Type: kinds[kind], Name: name, Config: []kafka.ConfigEntry{entry}}
	results, err := c.admin.IncrementalAlterConfigs(background, []kafka.ConfigResource{resource})
	if err != nil {
		return err
	}
	return failureOf(results[0].Error)
}

func (c *client) Cluster() (suite.Cluster, error) {
	described, err := c.admin.DescribeCluster(background)
	if err != nil {
		return suite.Cluster{}, err
	}
	cluster := suite.Cluster{
		ID:         *described.ClusterID,
		Addresses:  map[int]string{},
		Controller: described.Controller.ID,
	}
	for _, node := range described.Nodes {
		cluster.Addresses[node.ID] = addressOf(node)
	}
	return cluster, nil
}

func (c *client) Groups() (map[string]string, error) {
	listed, err := c.admin.ListConsumerGroups(background)
	types := map[string]string{}
	for _, group := range listed.Valid {
		types[group.GroupID] = strings.ToLower(group.Type.String())
	}
	return types, err
}

func (c *client) Group(group string) (suite.Group, error) {
	described, err := c.admin.DescribeConsumerGroups(background, []string{group})
	if err != nil {
		return suite.Group{}, err
	}
	found := described.ConsumerGroupDescriptions[0]
	return suite.Group{State: found.State.String(), Members: len(found.Members)}, failureOf(found.Error)
}

func (c *client) DeleteGroup(group string) error {
	result, err := c.admin.DeleteConsumerGroups(background, []string{group})
	if err != nil {
		return err
	}
	return failureOf(result.ConsumerGroupResults[0].Error)
}

// Committed asks as a consumer: where the coordinator is not ready yet, librdkafka's admin client crashes on that
// answer (its issue 5040), and the program with it.
func (c *client) Committed(group, topic string, partition int32) (int64, string, error) {
	asking, err := kafka.NewConsumer(c.settings(kafka.ConfigMap{"group.id": group}))
	if err != nil {
		return 0, "", err
	}
	found, err := asking.Committed([]kafka.TopicPartition{placeOf(topic, partition, 0)}, timeoutMs)
	if err = errors.Join(err, asking.Close()); err != nil {
		return 0, "", err
	}
	if found[0].Offset == kafka.OffsetInvalid {
		return suite.End, "", found[0].Error
	}
	if found[0].Metadata == nil {
		return int64(found[0].Offset), "", found[0].Error
	}
	return int64(found[0].Offset), *found[0].Metadata, found[0].Error
}

func (c *client) Bounds(topic string, partition int32) (start, end int64, err error) {
	if start, err = c.offset(topic, partition, kafka.EarliestOffsetSpec); err != nil {
		return 0, 0, err
	}
	end, err = c.offset(topic, partition, kafka.LatestOffsetSpec)
	return start, end, err
}

func (c *client) OffsetAt(topic string, partition int32, timestampMs int64) (int64, error) {
	return c.offset(topic, partition, kafka.NewOffsetSpecForTimestamp(timestampMs))
}

// offset begins with the topic's metadata: the admin client names the leader epoch that it knows, and when that is
// over since a restart does not look for the new one by itself.
func (c *client) offset(topic string, partition int32, which kafka.OffsetSpec) (int64, error) {
	if _, err := c.admin.GetMetadata(&topic, false, timeoutMs); err != nil {
		return 0, err
	}
	asked := map[kafka.TopicPartition]kafka.OffsetSpec{placeOf(topic, partition, 0): which}
	result, err := c.admin.ListOffsets(background, asked)
	if err != nil {
		return 0, err
	}
	for _, found := range result.ResultInfos {
		return int64(found.Offset), failureOf(found.Error)
	}
	return 0, fmt.Errorf("no answer for %s", topic)
}

func (c *client) DeleteRecords(topic string, partition int32, before int64) error {
	places := []kafka.TopicPartition{placeOf(topic, partition, before)}
	results, err := c.admin.DeleteRecords(background, places)
	if err != nil {
		return err
	}
	return results.DeleteRecordsResults[0].TopicPartition.Error
}
