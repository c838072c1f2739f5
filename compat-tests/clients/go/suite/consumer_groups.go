package suite

import "compat/harness"

// The scenarios of KIP-848, whose members ask for the consumer protocol.
var withConsumerProtocol = MemberOptions{ConsumerProtocol: true}

func consumerGroupMembers(client Client, bootstrap string) {
	group := newCrowd(client, 6).joinLeaveAndDie(bootstrap, withConsumerProtocol)
	group.expectType("consumer")
	group.disband()
}

func consumerGroupUpgrade(client Client, _ string) {
	group := newCrowd(client, 6)
	group.join(MemberOptions{})
	group.join(MemberOptions{})
	group.waitShared()
	group.expectType("classic")
	group.join(withConsumerProtocol)
	group.waitShared()
	group.expectType("consumer")
	group.waitAllRead(60)
	group.leave(1)
	group.waitShared()
	group.leave(1)
	group.waitShared()
	group.expectType("classic")
	group.waitAllRead(60)
	group.disband()
}

func (c *crowd) expectType(wanted string) {
	groups := harness.Must(need[GroupAdmin](c.client, "it does not list groups").Groups())
	harness.Equal(groups[c.group], wanted, "type of the group")
}

func consumerGroupRegex(client Client, _ string) {
	prefix, group := harness.Fresh("regex"), harness.Fresh("group")
	harness.NoError(client.CreateTopic(prefix+"-a", 2, nil))
	harness.NoError(client.CreateTopic(harness.Fresh("other")+prefix+"-a", 2, nil))
	options := MemberOptions{ConsumerProtocol: true, Pattern: true}
	members := []*joined{join(client, group, []string{"^" + prefix + "-.*"}, options)}
	waitShared(members, 2)
	harness.NoError(client.CreateTopic(prefix+"-b", 4, nil))
	waitShared(members, 6)
	topics := map[string]int{}
	for place := range members[0].tracker.Owned() {
		topics[place.Topic]++
	}
	harness.Equal(topics, map[string]int{prefix + "-a": 2, prefix + "-b": 4}, "partitions of each topic")
	members[0].leave()
}

func consumerGroupStatic(client Client, _ string) { comeBack(client, withConsumerProtocol) }
