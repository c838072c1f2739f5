package suite

import (
	"bytes"
	"fmt"
	"time"

	"compat/harness"
)

func consumeBeginning(client Client, _ string) {
	topic := makeTopic(client, 4)
	fill(client, topic, 0, 2000, 4)
	found := map[int32][]string{}
	for _, record := range read(client, topic, 4, 2000, ConsumerOptions{}) {
		found[record.Partition] = append(found[record.Partition], string(record.Value))
	}
	wanted := map[int32][]string{}
	for _, record := range numbered(topic, 0, 2000, 4) {
		wanted[record.Partition] = append(wanted[record.Partition], string(record.Value))
	}
	harness.Equal(found, wanted, "values of each partition")
}

func consumeRack(client Client, _ string) {
	topic := makeTopic(client, 4)
	fill(client, topic, 0, 400, 4)
	read(client, topic, 4, 400, ConsumerOptions{Rack: "rack-1"})
	group := newCrowd(client, 6)
	group.join(MemberOptions{Rack: "rack-1"})
	group.join(MemberOptions{Rack: "rack-2"})
	group.waitShared()
	group.waitAllRead(600)
	group.disband()
}

func consumeTimes(client Client, _ string) {
	topic, base := makeTopic(client, 1), time.Now().UnixMilli()-100_000
	records := numbered(topic, 0, 100, 1)
	for place := range records {
		records[place].TimestampMs = base + int64(place)*1000
	}
	harness.Must(send(client, records, ProducerOptions{}))
	found := harness.Must(client.OffsetAt(topic, 0, base+41_500))
	harness.Equal(found, int64(42), "offset for a time")
	late := harness.Must(client.OffsetAt(topic, 0, base+1_000_000))
	harness.Expect(late == End || late == 100, "offset for a time behind the end: %d", late)
	start, end, err := client.Bounds(topic, 0)
	harness.NoError(err)
	harness.Equal([]int64{start, end}, []int64{0, 100}, "first and next offset")
	consumer := harness.Must(client.Consume(topic, map[int32]int64{0: found}, ConsumerOptions{}))
	harness.Equal(string(poll(consumer, 1)[0].Value), "value-42", "first record")
	harness.NoError(consumer.Close())
}

func consumeSeek(client Client, _ string) {
	topic := makeTopic(client, 1)
	fill(client, topic, 0, 100, 1)
	consumer := harness.Must(client.Consume(topic, map[int32]int64{0: 70}, ConsumerOptions{}))
	seeker, ok := consumer.(Seeker)
	if !ok {
		harness.NotInThisClient("its consumers do not seek or pause")
	}
	first := func() string { return string(poll(seeker, 1)[0].Value) }
	harness.Equal(first(), "value-70", "from offset 70")
	harness.NoError(seeker.SeekTo(Beginning))
	records := poll(seeker, 1)
	harness.Equal(string(records[0].Value), "value-0", "from the beginning")
	harness.Equal(seeker.Position(), records[len(records)-1].Offset+1, "position")
	harness.NoError(seeker.SeekTo(7))
	harness.NoError(seeker.Pause())
	underWay := append(pollOnce(seeker), pollOnce(seeker)...) // when it was paused
	fill(client, topic, 100, 1, 1)
	harness.Equal(len(pollOnce(seeker)), 0, "records while paused")
	harness.NoError(seeker.Resume())
	harness.Equal(first(), fmt.Sprintf("value-%d", 7+len(underWay)), "after resume")
	harness.NoError(seeker.SeekTo(End))
	harness.Equal(len(pollOnce(seeker)), 0, "records at the end")
	fill(client, topic, 101, 1, 1)
	harness.Equal(first(), "value-101", "behind the end")
	harness.NoError(seeker.Close())
}

func consumeLongPoll(client Client, _ string) {
	topic := makeTopic(client, 1)
	options := ConsumerOptions{FetchMaxWait: 20 * time.Second}
	consumer := harness.Must(client.Consume(topic, map[int32]int64{0: Beginning}, options))
	harness.Equal(len(pollOnce(consumer)), 0, "records before one is sent")
	sent := make(chan time.Time, 1)
	go func() {
		fill(client, topic, 0, 1, 1)
		sent <- time.Now()
	}()
	harness.Equal(len(harness.Must(consumer.Poll(15*time.Second))), 1, "records")
	waited := time.Since(<-sent)
	harness.Expect(waited < 5*time.Second, "the fetch waited on for %v though there was a record", waited)
	// Closing would wait for the next fetch, which gets nothing for twenty seconds.
}

func consumeLarge(client Client, _ string) {
	topic := makeTopic(client, 1, "max.message.bytes=5000000")
	large := bytes.Repeat([]byte("x"), 3_000_000)
	for _, value := range [][]byte{[]byte("small"), large, []byte("small")} {
		harness.Must(send(client, []Record{{Topic: topic, Value: value}}, ProducerOptions{MaxBytes: 5_000_000}))
	}
	found := read(client, topic, 1, 3, ConsumerOptions{FetchMaxBytes: 1000})
	harness.Equal(values(found), []string{"small", string(large), "small"}, "records")
}

func consumePattern(client Client, _ string) {
	prefix, group := harness.Fresh("pattern"), harness.Fresh("group")
	first, other, later := prefix+"-first", harness.Fresh("other")+prefix+"-other", prefix+"-later"
	for _, topic := range []string{first, other} {
		harness.NoError(client.CreateTopic(topic, 1, nil))
		fill(client, topic, 0, 10, 1)
	}
	member := join(client, group, []string{"^" + prefix + "-.*"}, MemberOptions{Pattern: true})
	member.waitSeen(10)
	harness.NoError(client.CreateTopic(later, 1, nil))
	fill(client, later, 10, 10, 1)
	member.waitSeen(20)
	harness.Equal(member.tracker.Owned(), Places{{first, 0}: true, {later, 0}: true}, "partitions")
	checkExactlyOnce(member.tracker.Seen(), 20)
	member.leave()
}
