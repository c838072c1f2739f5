package suite

import (
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"compat/harness"
)

// shortLock is the shortest lock that the broker allows.
const shortLock = "share.record.lock.duration.ms=15000"

// newShareGroup gives the name of a group that begins at the start of its topics.
func newShareGroup(client Client, configs ...string) string {
	need[Sharer](client, "it has no share groups")
	group := harness.Fresh("share")
	for _, config := range append(configs, "share.auto.offset.reset=earliest") {
		key, value, _ := strings.Cut(config, "=")
		harness.NoError(resourceOf(client, OfGroup, group).alter(key, value))
	}
	return group
}

func joinShare(client Client, group, topic string, most int) ShareMember {
	return harness.Must(client.(Sharer).Share(group, topic, most))
}

// answer gives the same answer to all, and wants it stored.
func answer(member ShareMember, deliveries []Delivery, what Answer) {
	for _, delivery := range deliveries {
		delivery.Answer(what)
	}
	harness.NoError(member.Store())
}

func expectNothing(member ShareMember, wait time.Duration, what string) {
	harness.Equal(len(harness.Must(member.Poll(wait))), 0, what)
}

// pollAll gets all records of a topic at once, in order, each delivered for the so-manieth time.
func pollAll(member ShareMember, count, times int) (deliveries []Delivery) {
	harness.WaitUntil("the records are delivered", patience, func() bool {
		deliveries = harness.Must(member.Poll(200 * time.Millisecond))
		return len(deliveries) > 0
	})
	harness.Equal(len(deliveries), count, "records")
	for place, delivery := range deliveries {
		harness.Equal(delivery.Offset, int64(place), "offset")
		harness.Equal(delivery.Times, times, "deliveries of a record")
	}
	return deliveries
}

func shareAcknowledge(client Client, _ string) {
	const count = 40
	topic, group := makeTopic(client, 1), newShareGroup(client)
	fill(client, topic, 0, count, 1)
	member := joinShare(client, group, topic, count)
	times := make([]int, count)
	left := count + count/3 // every third record comes twice
	harness.WaitUntil("every record is delivered to its end", patience, func() bool {
		for _, delivery := range harness.Must(member.Poll(200 * time.Millisecond)) {
			number := delivery.Offset
			times[number]++
			left--
			harness.Equal(delivery.Times, times[number], "deliveries of a record")
			switch {
			case number%3 == 2:
				delivery.Answer(Reject)
			case number%3 == 1 && times[number] == 1:
				delivery.Answer(Release)
			default:
				delivery.Answer(Accept)
			}
		}
		harness.NoError(member.Store())
		return left <= 0
	})
	expectNothing(member, time.Second, "records that come again")
	harness.Equal(left, 0, "records delivered less often than they should")
	harness.NoError(member.Close())
}

// Two members of a group whose locks run out soon, on a topic of so many records.
func joinWithShortLock(client Client, count int) (ShareMember, ShareMember) {
	topic, group := makeTopic(client, 1), newShareGroup(client, shortLock)
	fill(client, topic, 0, count, 1)
	return joinShare(client, group, topic, count), joinShare(client, group, topic, count)
}

func shareRenew(client Client, _ string) {
	const count = 5
	slow, other := joinWithShortLock(client, count)
	held := pollAll(slow, count, 1)
	for range 4 {
		answer(slow, held, Renew)
		expectNothing(other, 5*time.Second, "records kept, and delivered to another")
	}
	answer(slow, held, Accept)
	expectNothing(other, time.Second, "accepted records that come again")
	harness.NoError(slow.Close())
	harness.NoError(other.Close())
}

func shareLockTimeout(client Client, _ string) {
	const count = 5
	slow, other := joinWithShortLock(client, count)
	held, begin := pollAll(slow, count, 1), time.Now()
	expectNothing(other, 2*time.Second, "records locked, and delivered to another")
	second := pollAll(other, count, 2)
	passed := time.Since(begin)
	harness.Expect(passed >= 10*time.Second, "the lock of 15 s ran out after %v", passed)
	for _, delivery := range held {
		delivery.Answer(Accept)
	}
	harness.Expect(slow.Store() != nil, "what a member said of records that it had lost was stored")
	answer(other, second, Release)
	harness.NoError(slow.Close())
	answer(other, pollAll(other, count, 3), Accept)
	expectNothing(other, time.Second, "accepted records that come again")
	harness.NoError(other.Close())
}

// sharing is a member of a share group in a goroutine of its own: it accepts what it gets.
type sharing struct {
	member   ShareMember
	accepted *Tracker // sees what the broker has stored as accepted
	count    atomic.Int64
	ends     atomic.Bool
	dies     atomic.Bool // saying nothing of the next records that it gets
	done     chan struct{}
}

func share(client Client, group, topic string, accepted *Tracker) *sharing {
	joined := &sharing{
		member: joinShare(client, group, topic, 10), accepted: accepted, done: make(chan struct{}),
	}
	go joined.run()
	return joined
}

func (s *sharing) run() {
	defer close(s.done)
	for !s.ends.Load() {
		deliveries := harness.Must(s.member.Poll(200 * time.Millisecond))
		if s.dies.Load() && len(deliveries) > 0 {
			return
		}
		answer(s.member, deliveries, Accept)
		for _, delivery := range deliveries {
			s.accepted.Saw(delivery.Record)
		}
		s.count.Add(int64(len(deliveries)))
	}
}

