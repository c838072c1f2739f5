package suite

import (
	"sync/atomic"
	"time"

	"compat/harness"
)

func restart(how string) {
	harness.Broker(how)
	harness.Broker("start")
}

func restartResume(client Client, _ string) {
	topic, group := makeTopic(client, 1), harness.Fresh("group")
	for run, how := range []string{"stop", "kill", "kill"} {
		fill(client, topic, run*100, 100, 1)
		member := join(client, group, []string{topic}, MemberOptions{})
		member.waitSeen(100)
		member.leave()
		harness.Equal(offsets(member.tracker.Seen()), sequence(int64(run)*100, 100), "offsets of a run")
		restart(how)
		harness.WaitUntilDone("the partition has a leader again", patience, func() error {
			_, _, err := client.Bounds(topic, 0)
			return err
		})
	}
	checkExactlyOnce(read(client, topic, 1, 300, ConsumerOptions{}), 300)
}

func killProduce(client Client, _ string) { produceIdempotent(client, 200_000, 5) }

func produceRetry(client Client, _ string) { produceIdempotent(client, 50_000, 0) }

// produceIdempotent sends so many records while the broker is killed so many times.
func produceIdempotent(client Client, count int, kills int64) {
	topic := makeTopic(client, 1)
	producer := harness.Must(client.NewProducer(ProducerOptions{Idempotent: true}))
	sent, killed := atomic.Int64{}, make(chan struct{})
	go func() {
		defer close(killed)
		for kill := range kills {
			harness.WaitUntil("it goes on after a kill", 2*time.Minute, func() bool {
				return sent.Load() > (2*kill+1)*int64(count)/(2*kills+2)
			})
			restart("kill")
		}
	}()
	acknowledged := make([]int64, count)
	for place, record := range numbered(topic, 0, count, 1) {
		producer.Produce(record, func(record Record, err error) {
			harness.NoError(err)
			acknowledged[place] = record.Offset
			sent.Add(1)
		})
	}
	harness.NoError(producer.Flush())
	<-killed
	harness.NoError(producer.Close())
	for place, offset := range acknowledged {
		harness.Equal(offset, int64(place), "acknowledged offset")
	}
	checkExactlyOnce(read(client, topic, 1, count, ConsumerOptions{}), count)
}

func killConsume(client Client, _ string) {
	const batch, kills = 500, 3
	topic, group := makeTopic(client, 1), harness.Fresh("group")
	fill(client, topic, 0, batch, 1)
	member := join(client, group, []string{topic}, MemberOptions{})
	for kill := range kills {
		member.waitSeen(kill*batch + batch/2)
		restart("kill")
		fill(client, topic, (kill+1)*batch, batch, 1)
	}
	seen := map[string]bool{}
	harness.WaitUntil("every record is read", 90*time.Second, func() bool {
		for _, value := range values(member.tracker.Seen()) {
			seen[value] = true
		}
		return len(seen) == (kills+1)*batch
	})
	harness.WaitUntil("the end is committed", patience, func() bool {
		offset, _, err := client.Committed(group, topic, 0)
		return err == nil && offset == (kills+1)*batch
	})
	member.leave()
}

func killRebalance(client Client, _ string) {
	group := newCrowd(client, 6)
	group.join(MemberOptions{})
	group.waitShared()
	for range 2 {
		group.join(MemberOptions{})
		restart("kill")
	}
	group.waitShared()
	group.waitAllRead(600)
	group.disband()
}
