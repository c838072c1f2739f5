package main

import (
	"fmt"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"

	"compat/suite"
)

func (c *client) CreateTopic(name string, partitions int, configs map[string]string) error {
	settings := map[string]*string{}
	for key, value := range configs {
		settings[key] = kadm.StringPtr(value)
	}
	_, err := c.admin.CreateTopic(background, int32(partitions), 1, settings, name)
	return err
}

func (c *client) DeleteTopic(name string) error {
	_, err := c.admin.DeleteTopic(background, name)
	return err
}

func (c *client) Topics() (map[string]int, error) {
	details, err := c.admin.ListTopics(background)
	partitions := map[string]int{}
	for topic, detail := range details {
		partitions[topic] = len(detail.Partitions)
	}
	return partitions, err
}

func (c *client) SetPartitions(topic string, count int) error {
	responses, err := c.admin.UpdatePartitions(background, count, topic)
	if err != nil {
		return err
	}
	return responses.Error()
}

// Configs and AlterConfig ask by kmsg: kadm has no settings of groups.
func (c *client) Configs(kind suite.Kind, name string) (map[string]suite.Config, error) {
	asked := kmsg.NewDescribeConfigsRequestResource()
	asked.ResourceType, asked.ResourceName = kmsg.ConfigResourceType(kind), name
	request := kmsg.NewPtrDescribeConfigsRequest()
	request.Resources = append(request.Resources, asked)
	response, err := request.RequestWith(background, c.requests)
	if err != nil {
		return nil, err
	}
	settings := map[string]suite.Config{}
	for _, config := range response.Resources[0].Configs {
		found := suite.Config{Source: int(config.Source)}
		if config.Value != nil {
			found.Value = *config.Value
		}
		settings[config.Name] = found
	}
	return settings, kerr.ErrorForCode(response.Resources[0].ErrorCode)
}

func (c *client) AlterConfig(kind suite.Kind, name, key string, value *string) error {
	config := kmsg.NewIncrementalAlterConfigsRequestResourceConfig()
	config.Name, config.Value, config.Op = key, value, kmsg.IncrementalAlterConfigOpSet
	if value == nil {
		config.Op = kmsg.IncrementalAlterConfigOpDelete
	}
	changed := kmsg.NewIncrementalAlterConfigsRequestResource()
	changed.ResourceType, changed.ResourceName = kmsg.ConfigResourceType(kind), name
	changed.Configs = append(changed.Configs, config)
	request := kmsg.NewPtrIncrementalAlterConfigsRequest()
	request.Resources = append(request.Resources, changed)
	response, err := request.RequestWith(background, c.requests)
	if err != nil {
		return err
	}
	return kerr.ErrorForCode(response.Resources[0].ErrorCode)
}

func (c *client) AlterBrokersConfig(key string, value *string) error {
	return c.AlterConfig(suite.OfBroker, "", key, value)
}

func (c *client) Cluster() (suite.Cluster, error) {
	metadata, err := c.admin.BrokerMetadata(background)
	cluster := suite.Cluster{
		ID:         metadata.Cluster,
		Addresses:  map[int]string{},
		Controller: int(metadata.Controller),
	}
	for _, broker := range metadata.Brokers {
		cluster.Addresses[int(broker.NodeID)] = fmt.Sprintf("%s:%d", broker.Host, broker.Port)
	}
	return cluster, err
}

func (c *client) Groups() (map[string]string, error) {
	listed, err := c.admin.ListGroups(background)
	types := map[string]string{}
	for name, group := range listed {
		types[name] = group.GroupType
	}
	return types, err
}

func (c *client) Group(group string) (suite.Group, error) {
	described, err := c.admin.DescribeGroups(background, group)
	if err != nil {
		return suite.Group{}, err
	}
	found := described[group]
	return suite.Group{State: found.State, Members: len(found.Members)}, found.Err
}

func (c *client) DeleteGroup(group string) error {
	_, err := c.admin.DeleteGroup(background, group)
	return err
}

func (c *client) Committed(group, topic string, partition int32) (int64, string, error) {
	offsets, err := c.admin.FetchOffsets(background, group)
	if err != nil {
		return 0, "", err
	}
	found, ok := offsets.Lookup(topic, partition)
	if !ok {
		return suite.End, "", nil
	}
	return found.At, found.Metadata, found.Err
}

func (c *client) Bounds(topic string, partition int32) (start, end int64, err error) {
	starts, err := c.admin.ListStartOffsets(background, topic)
	if err != nil {
		return 0, 0, err
	}
	ends, err := c.admin.ListEndOffsets(background, topic)
	first, _ := starts.Lookup(topic, partition)
	next, _ := ends.Lookup(topic, partition)
	return first.Offset, next.Offset, err
}

func (c *client) OffsetAt(topic string, partition int32, timestampMs int64) (int64, error) {
	offsets, err := c.admin.ListOffsetsAfterMilli(background, timestampMs, topic)
	found, _ := offsets.Lookup(topic, partition)
	return found.Offset, err
}

func (c *client) DeleteRecords(topic string, partition int32, before int64) error {
	offsets := kadm.Offsets{}
	offsets.AddOffset(topic, partition, before, -1)
	responses, err := c.admin.DeleteRecords(background, offsets)
	if err != nil {
		return err
	}
	return responses.Error()
}

func (c *client) LogSizes(topic string) (map[int32]int64, error) {
	folders, err := c.admin.DescribeAllLogDirs(background, nil)
	sizes := map[int32]int64{}
	folders.Each(func(folder kadm.DescribedLogDir) {
		for partition, log := range folder.Topics[topic] {
			sizes[partition] = log.Size
		}
	})
	return sizes, err
}