func (s *sharing) leave() {
	s.ends.Store(true)
	<-s.done
	harness.NoError(s.member.Close())
}

func (s *sharing) isDead() bool {
	select {
	case <-s.done:
		return true
	default:
		return false
	}
}

func shareGroupMembers(client Client, _ string) {
	topic, group := makeTopic(client, 1), newShareGroup(client, shortLock)
	accepted, sent := &Tracker{}, 0
	produce := func(count int) {
		fill(client, topic, sent, count, 1)
		sent += count
		time.Sleep(200 * time.Millisecond)
	}
	join := func() *sharing { return share(client, group, topic, accepted) }
	stays, leaves, dies := join(), join(), join()
	harness.WaitUntil("every member gets records", patience, func() bool {
		produce(30)
		return stays.count.Load() > 0 && leaves.count.Load() > 0 && dies.count.Load() > 0
	})
	leaves.leave()
	dies.dies.Store(true)
	harness.WaitUntil("a member dies with records in hand", patience, func() bool {
		produce(30)
		return dies.isDead()
	})
	late := join()
	produce(300)
	harness.WaitUntil("every record is accepted", patience, func() bool { return len(accepted.Seen()) >= sent })
	stays.leave()
	late.leave()
	different := map[int64]bool{}
	for _, record := range accepted.Seen() {
		different[record.Offset] = true
	}
	harness.Equal([]int{len(accepted.Seen()), len(different)}, []int{sent, sent}, "accepted records, different ones")
}

func killShare(client Client, _ string) {
	const count, kills = 2000, 3
	topic, group := makeTopic(client, 1), newShareGroup(client)
	fill(client, topic, 0, count, 1)
	member, accepted, killed := joinShare(client, group, topic, 100), map[int64]bool{}, 0
	for end := time.Now().Add(240 * time.Second); len(accepted) < count; {
		harness.Expect(time.Now().Before(end), "%d records within 240 s", len(accepted))
		deliveries, _ := member.Poll(200 * time.Millisecond) // an error is that of a broker that is away
		for _, delivery := range deliveries {
			harness.Expect(!accepted[delivery.Offset], "%d is accepted, and here again", delivery.Offset)
			delivery.Answer(Accept)
		}
		if killed < kills && len(accepted) >= 300+500*killed {
			killed++
			restart("kill")
		}
		if member.Store() == nil {
			for _, delivery := range deliveries {
				accepted[delivery.Offset] = true
			}
		}
	}
	harness.Equal(killed, kills, "kills")
	harness.NoError(member.Close())
}

func shareReadCommitted(client Client, _ string) {
	topic := makeTopic(client, 1)
	careful := newShareGroup(client, "share.isolation.level=read_committed")
	careless := newShareGroup(client, "share.isolation.level=read_uncommitted")
	producer := newTransactional(client, harness.Fresh("transactional"), 0)
	write(producer, topic, "aborted")
	harness.NoError(producer.End(false))
	write(producer, topic, "committed")
	harness.NoError(producer.End(true))
	write(producer, topic, "open")
	member := joinShare(client, careful, topic, 10)
	expectShared(member, "committed")
	expectNothing(member, 2*time.Second, "records of an open transaction")
	harness.NoError(producer.End(true))
	expectShared(member, "open")
	harness.NoError(member.Close())
	member = joinShare(client, careless, topic, 10)
	expectShared(member, "aborted", "committed", "open")
	harness.NoError(member.Close())
	harness.NoError(producer.Close())
}

// expectShared wants a member to get the records that were written under these names, in order, and accepts them.
func expectShared(member ShareMember, names ...string) {
	wanted := named(names...)
	var found []string
	harness.WaitUntil(fmt.Sprintf("%d records", len(wanted)), patience, func() bool {
		deliveries := harness.Must(member.Poll(200 * time.Millisecond))
		answer(member, deliveries, Accept)
		for _, delivery := range deliveries {
			found = append(found, string(delivery.Value))
		}
		return len(found) >= len(wanted)
	})
	harness.Equal(found, wanted, "records")
}

func shareDeadLetters(client Client, _ string) {
	const count = 5
	topic, queue := makeTopic(client, 1), harness.Fresh("dlq.share")
	harness.NoError(client.CreateTopic(queue, 1, map[string]string{"errors.deadletterqueue.group.enable": "true"}))
	group := newShareGroup(client, "share.delivery.count.limit=2",
		"errors.deadletterqueue.topic.name="+queue, "errors.deadletterqueue.copy.record.enable=true")
	fill(client, topic, 0, count, 1)
	member := joinShare(client, group, topic, count)
	answer(member, pollAll(member, count, 1), Release)
	again := pollAll(member, count, 2)
	again[0].Answer(Reject)
	answer(member, again[1:], Release)
	harness.NoError(member.Close())
	for _, letter := range read(client, queue, 1, count, ConsumerOptions{}) {
		headers := map[string]string{}
		for _, header := range letter.Headers {
			headers[strings.TrimPrefix(header.Key, "__dlq.errors.")] = string(header.Value)
		}
		harness.Equal(string(letter.Value), "value-"+headers["offset"], "value")
		cause := "Offset delivery count exceeded the threshold."
		if headers["offset"] == "0" {
			cause = "Offset rejected by client."
		}
		found := []string{headers["topic"], headers["group"], headers["delivery.count"], headers["message"]}
		harness.Equal(found, []string{topic, group, "2", cause}, "topic, group, deliveries, cause")
	}
}
