import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.kstream.TimeWindows;

/**
 * A Kafka Streams program under exactly_once_v2 in a process of its own, which can be killed. Without a cache, each
 * update of a store is a record in the output topic.
 */
final class Application {
    static final Duration WINDOW = Duration.ofSeconds(10);

    private final String bootstrap;
    private final String name;
    private final String input;
    private final String output;
    private final String protocol;
    private final String topology;

    Application(String bootstrap, String name, String input, String output, String protocol, String topology) {
        this.bootstrap = bootstrap;
        this.name = name;
        this.input = input;
        this.output = output;
        this.protocol = protocol;
        this.topology = topology;
    }

    /** One more process of the application, with its state in this folder. */
    Process start(Path folder) throws IOException {
        return Jvm.start(
            Application.class.getName(), bootstrap, name, input, output, protocol, topology, folder.toString());
    }

    public static void main(String[] arguments) {
        Application application = new Application(
            arguments[0], arguments[1], arguments[2], arguments[3], arguments[4], arguments[5]);
        KafkaStreams streams = new KafkaStreams(application.topology(), application.settings(arguments[6]));
        Runtime.getRuntime().addShutdownHook(new Thread(streams::close));
        streams.start();
    }

    private Topology topology() {
        StreamsBuilder builder = new StreamsBuilder();
        switch (topology) {
            case "word-count" -> wordCount(builder);
            case "windows" -> windows(builder);
            default -> throw new IllegalArgumentException(topology);
        }
        return builder.build();
    }

    private void wordCount(StreamsBuilder builder) {
        builder.<String, String>stream(input)
            .flatMapValues(line -> List.of(line.split(" ")))
            .groupBy((key, word) -> word)
            .count(Materialized.as("counts"))
            .toStream()
            .to(output, Produced.with(Serdes.String(), Serdes.Long()));
    }

    private void windows(StreamsBuilder builder) {
        builder.<String, String>stream(input)
            .groupByKey()
            .windowedBy(TimeWindows.ofSizeAndGrace(WINDOW, Duration.ofHours(1)))
            .aggregate(
                () -> 0L, (key, value, sum) -> sum + Long.parseLong(value), Materialized.with(null, Serdes.Long()))
            .toStream((window, sum) -> window.key() + "@" + window.window().start())
            .to(output, Produced.with(Serdes.String(), Serdes.Long()));
    }

    private Properties settings(String folder) {
        Properties settings = Producers.settings(bootstrap,
            StreamsConfig.APPLICATION_ID_CONFIG, name,
            StreamsConfig.STATE_DIR_CONFIG, folder,
            StreamsConfig.GROUP_PROTOCOL_CONFIG, protocol,
            StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.EXACTLY_ONCE_V2,
            StreamsConfig.DEFAULT_KEY_SERDE_CLASS_CONFIG, Serdes.StringSerde.class.getName(),
            StreamsConfig.DEFAULT_VALUE_SERDE_CLASS_CONFIG, Serdes.StringSerde.class.getName(),
            StreamsConfig.STATESTORE_CACHE_MAX_BYTES_CONFIG, 0,
            StreamsConfig.NUM_STREAM_THREADS_CONFIG, 2,
            StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, 100,
            "auto.offset.reset", "earliest",
            "reconnect.backoff.max.ms", 500);
        if (protocol.equals("classic")) {
            settings.putAll(Map.of("session.timeout.ms", "6000", "heartbeat.interval.ms", "1000"));
        }
        return settings;
    }
}
