import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;

/**
 * Two processes of a program work on an input while one of them and then the broker are killed (`kill -9`) and come
 * back. What the program wrote is to be what the input says: every update of every key once, in order.
 */
abstract class KilledAndResumed implements Scenario {
    private static final int PARTS = 3;

    /** "classic" or "streams". */
    abstract String protocol();

    /** Which of the application's topologies it is. */
    abstract String topology();

    /** The input, in order. */
    abstract List<ProducerRecord<String, String>> records(String topic);

    /** What each key is to have in the output, in order. */
    abstract Map<String, List<Long>> wanted(List<ProducerRecord<String, String>> records);

    @Override
    public final void run(String bootstrap) throws Exception {
        String input = Topics.create(bootstrap, Check.fresh("input"), 4, Map.of());
        String output = Topics.create(bootstrap, Check.fresh("output"), 1, Map.of());
        List<ProducerRecord<String, String>> records = records(input);
        Map<String, List<Long>> wanted = wanted(records);
        int updates = wanted.values().stream().mapToInt(List::size).sum();
        Application application =
            new Application(bootstrap, Check.fresh("application"), input, output, protocol(), topology());
        Path folder = Program.temporaryFolder();
        Process killed = application.start(folder);
        Process other = application.start(Program.temporaryFolder());
        try (KafkaProducer<String, String> producer = Producers.producer(bootstrap);
                Updates updated = new Updates(bootstrap, output)) {
            send(producer, part(records, 0));
            updated.await(updates / PARTS / 2);
            Jvm.kill(killed);
            send(producer, part(records, 1));
            updated.await(updates / PARTS + 1);
            Program.askBroker("kill");
            Program.askBroker("start");
            killed = application.start(folder);
            send(producer, part(records, 2));
            updated.await(updates);
            Check.expectEqual(updated.byKey, wanted, "updates in the output");
            Jvm.stop(killed);
            Jvm.stop(other);
            updated.expectNoMore();
        } finally {
            killed.destroyForcibly();
            other.destroyForcibly();
        }
    }

    private static <T> List<T> part(List<T> all, int number) {
        return all.subList(all.size() * number / PARTS, all.size() * (number + 1) / PARTS);
    }

    private static void send(KafkaProducer<String, String> producer, List<ProducerRecord<String, String>> records)
        throws Exception {
        List<Future<RecordMetadata>> sent = new ArrayList<>();
        records.forEach(record -> sent.add(producer.send(record)));
        for (Future<RecordMetadata> each : sent) {
            each.get(60, TimeUnit.SECONDS);
        }
    }

    /** The committed records of the output, by key. */
    private static final class Updates implements AutoCloseable {
        final Map<String, List<Long>> byKey = new TreeMap<>();
        private final KafkaConsumer<String, Long> consumer;
        private int count;

        Updates(String bootstrap, String topic) {
            TopicPartition partition = new TopicPartition(topic, 0);
            consumer = new KafkaConsumer<>(Producers.settings(bootstrap,
                "isolation.level", "read_committed",
                "reconnect.backoff.max.ms", 500,
                "key.deserializer", "org.apache.kafka.common.serialization.StringDeserializer",
                "value.deserializer", "org.apache.kafka.common.serialization.LongDeserializer"));
            consumer.assign(Set.of(partition));
            consumer.seekToBeginning(Set.of(partition));
        }

        /** Reads on until there are at least so many updates. */
        void await(int enough) throws Exception {
            Check.waitUntil(enough + " updates in the output", 150, () -> {
                poll(200);
                return count >= enough;
            });
        }

        void expectNoMore() {
            int before = count;
            poll(1000);
            Check.expectEqual(count, before, "updates after the program was stopped");
        }

        private void poll(long milliseconds) {
            Level.poll(consumer, milliseconds).forEach(record -> {
                byKey.computeIfAbsent(record.key(), key -> new ArrayList<>()).add(record.value());
                count++;
            });
        }

        @Override
        public void close() {
            consumer.close();
        }
    }
}
