package suite

import (
	"fmt"

	"compat/harness"
)

// resource is a topic, a broker or a group whose settings are looked at and changed.
type resource struct {
	admin ConfigAdmin
	kind  Kind
	name  string
}

func resourceOf(client Client, kind Kind, name string) resource {
	return resource{need[ConfigAdmin](client, "it neither describes nor alters settings"), kind, name}
}

func (r resource) configs() map[string]Config { return harness.Must(r.admin.Configs(r.kind, r.name)) }

func (r resource) alter(key, value string) error {
	return r.admin.AlterConfig(r.kind, r.name, key, &value)
}

func (r resource) takeBack(key string) {
	harness.NoError(r.admin.AlterConfig(r.kind, r.name, key, nil))
}

func (r resource) waitFor(key string, wanted Config) {
	what := fmt.Sprintf("%s of %s is %v", key, r.name, wanted)
	harness.WaitUntil(what, patience, func() bool { return r.configs()[key] == wanted })
}

func adminConfigs(client Client, _ string) {
	topic := makeTopic(client, 1, "retention.ms=123456", "cleanup.policy=compact")
	ofTopic := resourceOf(client, OfTopic, topic).configs()
	harness.Equal(ofTopic["retention.ms"], Config{"123456", SetForTopic}, "retention.ms")
	harness.Equal(ofTopic["cleanup.policy"], Config{"compact", SetForTopic}, "cleanup.policy")
	harness.Equal(ofTopic["segment.bytes"], Config{"1073741824", Default}, "segment.bytes")
	ofBroker := resourceOf(client, OfBroker, anyNode(client)).configs()
	harness.Equal(ofBroker["log.segment.bytes"].Value, "1073741824", "the broker's log.segment.bytes")
}

func adminAlterConfigs(client Client, _ string) {
	name := makeTopic(client, 1, "retention.ms=123456")
	topic := resourceOf(client, OfTopic, name)
	before := topic.configs()["max.message.bytes"]
	harness.NoError(topic.alter("max.message.bytes", "2000"))
	topic.waitFor("max.message.bytes", Config{"2000", SetForTopic})
	harness.Equal(topic.configs()["retention.ms"].Value, "123456", "the other setting")
	_, err := send(client, []Record{{Topic: name, Value: make([]byte, 5000)}}, ProducerOptions{Codec: "none"})
	harness.Equal(client.Code(err), MessageTooLarge, "error of a record over the new limit")
	topic.takeBack("max.message.bytes")
	topic.waitFor("max.message.bytes", before)
	harness.Must(send(client, []Record{{Topic: name, Value: make([]byte, 5000)}}, ProducerOptions{Codec: "none"}))
}

func adminDynamicConfigs(client Client, _ string) {
	const retention = "log.retention.ms"
	topic := resourceOf(client, OfTopic, makeTopic(client, 1))
	broker := resourceOf(client, OfBroker, anyNode(client))
	ofGroup(client, resourceOf(client, OfGroup, harness.Fresh("group")))
	ofAllBrokers(client, broker, retention)
	harness.NoError(broker.alter(retention, "80000"))
	broker.waitFor(retention, Config{"80000", SetForBroker})
	topic.waitFor("retention.ms", Config{"80000", SetForBroker})
	err := broker.alter("num.partitions", "5")
	harness.Equal(client.Code(err), InvalidRequest, "error of a setting that needs a restart")
	broker.takeBack(retention)
	topic.waitFor("retention.ms", Config{"604800000", Default})
}

func ofGroup(client Client, group resource) {
	const session = "consumer.session.timeout.ms"
	harness.NoError(group.alter(session, "50000"))
	group.waitFor(session, Config{"50000", SetForGroup})
	err := group.alter(session, "1")
	harness.Equal(client.Code(err), InvalidConfig, "error of a session shorter than the broker allows")
	group.takeBack(session)
	group.waitFor(session, Config{"45000", Default})
}

// ofAllBrokers sets what holds for all brokers, with the clients that can.
func ofAllBrokers(client Client, broker resource, key string) {
	all, ok := client.(BrokersConfigurer)
	if !ok {
		return
	}
	value := "70000"
	harness.NoError(all.AlterBrokersConfig(key, &value))
	broker.waitFor(key, Config{value, SetForAllBrokers})
	harness.NoError(all.AlterBrokersConfig(key, nil))
	harness.WaitUntil(key+" is taken back", patience, func() bool {
		return broker.configs()[key].Source != SetForAllBrokers
	})
}
