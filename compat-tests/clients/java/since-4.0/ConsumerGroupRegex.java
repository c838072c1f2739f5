import static java.util.stream.Collectors.toSet;

import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.SubscriptionPattern;
import org.apache.kafka.common.TopicPartition;

final class ConsumerGroupRegex implements Scenario {
    @Override
    public void run(String bootstrap) throws Exception {
        String prefix = Check.fresh("regex");
        Topics.create(bootstrap, prefix + "-a", 2, Map.of());
        Topics.create(bootstrap, "other-" + prefix, 2, Map.of());
        Object[] settings = {"group.id", Check.fresh("group"), "group.protocol", "consumer"};
        try (KafkaConsumer<String, String> consumer = Consumers.consumer(bootstrap, settings)) {
            consumer.subscribe(new SubscriptionPattern("^" + prefix + "-.*"));
            waitOwned(consumer, 2);
            Topics.create(bootstrap, prefix + "-b", 4, Map.of());
            waitOwned(consumer, 6);
            Set<String> topics = consumer.assignment().stream().map(TopicPartition::topic).collect(toSet());
            Check.expectEqual(topics, Set.of(prefix + "-a", prefix + "-b"), "topics");
        }
    }

    private static void waitOwned(KafkaConsumer<String, String> consumer, int partitions) throws Exception {
        Check.waitUntil(partitions + " partitions", 60, () -> {
            Level.poll(consumer, 100);
            return consumer.assignment().size() == partitions;
        });
    }
}
