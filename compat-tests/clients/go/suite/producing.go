package suite

import (
	"bytes"
	"time"

	"compat/harness"
)

func produceCodecs(client Client, _ string) {
	for _, codec := range []string{"none", "gzip", "snappy", "lz4", "zstd"} {
		topic := makeTopic(client, 1)
		records := numbered(topic, 0, 500, 1)
		for place := range records {
			records[place].Value = bytes.Repeat(records[place].Value, 20)
		}
		harness.Must(send(client, records, ProducerOptions{Codec: codec}))
		found := read(client, topic, 1, len(records), ConsumerOptions{})
		for place, record := range found {
			harness.Equal(record.Key, records[place].Key, "key under "+codec)
			harness.Equal(record.Value, records[place].Value, "value under "+codec)
		}
	}
}

func produceShapes(client Client, _ string) {
	topic, now := makeTopic(client, 1), time.Now().UnixMilli()
	headers := []Header{{"a", []byte("1")}, {"a", []byte{}}, {"\u00fcmlaut", []byte{0, 0xff}}, {"none", nil}}
	records := []Record{
		{Value: []byte("value")},
		{Key: []byte("key"), Headers: headers},
		{},
		{Key: []byte{}, Value: []byte{}, Headers: []Header{{"empty", []byte{}}}},
		{Key: []byte("large"), Value: bytes.Repeat([]byte("x"), 900_000)},
	}
	for place := range records {
		records[place].Topic = topic
		records[place].TimestampMs = now + int64(place)
	}
	harness.Must(send(client, records, ProducerOptions{}))
	for place, record := range read(client, topic, 1, len(records), ConsumerOptions{}) {
		records[place].Offset = int64(place)
		harness.Equal(record, records[place], "record")
	}
}

func produceAcks(client Client, _ string) {
	topic := makeTopic(client, 1)
	for run, acks := range []string{"all", "1", "0"} {
		sent := harness.Must(send(client, numbered(topic, 10*run, 10, 1), ProducerOptions{Acks: acks}))
		if acks != "0" {
			harness.Equal(offsets(sent), sequence(int64(10*run), 10), "offsets with acks "+acks)
		}
	}
	found := read(client, topic, 1, 30, ConsumerOptions{})
	harness.Equal(offsets(found), sequence(0, 30), "offsets")
	checkExactlyOnce(found, 30)
}

func produceTooLarge(client Client, _ string) {
	topic := makeTopic(client, 1, "max.message.bytes=2000")
	_, err := send(client, []Record{{Topic: topic, Value: make([]byte, 5000)}}, ProducerOptions{Codec: "none"})
	harness.Equal(client.Code(err), MessageTooLarge, "error")
	harness.Must(send(client, []Record{{Topic: topic, Value: []byte("small")}}, ProducerOptions{}))
	harness.Equal(values(read(client, topic, 1, 1, ConsumerOptions{})), []string{"small"}, "records")
}

func produceAppendTime(client Client, _ string) {
	topic, begin := makeTopic(client, 1, "message.timestamp.type=LogAppendTime"), time.Now()
	record := Record{Topic: topic, Value: []byte("value"), TimestampMs: 1_000_000}
	harness.Must(send(client, []Record{record}, ProducerOptions{}))
	found := read(client, topic, 1, 1, ConsumerOptions{})[0]
	passed := time.UnixMilli(found.TimestampMs).Sub(begin)
	harness.Expect(passed > -time.Second && passed < time.Minute, "the broker's time: %v after the start", passed)
}
