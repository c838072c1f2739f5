import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/** Kafka Connect standalone, as its own command starts it: lines of a file, through a topic, into another file. */
final class Quickstart implements Scenario {
    private static final String STRINGS = "org.apache.kafka.connect.storage.StringConverter";

    private final Lines lines;

    Quickstart() throws Exception {
        lines = new Lines();
    }

    @Override
    public void run(String bootstrap) throws Exception {
        lines.append(List.of("foo", "bar"));
        connected(bootstrap, () -> {
            lines.awaitCopy(List.of("foo", "bar"));
            lines.append(List.of("baz"));
            lines.awaitCopy(List.of("foo", "bar", "baz"));
        });
        lines.append(List.of("qux"));
        connected(bootstrap, () -> lines.awaitCopy(List.of("foo", "bar", "baz", "qux"))); // where the first run ended
        List<ConsumerRecord<String, String>> records = Consumers.read(bootstrap, lines.topic, 4);
        Check.expectEqual(Consumers.values(records), List.of("foo", "bar", "baz", "qux"), "records in the topic");
    }

    private interface Step {
        void run() throws Exception;
    }

    /** Runs the step while a worker with both connectors runs; the worker ends on SIGTERM. */
    private void connected(String bootstrap, Step step) throws Exception {
        Path worker = Jvm.properties(lines.folder(), "worker", Map.of(
            "bootstrap.servers", bootstrap, "key.converter", STRINGS, "value.converter", STRINGS,
            "offset.storage.file.filename", lines.folder().resolve("offsets"), "offset.flush.interval.ms", 1000,
            "listeners", "http://127.0.0.1:0", "plugin.discovery", "service_load"));
        Process process = Jvm.start("org.apache.kafka.connect.cli.ConnectStandalone",
            worker.toString(), connector("source", lines.source()), connector("sink", lines.sink()));
        try {
            step.run();
        } finally {
            Jvm.stop(process);
        }
    }

    private String connector(String kind, Map<String, String> settings) throws Exception {
        Map<String, String> named = new HashMap<>(settings);
        named.put("name", "local-file-" + kind + "-" + lines.topic);
        return Jvm.properties(lines.folder(), kind, named).toString();
    }
}
