import static java.util.stream.Collectors.toMap;

import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StoreQueryParameters;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.errors.InvalidStateStoreException;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.QueryableStoreTypes;

/** The word count, with a repartition topic and a changelog, from which a second run takes its counts. */
final class Quickstart implements Scenario {
    private static final String STORE = "counts-store";

    private String bootstrap;
    private String input;
    private String output;
    private String application;

    @Override
    public void run(String bootstrap) throws Exception {
        this.bootstrap = bootstrap;
        application = Check.fresh("word-count");
        input = Topics.create(bootstrap, Check.fresh("plaintext-input"), 2, Map.of());
        output = Topics.create(bootstrap, Check.fresh("wordcount-output"), 1, Map.of("cleanup.policy", "compact"));
        count(List.of("all streams lead to kafka", "hello kafka streams"),
            Map.of("all", 1L, "streams", 2L, "lead", 1L, "to", 1L, "kafka", 2L, "hello", 1L));
        count(List.of("join kafka summit"),
            Map.of("all", 1L, "streams", 2L, "lead", 1L, "to", 1L, "kafka", 3L, "hello", 1L, "join", 1L, "summit", 1L));
        Check.expectEqual(output(), Map.of(
            "all", 1L, "streams", 2L, "lead", 1L, "to", 1L, "kafka", 3L, "hello", 1L, "join", 1L, "summit", 1L),
            "the last count of each word in the output");
    }

    /** One run of the program on a machine without its state: it counts the lines on top of what was counted. */
    private void count(List<String> lines, Map<String, Long> wanted) throws Exception {
        Properties settings = settings(Program.temporaryFolder());
        try (KafkaStreams streams = new KafkaStreams(topology(), settings)) {
            streams.start();
            try (KafkaProducer<String, String> producer = Producers.producer(bootstrap)) {
                lines.forEach(line -> producer.send(new ProducerRecord<>(input, line)));
            }
            Check.waitUntil("the counts " + wanted, 60, () -> stored(streams).equals(wanted));
            Check.expect(streams.close(Duration.ofSeconds(20)), "not closed within 20 s");
        }
    }

    private Topology topology() {
        StreamsBuilder builder = new StreamsBuilder();
        builder.<String, String>stream(input)
            .flatMapValues(line -> List.of(line.toLowerCase().split("\\W+")))
            .groupBy((key, word) -> word)
            .count(Materialized.<String, Long, KeyValueStore<Bytes, byte[]>>as(STORE))
            .toStream()
            .to(output, Produced.with(Serdes.String(), Serdes.Long()));
        return builder.build();
    }

    private Properties settings(Path folder) {
        return Producers.settings(bootstrap,
            StreamsConfig.APPLICATION_ID_CONFIG, application,
            StreamsConfig.STATE_DIR_CONFIG, folder,
            StreamsConfig.DEFAULT_KEY_SERDE_CLASS_CONFIG, "org.apache.kafka.common.serialization.Serdes$StringSerde",
            StreamsConfig.DEFAULT_VALUE_SERDE_CLASS_CONFIG, "org.apache.kafka.common.serialization.Serdes$StringSerde",
            StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, 500,
            "session.timeout.ms", 6000, "heartbeat.interval.ms", 1000, // a closed program does not leave its group
            "auto.offset.reset", "earliest");
    }

    private static Map<String, Long> stored(KafkaStreams streams) {
        try (var all = streams.store(
                StoreQueryParameters.fromNameAndType(STORE, QueryableStoreTypes.<String, Long>keyValueStore())).all()) {
            Map<String, Long> counts = new HashMap<>();
            all.forEachRemaining(pair -> counts.put(pair.key, pair.value));
            return counts;
        } catch (InvalidStateStoreException | IllegalStateException notYet) { // it starts, or restores its state
            return Map.of();
        }
    }

    private Map<String, Long> output() {
        TopicPartition partition = new TopicPartition(output, 0);
        String deserializer = "org.apache.kafka.common.serialization.LongDeserializer";
        Properties settings = Producers.settings(bootstrap,
            "key.deserializer", "org.apache.kafka.common.serialization.StringDeserializer",
            "value.deserializer", deserializer);
        try (KafkaConsumer<String, Long> consumer = new KafkaConsumer<>(settings)) {
            consumer.assign(Set.of(partition));
            consumer.seekToBeginning(Set.of(partition));
            long end = consumer.endOffsets(Set.of(partition)).get(partition);
            return Consumers.read(consumer, (int) end, 30).stream()
                .collect(toMap(record -> record.key(), record -> record.value(), (earlier, later) -> later));
        }
    }
}
