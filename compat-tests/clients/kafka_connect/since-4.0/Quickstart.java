import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/** Kafka Connect standalone, as its own command starts it: lines of a file, through a topic, into another file. */
final class Quickstart implements Scenario {
    private static final String STRINGS = "org.apache.kafka.connect.storage.StringConverter";

    private Path folder;
    private String topic;

    @Override
    public void run(String bootstrap) throws Exception {
        folder = Program.temporaryFolder();
        topic = Check.fresh("connect-test");
        append("foo", "bar");
        connected(bootstrap, () -> {
            expectCopied("foo", "bar");
            append("baz");
            expectCopied("foo", "bar", "baz");
        });
        append("qux");
        connected(bootstrap, () -> expectCopied("foo", "bar", "baz", "qux")); // from where the first run ended
        List<ConsumerRecord<String, String>> records = Consumers.read(bootstrap, topic, 4);
        Check.expectEqual(Consumers.values(records), List.of("foo", "bar", "baz", "qux"), "records in the topic");
    }

    private interface Step {
        void run() throws Exception;
    }

    /** Runs the step while a worker with both connectors runs; the worker ends on SIGTERM. */
    private void connected(String bootstrap, Step step) throws Exception {
        Path worker = write("worker", Map.of(
            "bootstrap.servers", bootstrap, "key.converter", STRINGS, "value.converter", STRINGS,
            "offset.storage.file.filename", folder.resolve("offsets"), "offset.flush.interval.ms", 1000,
            "listeners", "http://127.0.0.1:0", "plugin.discovery", "service_load"));
        Path source = write("source", Map.of(
            "name", "local-file-source-" + topic, "connector.class", "FileStreamSource", "tasks.max", 1,
            "file", folder.resolve("input"), "topic", topic));
        Path sink = write("sink", Map.of(
            "name", "local-file-sink-" + topic, "connector.class", "FileStreamSink", "tasks.max", 1,
            "file", folder.resolve("output"), "topics", topic));
        Process process = new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Xmx256m", "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1", "-cp", System.getProperty("java.class.path"),
            "org.apache.kafka.connect.cli.ConnectStandalone",
            worker.toString(), source.toString(), sink.toString())
            .redirectErrorStream(true).redirectOutput(new File("/dev/null")).start();
        try {
            step.run();
        } finally {
            process.destroy();
            Check.expectEqual(process.waitFor(), 143, "exit code after SIGTERM");
        }
    }

    private Path write(String name, Map<String, ?> settings) throws Exception {
        Properties properties = new Properties();
        settings.forEach((key, value) -> properties.put(key, value.toString()));
        Path path = folder.resolve(name + ".properties");
        try (var writer = Files.newBufferedWriter(path)) {
            properties.store(writer, null);
        }
        return path;
    }

    private void append(String... lines) throws Exception {
        Files.write(folder.resolve("input"), List.of(lines), StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    }

    private void expectCopied(String... lines) throws Exception {
        Path output = folder.resolve("output");
        Check.waitUntil("lines in the output: " + List.of(lines), 45,
            () -> Files.exists(output) && Files.readAllLines(output).equals(List.of(lines)));
    }
}
