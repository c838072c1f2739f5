import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndTimestamp;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;

final class ConsumeTimes implements Scenario {
    @Override
    public void run(String bootstrap) throws Exception {
        TopicPartition partition = new TopicPartition(Topics.create(bootstrap), 0);
        long base = System.currentTimeMillis() - 100_000;
        try (KafkaProducer<String, String> producer = Producers.producer(bootstrap)) {
            for (int number = 0; number < 100; number++) {
                long timestamp = base + number * 1000;
                producer.send(new ProducerRecord<>(partition.topic(), 0, timestamp, null, "value-" + number));
            }
        }
        try (KafkaConsumer<String, String> consumer = Consumers.consumer(bootstrap)) {
            consumer.assign(Set.of(partition));
            OffsetAndTimestamp found = consumer.offsetsForTimes(Map.of(partition, base + 41_500)).get(partition);
            Check.expectEqual(found.offset(), 42L, "offset for a time");
            Check.expectEqual(found.timestamp(), base + 42_000, "its timestamp");
            Check.expectEqual(consumer.offsetsForTimes(Map.of(partition, base + 1_000_000)).get(partition), null,
                "offset for a time after the end");
            Check.expectEqual(consumer.beginningOffsets(Set.of(partition)), Map.of(partition, 0L), "beginning");
            Check.expectEqual(consumer.endOffsets(Set.of(partition)), Map.of(partition, 100L), "end");
            consumer.seek(partition, found.offset());
            Check.expectEqual(Consumers.next(consumer).iterator().next().value(), "value-42", "first record");
        }
    }
}
