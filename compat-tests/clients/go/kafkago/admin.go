package main

import (
	"fmt"

	"github.com/segmentio/kafka-go"

	"compat/suite"
)

func (c *client) CreateTopic(name string, partitions int, configs map[string]string) error {
	topic := kafka.TopicConfig{Topic: name, NumPartitions: partitions, ReplicationFactor: 1}
	for key, value := range configs {
		topic.ConfigEntries = append(topic.ConfigEntries, kafka.ConfigEntry{ConfigName: key, ConfigValue: value})
	}
	response, err := c.CreateTopics(background, &kafka.CreateTopicsRequest{Topics: []kafka.TopicConfig{topic}})
	if err != nil {
		return err
	}
	return response.Errors[name]
}

func (c *client) DeleteTopic(name string) error {
	response, err := c.DeleteTopics(background, &kafka.DeleteTopicsRequest{Topics: []string{name}})
	if err != nil {
		return err
	}
	return response.Errors[name]
}

func (c *client) Topics() (map[string]int, error) {
	metadata, err := c.Metadata(background, &kafka.MetadataRequest{})
	if err != nil {
		return nil, err
	}
	partitions := map[string]int{}
	for _, topic := range metadata.Topics {
		partitions[topic.Name] = len(topic.Partitions)
	}
	return partitions, nil
}

func (c *client) SetPartitions(topic string, count int) error {
	more := kafka.TopicPartitionsConfig{Name: topic, Count: int32(count)}
	request := &kafka.CreatePartitionsRequest{Topics: []kafka.TopicPartitionsConfig{more}}
	response, err := c.CreatePartitions(background, request)
	if err != nil {
		return err
	}
	return response.Errors[topic]
}

// Configs and AlterConfig name kinds by their numbers: its constant for groups is that of their ACLs.
func (c *client) Configs(kind suite.Kind, name string) (map[string]suite.Config, error) {
	resource := kafka.DescribeConfigRequestResource{ResourceType: kafka.ResourceType(kind), ResourceName: name}
	request := &kafka.DescribeConfigsRequest{Resources: []kafka.DescribeConfigRequestResource{resource}}
	response, err := c.DescribeConfigs(background, request)
	if err != nil {
		return nil, err
	}
	settings := map[string]suite.Config{}
	for _, entry := range response.Resources[0].ConfigEntries {
		settings[entry.ConfigName] = suite.Config{Value: entry.ConfigValue, Source: int(entry.ConfigSource)}
	}
	return settings, response.Resources[0].Error
}

func (c *client) AlterConfig(kind suite.Kind, name, key string, value *string) error {
	config := kafka.IncrementalAlterConfigsRequestConfig{Name: key, ConfigOperation: kafka.ConfigOperationDelete}
	if value != nil {
		config.Value, config.ConfigOperation = *value, kafka.ConfigOperationSet
	}
	resource := kafka.IncrementalAlterConfigsRequestResource{
		ResourceType: kafka.ResourceType(kind),
		ResourceName: name,
		Configs:      []kafka.IncrementalAlterConfigsRequestConfig{config},
	}
	response, err := c.IncrementalAlterConfigs(background, &kafka.IncrementalAlterConfigsRequest{
		Resources: []kafka.IncrementalAlterConfigsRequestResource{resource},
	})
	if err != nil {
		return err
	}
	return response.Resources[0].Error
}

func (c *client) Cluster() (suite.Cluster, error) {
	metadata, err := c.Metadata(background, &kafka.MetadataRequest{})
	if err != nil {
		return suite.Cluster{}, err
	}
	cluster := suite.Cluster{
		ID:         metadata.ClusterID,
		Addresses:  map[int]string{},
		Controller: metadata.Controller.ID,
	}
	for _, broker := range metadata.Brokers {
		cluster.Addresses[broker.ID] = fmt.Sprintf("%s:%d", broker.Host, broker.Port)
	}
	return cluster, nil
}

func (c *client) Groups() (map[string]string, error) {
	listed, err := c.ListGroups(background, &kafka.ListGroupsRequest{})
	if err != nil {
		return nil, err
	}
	types := map[string]string{}
	for _, group := range listed.Groups {
		types[group.GroupID] = "" // it tells the type of their protocol
	}
	return types, listed.Error
}

func (c *client) Group(group string) (suite.Group, error) {
	response, err := c.DescribeGroups(background, &kafka.DescribeGroupsRequest{GroupIDs: []string{group}})
	if err != nil {
		return suite.Group{}, err
	}
	found := response.Groups[0]
	return suite.Group{State: found.GroupState, Members: len(found.Members)}, found.Error
}

func (c *client) DeleteGroup(group string) error {
	response, err := c.DeleteGroups(background, &kafka.DeleteGroupsRequest{GroupIDs: []string{group}})
	if err != nil {
		return err
	}
	return response.Errors[group]
}

func (c *client) Committed(group, topic string, partition int32) (int64, string, error) {
	response, err := c.OffsetFetch(background, &kafka.OffsetFetchRequest{
		GroupID: group,
		Topics:  map[string][]int{topic: {int(partition)}},
	})
	if err != nil {
		return 0, "", err
	}
	if response.Error != nil {
		return 0, "", response.Error
	}
	found := response.Topics[topic][0]
	return found.CommittedOffset, found.Metadata, found.Error
}

func (c *client) Bounds(topic string, partition int32) (start, end int64, err error) {
	found, err := c.offsets(topic, kafka.FirstOffsetOf(int(partition)), kafka.LastOffsetOf(int(partition)))
	return found.FirstOffset, found.LastOffset, err
}

func (c *client) OffsetAt(topic string, partition int32, timestampMs int64) (int64, error) {
	found, err := c.offsets(topic, kafka.OffsetRequest{Partition: int(partition), Timestamp: timestampMs})
	for offset := range found.Offsets {
		return offset, err
	}
	return suite.End, err
}

func (c *client) offsets(topic string, which ...kafka.OffsetRequest) (kafka.PartitionOffsets, error) {
	request := &kafka.ListOffsetsRequest{Topics: map[string][]kafka.OffsetRequest{topic: which}}
	response, err := c.ListOffsets(background, request)
	if err != nil {
		return kafka.PartitionOffsets{}, err
	}
	found := response.Topics[topic][0]
	return found, found.Error
}
