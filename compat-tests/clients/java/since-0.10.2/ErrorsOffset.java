import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetOutOfRangeException;
import org.apache.kafka.common.TopicPartition;

final class ErrorsOffset implements Scenario {
    @Override
    public void run(String bootstrap) throws Exception {
        TopicPartition partition = new TopicPartition(Topics.create(bootstrap), 0);
        Producers.fill(bootstrap, partition.topic(), 0, 10);
        try (KafkaConsumer<String, String> strict = Consumers.consumer(bootstrap, "auto.offset.reset", "none")) {
            strict.assign(Set.of(partition));
            strict.seek(partition, 1000);
            Consumers.next(strict);
            throw new AssertionError("records behind the end");
        } catch (OffsetOutOfRangeException expected) {
            Check.expectEqual(expected.offsetOutOfRangePartitions(), Map.of(partition, 1000L), "where");
        }
        try (KafkaConsumer<String, String> lenient = Consumers.consumer(bootstrap)) {
            lenient.assign(Set.of(partition));
            lenient.seek(partition, 1000);
            Check.expectEqual(Consumers.next(lenient).iterator().next().offset(), 0L, "offset after the reset");
        }
    }
}
