import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaShareConsumer;
import org.apache.kafka.common.serialization.StringDeserializer;

/** The broker is killed under a share group: what it said is accepted does not come again, and nothing is lost. */
final class KillShare implements Scenario {
    private static final int COUNT = 2000;

    @Override
    public void run(String bootstrap) throws Exception {
        String topic = Topics.create(bootstrap);
        String group = Check.fresh("share");
        ShareAcknowledge.fromTheStart(bootstrap, group);
        Producers.fill(bootstrap, topic, 0, COUNT);
        Properties properties = new Properties();
        properties.put("bootstrap.servers", bootstrap);
        properties.put("group.id", group);
        properties.put("max.poll.records", 100);
        properties.put("reconnect.backoff.max.ms", 500);
        Set<Long> accepted = new HashSet<>();
        try (KafkaShareConsumer<String, String> consumer =
                 new KafkaShareConsumer<>(properties, new StringDeserializer(), new StringDeserializer())) {
            consumer.subscribe(List.of(topic));
            int kills = 0;
            long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(240);
            while (accepted.size() < COUNT) {
                Check.expect(System.nanoTime() < end, "not every record within 240 s");
                Set<Long> polled = new HashSet<>();
                for (ConsumerRecord<String, String> record : consumer.poll(Duration.ofMillis(200))) {
                    Check.expect(!accepted.contains(record.offset()), "accepted, and here again: " + record.offset());
                    polled.add(record.offset());
                }
                if (kills < 3 && accepted.size() >= 300 + 500 * kills) {
                    kills++;
                    Program.askBroker("kill");
                    Program.askBroker("start");
                }
                boolean stored = consumer.commitSync().values().stream().allMatch(problem -> problem.isEmpty());
                if (stored) {
                    accepted.addAll(polled);
                }
            }
            Check.expectEqual(kills, 3, "kills");
        }
    }
}
