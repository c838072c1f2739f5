import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;

/**
 * A word count in Apache Flink whose sink writes in transactions, one from each checkpoint to the next. The job and
 * the broker are killed (`kill -9`) and go on from the last checkpoint: every count of every word is there once.
 */
final class FlinkExactlyOnce implements Scenario {
    private static final int WORDS = 37;
    private static final int PART = 3 * 37 * 20; // records that are added at a time

    private final Map<String, List<Long>> counts = new TreeMap<>();
    private String bootstrap;
    private String input;
    private String output;
    private Path checkpoints;
    private KafkaConsumer<String, String> consumer;
    private int produced;
    private int counted;

    @Override
    public void run(String address) throws Exception {
        bootstrap = address;
        input = Topics.create(bootstrap, Check.fresh("words"), 4, Map.of());
        output = Topics.create(bootstrap, Check.fresh("counts"));
        checkpoints = Program.temporaryFolder();
        consumer = Consumers.consumer(bootstrap, "isolation.level", "read_committed", "reconnect.backoff.max.ms", 500);
        consumer.assign(Set.of(new TopicPartition(output, 0)));
        Process job = start();
        try {
            produce();
            await(PART / 2);
            produce();
            Jvm.kill(job);
            job = start();
            await(PART + 1);
            Program.askBroker("kill");
            Program.askBroker("start");
            produce();
            await(2 * PART + 1);
            Jvm.kill(job);
            produce();
            job = start();
            await(4 * PART);
            poll(2000);
            Check.expect(job.isAlive(), "the job has ended by itself");
        } finally {
            job.destroyForcibly();
            consumer.close();
        }
        List<Long> each = LongStream.rangeClosed(1, 4 * PART / WORDS).boxed().toList();
        for (int word = 0; word < WORDS; word++) {
            Check.expectEqual(counts.get("word-" + word), each, "counts of word-" + word);
        }
    }

    /** A job that goes on from the newest checkpoint that is whole, if there is one. */
    private Process start() throws IOException {
        List<String> arguments = new ArrayList<>(List.of(bootstrap, input, output, checkpoints.toString()));
        try (Stream<Path> all = Files.walk(checkpoints)) {
            all.filter(path -> path.endsWith("_metadata"))
                .max(Comparator.comparingLong(path -> path.toFile().lastModified()))
                .ifPresent(path -> arguments.add(path.getParent().toString()));
        }
        return Jvm.start("Job", arguments.toArray(String[]::new));
    }

    private void produce() {
        try (KafkaProducer<String, String> producer = Producers.producer(bootstrap)) {
            for (int end = produced + PART; produced < end; produced++) {
                producer.send(new ProducerRecord<>(input, produced % 4, null, "word-" + produced % WORDS));
            }
        }
    }

    private void await(int count) throws Exception {
        Check.waitUntil(count + " committed counts", 150, () -> {
            poll(200);
            return counted >= count;
        });
    }

    private void poll(long milliseconds) {
        consumer.poll(Duration.ofMillis(milliseconds)).forEach(record -> {
            String[] parts = record.value().split(" ");
            counts.computeIfAbsent(parts[0], word -> new ArrayList<>()).add(Long.valueOf(parts[1]));
            counted++;
        });
    }
}
