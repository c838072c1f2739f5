package main

import (
	"github.com/IBM/sarama"

	"compat/suite"
)

func (c *client) CreateTopic(name string, partitions int, configs map[string]string) error {
	detail := &sarama.TopicDetail{
		NumPartitions:     int32(partitions),
		ReplicationFactor: 1,
		ConfigEntries:     map[string]*string{},
	}
	for key, value := range configs {
		detail.ConfigEntries[key] = &value
	}
	return c.admin.CreateTopic(name, detail, false)
}

func (c *client) DeleteTopic(name string) error { return c.admin.DeleteTopic(name) }

func (c *client) Topics() (map[string]int, error) {
	details, err := c.admin.ListTopics()
	partitions := map[string]int{}
	for topic, detail := range details {
		partitions[topic] = int(detail.NumPartitions)
	}
	return partitions, err
}

func (c *client) SetPartitions(topic string, count int) error {
	return c.admin.CreatePartitions(topic, int32(count), nil, false)
}

// Configs and AlterConfig name kinds by their numbers: it has no constant for groups.
func (c *client) Configs(kind suite.Kind, name string) (map[string]suite.Config, error) {
	entries, err := c.admin.DescribeConfig(sarama.ConfigResource{Type: sarama.ConfigResourceType(kind), Name: name})
	settings := map[string]suite.Config{}
	for _, entry := range entries {
		settings[entry.Name] = suite.Config{Value: entry.Value, Source: int(entry.Source)}
	}
	return settings, err
}

func (c *client) AlterConfig(kind suite.Kind, name, key string, value *string) error {
	entry := sarama.IncrementalAlterConfigsEntry{Operation: sarama.IncrementalAlterConfigsOperationSet, Value: value}
	if value == nil {
		entry.Operation = sarama.IncrementalAlterConfigsOperationDelete
	}
	entries := map[string]sarama.IncrementalAlterConfigsEntry{key: entry}
	return c.admin.IncrementalAlterConfig(sarama.ConfigResourceType(kind), name, entries, false)
}

func (c *client) AlterBrokersConfig(key string, value *string) error {
	return c.AlterConfig(suite.OfBroker, "", key, value)
}

func (c *client) Cluster() (suite.Cluster, error) {
	brokers, controller, err := c.admin.DescribeCluster()
	if err != nil {
		return suite.Cluster{}, err
	}
	cluster := suite.Cluster{Addresses: map[int]string{}, Controller: int(controller)}
	for _, broker := range brokers {
		cluster.Addresses[int(broker.ID())] = broker.Addr()
	}
	node, err := c.Controller()
	if err != nil {
		return suite.Cluster{}, err
	}
	metadata, err := node.GetMetadata(sarama.NewMetadataRequest(c.Config().Version, nil))
	if err == nil && metadata.ClusterID != nil {
		cluster.ID = *metadata.ClusterID
	}
	return cluster, err
}

func (c *client) Groups() (map[string]string, error) {
	listed, err := c.admin.ListConsumerGroups()
	types := map[string]string{}
	for group := range listed {
		types[group] = "" // it tells the type of their protocol
	}
	return types, err
}

func (c *client) Group(group string) (suite.Group, error) {
	described, err := c.admin.DescribeConsumerGroups([]string{group})
	if err != nil {
		return suite.Group{}, err
	}
	found := described[0]
	if found.Err != sarama.ErrNoError {
		return suite.Group{}, found.Err
	}
	return suite.Group{State: found.State, Members: len(found.Members)}, nil
}

func (c *client) DeleteGroup(group string) error { return c.admin.DeleteConsumerGroup(group) }

func (c *client) Committed(group, topic string, partition int32) (int64, string, error) {
	// The coordinator that the client knows may be one that has been restarted.
	if err := c.RefreshCoordinator(group); err != nil {
		return 0, "", err
	}
	offsets, err := c.admin.ListConsumerGroupOffsets(group, map[string][]int32{topic: {partition}})
	if err != nil {
		return 0, "", err
	}
	block := offsets.GetBlock(topic, partition)
	if block == nil {
		return suite.End, "", nil
	}
	if block.Err != sarama.ErrNoError {
		return 0, "", block.Err
	}
	return block.Offset, block.Metadata, nil
}

func (c *client) Bounds(topic string, partition int32) (start, end int64, err error) {
	if start, err = c.GetOffset(topic, partition, sarama.OffsetOldest); err != nil {
		return 0, 0, err
	}
	end, err = c.GetOffset(topic, partition, sarama.OffsetNewest)
	return start, end, err
}

func (c *client) OffsetAt(topic string, partition int32, timestampMs int64) (int64, error) {
	return c.GetOffset(topic, partition, timestampMs)
}

func (c *client) DeleteRecords(topic string, partition int32, before int64) error {
	return c.admin.DeleteRecords(topic, map[int32]int64{partition: before})
}

func (c *client) LogSizes(topic string) (map[int32]int64, error) {
	var nodes []int32
	for _, broker := range c.Brokers() {
		nodes = append(nodes, broker.ID())
	}
	folders, err := c.admin.DescribeLogDirs(nodes)
	sizes := map[int32]int64{}
	for _, node := range nodes {
		for _, folder := range folders[node] {
			for _, described := range folder.Topics {
				for _, log := range described.Partitions {
					if described.Topic == topic {
						sizes[log.PartitionID] = log.Size
					}
				}
			}
		}
	}
	return sizes, err
}
