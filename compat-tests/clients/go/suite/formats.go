package suite

import (
	"time"

	"compat/harness"
)

// oldFormats has clients as they were write and read beside one of today: the message formats 0 and 1.
func oldFormats(client Client, _ string) {
	veteran := need[Veteran](client, "it speaks the newest versions that it has in common with the broker")
	for _, format := range []struct {
		version string
		codecs  []string
		hasTime bool
	}{
		{"0.8.2", []string{"none", "gzip", "snappy"}, false},
		{"0.10.0", []string{"none", "gzip", "snappy", "lz4"}, true},
	} {
		old := harness.Must(veteran.As(format.version))
		for _, codec := range format.codecs {
			expectBothRead(client, old, codec, format.hasTime)
		}
	}
}

func expectBothRead(client, old Client, codec string, hasTime bool) {
	const count = 100
	topic, begin := makeTopic(client, 1), time.Now().UnixMilli()
	for run, writer := range []Client{old, client} {
		records := numbered(topic, run*count, count, 1)
		for place := range records {
			records[place].TimestampMs = begin + int64(place)
		}
		harness.Must(send(writer, records, ProducerOptions{Codec: codec}))
	}
	for _, reader := range []Client{client, old} {
		checkExactlyOnce(read(reader, topic, 1, 2*count, ConsumerOptions{}), 2*count)
	}
	for place, record := range read(client, topic, 1, 2*count, ConsumerOptions{})[:count] {
		if hasTime {
			harness.Equal(record.TimestampMs, begin+int64(place), "timestamp of an old record")
		} else {
			harness.Expect(record.TimestampMs < 0, "an old record has a timestamp: %d", record.TimestampMs)
		}
	}
}
