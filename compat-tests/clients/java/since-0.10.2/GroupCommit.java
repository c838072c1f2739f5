import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;

final class GroupCommit implements Scenario {
    @Override
    public void run(String bootstrap) throws Exception {
        TopicPartition partition = new TopicPartition(Topics.create(bootstrap), 0);
        Producers.fill(bootstrap, partition.topic(), 0, 100);
        Object[] settings = {"group.id", Check.fresh("group"), "enable.auto.commit", false};
        try (KafkaConsumer<String, String> first = Consumers.consumer(bootstrap, settings)) {
            first.subscribe(List.of(partition.topic()));
            Consumers.next(first);
            OffsetAndMetadata commit = new OffsetAndMetadata(42, "forty-two");
            first.commitSync(Map.of(partition, commit));
            Check.expectEqual(Level.committed(first, partition), commit, "committed");
        }
        try (KafkaConsumer<String, String> second = Consumers.consumer(bootstrap, settings)) {
            second.subscribe(List.of(partition.topic()));
            Check.expectEqual(Consumers.next(second).iterator().next().value(), "value-42",
                "first record of the second run");
        }
    }
}
