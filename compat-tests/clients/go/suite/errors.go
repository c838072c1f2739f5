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
