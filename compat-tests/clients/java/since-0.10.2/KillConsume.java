import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;

final class KillConsume implements Scenario {
    private static final int COUNT = 3000;

    @Override
    public void run(String bootstrap) throws Exception {
        String topic = Topics.create(bootstrap);
        Producers.fill(bootstrap, topic, 0, COUNT);
        Object[] settings = {
            "group.id", Check.fresh("group"), "enable.auto.commit", false,
            "max.poll.records", 100, "reconnect.backoff.max.ms", 500,
        };
        try (KafkaConsumer<String, String> consumer = Consumers.consumer(bootstrap, settings)) {
            consumer.subscribe(List.of(topic));
            Set<String> seen = new HashSet<>();
            int kills = 0;
            long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(90);
            while (seen.size() < COUNT) {
                Check.expect(System.nanoTime() < end, "not every record within 90 s");
                Level.poll(consumer, 200).forEach(record -> seen.add(record.value()));
                if (kills < 3 && seen.size() >= 500 + 1000 * kills) {
                    kills++;
                    Program.askBroker("kill");
                    Program.askBroker("start");
                }
                try {
                    consumer.commitSync();
                } catch (KafkaException lost) {
                    continue; // the group rebalances; a later commit counts
                }
            }
            Check.expectEqual(kills, 3, "kills");
            consumer.commitSync();
            long committed = Level.committed(consumer, new TopicPartition(topic, 0)).offset();
            Check.expectEqual(committed, (long) COUNT, "committed");
        }
    }
}
