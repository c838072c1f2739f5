package suite

import (
	"time"

	"compat/harness"
)

func errorsUnknownTopic(client Client, _ string) {
	name := harness.Fresh("nowhere")
	harness.Equal(client.Code(client.DeleteTopic(name)), UnknownTopicOrPartition, "error")
	_, listed := harness.Must(client.Topics())[name]
	harness.Expect(!listed, "it is in the metadata")
}

// errorsCorruptBatch has a batch arrive otherwise than it was sent.
func errorsCorruptBatch(client Client, _ string) {
	sender := client.(BatchSender)
	topic := makeTopic(client, 1)
	nothing := func([]byte) {}
	lastByte := func(batch []byte) { batch[len(batch)-2] ^= 1 } // of the value: behind it is the count of headers
	harness.NoError(sender.SendBatch(topic, 0, []byte("first"), nothing))
	err := sender.SendBatch(topic, 0, []byte("damaged"), lastByte)
	harness.Equal(client.Code(err), CorruptMessage, "error")
	harness.NoError(sender.SendBatch(topic, 0, []byte("second"), nothing))
	harness.Equal(values(read(client, topic, 1, 2, ConsumerOptions{})), []string{"first", "second"}, "records")
}

// errorsUnsupportedVersion has a client learn from the broker that it does not serve what is wanted.
func errorsUnsupportedVersion(client Client, _ string) {
	insisting := harness.Must(client.(Insister).Insisting())
	_, err := insisting.(GroupAdmin).Groups()
	harness.Expect(err != nil, "a version that no broker has was served")
	topic := makeTopic(insisting, 1)
	fill(insisting, topic, 0, 10, 1)
	checkExactlyOnce(read(insisting, topic, 1, 10, ConsumerOptions{}), 10)
}

func errorsOffset(client Client, _ string) {
	topic, group := makeTopic(client, 1), harness.Fresh("group")
	fill(client, topic, 0, 10, 1)
	consumer, err := client.Consume(topic, map[int32]int64{0: 1000}, ConsumerOptions{})
	for end := time.Now().Add(patience); err == nil && time.Now().Before(end); {
		var records []Record
		records, err = consumer.Poll(500 * time.Millisecond)
		harness.Equal(len(records), 0, "records behind the end")
	}
	harness.Equal(client.Code(err), OffsetOutOfRange, "error")
	if consumer != nil {
		harness.NoError(consumer.Close())
	}
	first := join(client, group, []string{topic}, MemberOptions{CommitsNothing: true})
	first.waitSeen(10)
	harness.NoError(first.member.Commit(topic, 0, 1000, ""))
	first.leave()
	second := join(client, group, []string{topic}, MemberOptions{})
	second.waitSeen(10)
	checkExactlyOnce(second.tracker.Seen(), 10)
	second.leave()
}
