import java.util.HashMap;
import java.util.Map;
import java.util.regex.Pattern;
import org.apache.kafka.clients.consumer.KafkaConsumer;

final class ConsumePattern implements Scenario {
    private final Map<String, Integer> seen = new HashMap<>();

    @Override
    public void run(String bootstrap) throws Exception {
        String prefix = Check.fresh("pattern");
        String first = Topics.create(bootstrap, prefix + "-first");
        Producers.fill(bootstrap, first, 0, 10);
        Producers.fill(bootstrap, Topics.create(bootstrap, Check.fresh("other")), 0, 10);
        Object[] settings = {"group.id", Check.fresh("group"), "metadata.max.age.ms", 500};
        try (KafkaConsumer<String, String> consumer = Consumers.consumer(bootstrap, settings)) {
            consumer.subscribe(Pattern.compile(prefix + "-.*"), new Rebalances());
            Check.waitUntil("the first topic's records", () -> readFrom(consumer, first));
            String later = Topics.create(bootstrap, prefix + "-later");
            Producers.fill(bootstrap, later, 0, 10);
            Check.waitUntil("the later topic's records", () -> readFrom(consumer, later));
            Check.expectEqual(seen, Map.of(first, 10, later, 10), "records by topic");
        }
    }

    private boolean readFrom(KafkaConsumer<String, String> consumer, String topic) {
        Level.poll(consumer, 200).forEach(record -> seen.merge(record.topic(), 1, Integer::sum));
        return seen.getOrDefault(topic, 0) == 10;
    }
}
