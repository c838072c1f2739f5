import static java.util.stream.Collectors.toList;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;

/** Consumers, and what they read. */
final class Consumers {
    private Consumers() {
    }

    /** A consumer of texts with these settings, given as name, value, name, value ... */
    static KafkaConsumer<String, String> consumer(String bootstrap, Object... settings) {
        Properties all = Producers.settings(bootstrap, settings);
        String deserializer = "org.apache.kafka.common.serialization.StringDeserializer";
        all.putIfAbsent("key.deserializer", deserializer);
        all.putIfAbsent("value.deserializer", deserializer);
        all.putIfAbsent("auto.offset.reset", "earliest");
        return new KafkaConsumer<>(all);
    }

    /** The first `count` records of the partitions from their beginning, by a consumer without a group. */
    static List<ConsumerRecord<String, String>> read(
        String bootstrap, Collection<TopicPartition> partitions, int count, Object... settings) {
        try (KafkaConsumer<String, String> consumer = consumer(bootstrap, settings)) {
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            return read(consumer, count, 60);
        }
    }

    /** The first partition of a topic, alike. */
    static List<ConsumerRecord<String, String>> read(String bootstrap, String topic, int count, Object... settings) {
        return read(bootstrap, List.of(new TopicPartition(topic, 0)), count, settings);
    }

    /** The next records: exactly `count` within so many seconds. */
    static <K, V> List<ConsumerRecord<K, V>> read(KafkaConsumer<K, V> consumer, int count, int seconds) {
        List<ConsumerRecord<K, V>> records = new ArrayList<>();
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
        while (records.size() < count && System.nanoTime() < end) {
            Level.poll(consumer, 500).forEach(records::add);
        }
        Check.expectEqual(records.size(), count, "records read");
        return records;
    }

    /** Partition 0 holds the numbered values, in order, each once, and nothing more. */
    static void expectExactlyOnce(String bootstrap, String topic, int count, Object... settings) {
        try (KafkaConsumer<String, String> consumer = consumer(bootstrap, settings)) {
            consumer.assign(List.of(new TopicPartition(topic, 0)));
            int expected = 0;
            while (expected < count) {
                ConsumerRecords<String, String> records = Level.poll(consumer, 30_000);
                Check.expect(!records.isEmpty(), "values from " + expected + " on are not there");
                for (ConsumerRecord<String, String> record : records) {
                    Check.expectEqual(record.value(), "value-" + expected++, "value at " + record.offset());
                }
            }
            Check.expectEqual(Level.poll(consumer, 300).count(), 0, "records behind the last one");
        }
    }

    /** The records of the next poll that gives some. */
    static ConsumerRecords<String, String> next(KafkaConsumer<String, String> consumer) throws Exception {
        return Check.waitUntil("records", () -> {
            ConsumerRecords<String, String> records = Level.poll(consumer, 500);
            return records.isEmpty() ? null : records;
        });
    }

    static List<String> values(Collection<ConsumerRecord<String, String>> records) {
        return records.stream().map(ConsumerRecord::value).collect(toList());
    }

    /** The values that Producers.fill sent. */
    static List<String> numbered(int start, int count) {
        return IntStream.range(start, start + count).mapToObj(number -> "value-" + number).collect(toList());
    }
}
