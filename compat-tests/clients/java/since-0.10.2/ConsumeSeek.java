import java.util.Set;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;

final class ConsumeSeek implements Scenario {
    @Override
    public void run(String bootstrap) throws Exception {
        TopicPartition partition = new TopicPartition(Topics.create(bootstrap), 0);
        Producers.fill(bootstrap, partition.topic(), 0, 100);
        try (KafkaConsumer<String, String> consumer = Consumers.consumer(bootstrap, "max.poll.records", 10)) {
            consumer.assign(Set.of(partition));
            consumer.seek(partition, 70);
            expectNext(consumer, "value-70", "after seek");
            consumer.seekToBeginning(Set.of(partition));
            expectNext(consumer, "value-0", "from the beginning");
            Check.expectEqual(consumer.position(partition), 10L, "position");
            consumer.pause(Set.of(partition));
            Check.expectEqual(Level.poll(consumer, 300).count(), 0, "records while paused");
            consumer.resume(Set.of(partition));
            expectNext(consumer, "value-10", "after resume");
            consumer.seekToEnd(Set.of(partition));
            Check.expectEqual(consumer.position(partition), 100L, "end");
        }
    }

    private static void expectNext(KafkaConsumer<String, String> consumer, String value, String when) throws Exception {
        Check.expectEqual(Consumers.next(consumer).iterator().next().value(), value, when);
    }
}
