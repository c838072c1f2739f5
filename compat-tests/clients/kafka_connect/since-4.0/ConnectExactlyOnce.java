import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;

/**
 * KIP-618: a source connector writes its records and its offsets in the same transactions. The worker and the broker
 * are killed (`kill -9`) in the midst of that: each line of a file that grows is in the topic once, in order.
 */
final class ConnectExactlyOnce implements Scenario {
    private static final int LINES = 3_000;
    private static final int AHEAD = 300; // lines that the file is ahead of the topic, at most

    private final Lines lines;
    private final List<String> committed = new ArrayList<>();
    private KafkaConsumer<String, String> consumer;
    private int appended;

    ConnectExactlyOnce() throws Exception {
        lines = new Lines();
    }

    @Override
    public void run(String bootstrap) throws Exception {
        Topics.create(bootstrap, lines.topic);
        Worker worker = Worker.start(bootstrap, Check.fresh("connect"), Map.of(
            "exactly.once.source.support", "enabled", "transaction.timeout.ms", 10_000));
        consumer = Consumers.consumer(bootstrap,
            "isolation.level", "read_committed", "reconnect.backoff.max.ms", 500);
        consumer.assign(Set.of(new TopicPartition(lines.topic, 0)));
        try {
            worker.awaitReady();
            // Nearly always a transaction is open; what exceeds a batch would be left lying by the file connector.
            Map<String, String> source = new HashMap<>(lines.source());
            source.putAll(Map.of("exactly.once.support", "required", "batch.size", "100000",
                "transaction.boundary", "interval", "transaction.boundary.interval.ms", "500"));
            worker.configure("source", source);
            for (int part = 1; part < 4; part++) {
                growUntilCommitted(part * LINES / 4);
                worker.kill();
                worker.start();
                growUntilCommitted(committed.size() + 1);
                Program.askBroker("kill");
                Program.askBroker("start");
            }
            growUntilCommitted(LINES);
            worker.stop();
            poll(1000);
            Check.expectEqual(committed, Lines.numbered(0, LINES), "committed lines");
        } finally {
            consumer.close();
            worker.close();
        }
    }

    private void growUntilCommitted(int count) throws Exception {
        Check.waitUntil(count + " committed lines", 120, () -> {
            if (appended < LINES && appended - committed.size() < AHEAD) {
                lines.append(Lines.numbered(appended, appended + 10));
                appended += 10;
            }
            poll(20);
            return committed.size() >= count;
        });
    }

    private void poll(long milliseconds) {
        consumer.poll(Duration.ofMillis(milliseconds)).forEach(record -> committed.add(record.value()));
    }
}
