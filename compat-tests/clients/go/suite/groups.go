package suite

import (
	"bufio"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"strconv"

	"compat/harness"
)

// joined is a member of a group with what it tells.
type joined struct {
	tracker *Tracker
	member  Member
}

func join(client Client, group string, topics []string, options MemberOptions) *joined {
	tracker := &Tracker{}
	return &joined{tracker, harness.Must(client.Join(tracker, group, topics, options))}
}

func (j *joined) leave() { harness.NoError(j.member.Leave()) }

func (j *joined) waitSeen(count int) {
	what := fmt.Sprintf("%d records seen", count)
	harness.WaitUntil(what, patience, func() bool { return len(j.tracker.Seen()) >= count })
}

// waitShared waits until every member owns something, every partition is owned, and by one member.
func waitShared(members []*joined, partitions int) {
	what := fmt.Sprintf("%d partitions shared by %d members", partitions, len(members))
	harness.WaitUntil(what, patience, func() bool {
		sum, union := 0, Places{}
		for _, member := range members {
			owned := member.tracker.Owned()
			if len(owned) == 0 {
				return false
			}
			sum += len(owned)
			maps.Copy(union, owned)
		}
		return sum == partitions && len(union) == partitions
	})
}

// crowd is a group that shares one topic; everybody who ever was in it is remembered.
type crowd struct {
	client     Client
	topic      string
	group      string
	partitions int
	sent       int
	members    []*joined
	everybody  []*joined
}

func newCrowd(client Client, partitions int) *crowd {
	topic, group := makeTopic(client, partitions), harness.Fresh("group")
	return &crowd{client: client, topic: topic, group: group, partitions: partitions}
}

func (c *crowd) join(options MemberOptions) *joined {
	member := join(c.client, c.group, []string{c.topic}, options)
	c.members = append(c.members, member)
	c.everybody = append(c.everybody, member)
	return member
}

func (c *crowd) leave(place int) {
	c.members[place].leave()
	c.members = append(c.members[:place:place], c.members[place+1:]...)
}

func (c *crowd) waitShared() { waitShared(c.members, c.partitions) }

// waitAllRead sends records, and waits until each record that was ever sent has been read.
func (c *crowd) waitAllRead(count int) {
	fill(c.client, c.topic, c.sent, count, c.partitions)
	c.sent += count
	harness.WaitUntil("every record is read", patience, func() bool {
		seen := map[string]bool{}
		for _, member := range c.everybody {
			for _, value := range values(member.tracker.Seen()) {
				seen[value] = true
			}
		}
		return len(seen) == c.sent
	})
}

func (c *crowd) disband() {
	for _, member := range c.members {
		member.leave()
	}
}

// mortal is the scenario of a member that is killed: a process of its own, of the same program.
const mortal = "mortal-member"

// liveUntilKilled is told the group, the topic, and whether the protocol is that of KIP-848.
func liveUntilKilled(client Client, told []string) {
	options := MemberOptions{CommitsNothing: true, ConsumerProtocol: harness.Must(strconv.ParseBool(told[2]))}
	member := join(client, told[0], told[1:2], options)
	harness.WaitUntil("it owns something", patience, func() bool { return len(member.tracker.Owned()) > 0 })
	fmt.Println("in the group")
	_, _ = bufio.NewReader(os.Stdin).ReadString('\n') // until the parent ends, or it is killed
	os.Exit(0)
}

// addAndKill has another member join, and kills it as soon as it owns something.
func (c *crowd) addAndKill(bootstrap string, options MemberOptions) {
	protocol := strconv.FormatBool(options.ConsumerProtocol)
	command := exec.Command(os.Args[0], mortal, bootstrap, c.group, c.topic, protocol)
	command.Stderr = os.Stderr
	stdin, stdout := harness.Must(command.StdinPipe()), harness.Must(command.StdoutPipe())
	harness.NoError(command.Start())
	line, err := bufio.NewReader(stdout).ReadString('\n')
	harness.Expect(err == nil && line == "in the group\n", "the member to be killed said %q", line)
	harness.NoError(command.Process.Kill())
	_ = command.Wait() // it was killed
	_ = stdin.Close()
}

func groupMembers(client Client, bootstrap string) {
	newCrowd(client, 6).joinLeaveAndDie(bootstrap, MemberOptions{}).disband()
}

// joinLeaveAndDie has three members of these options share and read everything, then one leave and another die.
func (c *crowd) joinLeaveAndDie(bootstrap string, options MemberOptions) *crowd {
	c.join(options)
	c.waitShared()
	c.join(options)
	c.join(options)
	c.waitShared()
	c.waitAllRead(600)
	c.leave(2)
	c.waitShared()
	c.addAndKill(bootstrap, options)
	c.waitShared()
	c.waitAllRead(600)
	return c
}

func groupCommit(client Client, _ string) {
	topic, group := makeTopic(client, 1), harness.Fresh("group")
	fill(client, topic, 0, 100, 1)
	first := join(client, group, []string{topic}, MemberOptions{CommitsNothing: true})
	first.waitSeen(1)
	harness.NoError(first.member.Commit(topic, 0, 42, "forty-two"))
	offset, metadata, err := client.Committed(group, topic, 0)
	harness.NoError(err)
	harness.Equal(offset, int64(42), "committed offset")
	harness.Equal(metadata, "forty-two", "metadata")
	first.leave()
	second := join(client, group, []string{topic}, MemberOptions{})
	second.waitSeen(58)
	harness.Equal(offsets(second.tracker.Seen()), sequence(42, 58), "offsets of the second run")
	second.leave()
	offset, _, err = client.Committed(group, topic, 0)
	harness.NoError(err)
	harness.Equal(offset, int64(100), "offset that the second run committed")
}

func groupRoundRobin(client Client, _ string) {
	topics, group := []string{makeTopic(client, 3), makeTopic(client, 3)}, harness.Fresh("group")
	var members []*joined
	for range 2 {
		members = append(members, join(client, group, topics, MemberOptions{Assignor: "roundrobin"}))
	}
	waitShared(members, 6)
	for _, member := range members { // by range: 4 and 2
		harness.Equal(len(member.tracker.Owned()), 3, "partitions of a member")
		member.leave()
	}
}

func groupCooperative(client Client, _ string) {
	group := newCrowd(client, 6)
	first := group.join(MemberOptions{Assignor: "cooperative-sticky"})
	group.waitShared()
	second := group.join(MemberOptions{Assignor: "cooperative-sticky"})
	group.waitShared()
	givenBack := Places{}
	for _, places := range first.tracker.GivenBack() {
		maps.Copy(givenBack, places)
	}
	harness.Equal(givenBack, second.tracker.Owned(), "given back by the first")
	group.disband()
}

func groupStatic(client Client, _ string) { comeBack(client, MemberOptions{}) }

// comeBack has a static member leave and come back with the same partitions, of which the other notices nothing.
func comeBack(client Client, options MemberOptions) {
	group := newCrowd(client, 6)
	as := func(instance string) MemberOptions {
		options.InstanceID = instance
		return options
	}
	settled, moving := group.join(as("settled")), group.join(as("moving"))
	group.waitShared()
	owned, noticed := moving.tracker.Owned(), len(settled.tracker.GivenBack())
	group.leave(1)
	back := group.join(as("moving"))
	group.waitShared()
	harness.Equal(back.tracker.Owned(), owned, "partitions of the member that came back")
	group.waitAllRead(60)
	harness.Equal(len(settled.tracker.GivenBack()), noticed, "how often the other gave something back")
	group.disband()
}
