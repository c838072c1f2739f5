package suite

import (
	"maps"
	"slices"
	"strconv"

	"compat/harness"
)

func adminTopics(client Client, _ string) {
	name := harness.Fresh("topic")
	harness.NoError(client.CreateTopic(name, 3, nil))
	has := func(partitions int) func() bool {
		return func() bool { return harness.Must(client.Topics())[name] == partitions }
	}
	harness.WaitUntil("the new topic is listed with 3 partitions", patience, has(3))
	harness.Equal(client.Code(client.CreateTopic(name, 3, nil)), TopicAlreadyExists, "error of a topic made twice")
	for range 5 {
		harness.NoError(client.DeleteTopic(name))
		harness.WaitUntil("the deleted topic is gone", patience, has(0))
		harness.NoError(client.CreateTopic(name, 1, nil))
	}
	harness.WaitUntil("the topic made again is listed with 1 partition", patience, has(1))
}

func adminPartitions(client Client, _ string) {
	adder := need[PartitionAdder](client, "it adds no partitions")
	topic := makeTopic(client, 1)
	fill(client, topic, 0, 1, 1)
	harness.NoError(adder.SetPartitions(topic, 4))
	harness.WaitUntil("4 partitions", patience, func() bool { return harness.Must(client.Topics())[topic] == 4 })
	sent := harness.Must(send(client, numbered(topic, 0, 4, 4), ProducerOptions{}))
	harness.Equal(offsets(sent), []int64{1, 0, 0, 0}, "offsets")
	harness.Equal(len(read(client, topic, 4, 5, ConsumerOptions{})), 5, "records")
}

func adminCluster(client Client, bootstrap string) {
	cluster := harness.Must(need[ClusterDescriber](client, "it does not describe the cluster").Cluster())
	harness.Expect(cluster.ID != "", "no cluster id")
	harness.Equal(slices.Collect(maps.Values(cluster.Addresses)), []string{bootstrap}, "nodes")
	harness.Equal(cluster.Addresses[cluster.Controller], bootstrap, "controller")
}

// anyNode gives the id of a node, of which there is one.
func anyNode(client Client) string {
	cluster := harness.Must(need[ClusterDescriber](client, "it does not describe the cluster").Cluster())
	return strconv.Itoa(slices.Collect(maps.Keys(cluster.Addresses))[0])
}

func adminGroups(client Client, _ string) {
	admin := need[GroupAdmin](client, "it does not look after groups")
	topic, group := makeTopic(client, 1), harness.Fresh("group")
	fill(client, topic, 0, 10, 1)
	member := join(client, group, []string{topic}, MemberOptions{})
	member.waitSeen(10)
	_, listed := harness.Must(admin.Groups())[group]
	harness.Expect(listed, "the group is not listed")
	harness.Equal(harness.Must(admin.Group(group)), Group{"Stable", 1}, "group")
	member.leave()
	offset, _, err := client.Committed(group, topic, 0)
	harness.NoError(err)
	harness.Equal(offset, int64(10), "committed offset")
	harness.WaitUntil("the group is empty", patience, func() bool {
		return harness.Must(admin.Group(group)) == Group{"Empty", 0}
	})
	harness.NoError(admin.DeleteGroup(group))
	_, listed = harness.Must(admin.Groups())[group]
	harness.Expect(!listed, "the deleted group is listed")
}

func adminDeleteRecords(client Client, _ string) {
	deleter := need[RecordDeleter](client, "it deletes no records")
	topic := makeTopic(client, 1)
	fill(client, topic, 0, 100, 1)
	harness.NoError(deleter.DeleteRecords(topic, 0, 40))
	start, end, err := client.Bounds(topic, 0)
	harness.NoError(err)
	harness.Equal([]int64{start, end}, []int64{40, 100}, "first and next offset")
	harness.Equal(offsets(read(client, topic, 1, 60, ConsumerOptions{})), sequence(40, 60), "offsets")
	err = deleter.DeleteRecords(topic, 0, 101)
	harness.Equal(client.Code(err), OffsetOutOfRange, "error of a deletion behind the end")
}

func adminLogDirs(client Client, _ string) {
	describer := need[LogDirDescriber](client, "it describes no folders")
	topic := makeTopic(client, 2)
	fill(client, topic, 0, 100, 1)
	sizes := harness.Must(describer.LogSizes(topic))
	harness.Equal(len(sizes), 2, "partitions")
	harness.Expect(sizes[0] > 500, "size of a hundred records: %d", sizes[0])
	harness.Equal(sizes[1], int64(0), "size of no records")
}
