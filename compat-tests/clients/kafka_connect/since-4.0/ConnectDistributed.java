import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.common.config.ConfigResource;

/**
 * Two distributed workers of Kafka Connect, driven by their REST API. Connectors are made, stopped, rewound and
 * deleted; a worker and then the broker are killed (`kill -9`) and come back. Every line is copied; after a kill some
 * may be copied again, for Connect commits its offsets behind the records.
 */
final class ConnectDistributed implements Scenario {
    private final String group = Check.fresh("connect");
    private final Lines lines;

    ConnectDistributed() throws Exception {
        lines = new Lines();
    }

    @Override
    public void run(String bootstrap) throws Exception {
        Worker one = Worker.start(bootstrap, group, Map.of());
        Worker two = Worker.start(bootstrap, group, Map.of());
        try {
            one.awaitReady();
            two.awaitReady();
            checkInternalTopics(bootstrap);
            one.configure("source", lines.source());
            two.configure("sink", lines.sink()); // one of the two has to ask the other, which leads the group
            lines.append(Lines.numbered(0, 100));
            lines.awaitCopy(Lines.numbered(0, 100));
            rewindSink(one);
            survive(one, two);
            Check.expectEqual(names(two.call("GET", "/connectors", null)), Set.of("sink", "source"), "connectors");
            two.call("DELETE", "/connectors/source", null);
            one.call("DELETE", "/connectors/sink", null);
            Check.waitUntil("no connectors", () -> names(one.call("GET", "/connectors", null)).isEmpty());
            one.stop();
            two.stop();
        } finally {
            one.close();
            two.close();
        }
    }

    /** Connect makes the three topics of its state itself, with these settings, and refuses others. */
    private void checkInternalTopics(String bootstrap) throws Exception {
        try (Admin admin = Topics.admin(bootstrap)) {
            for (var wanted : Map.of("config", 1, "offset", 25, "status", 5).entrySet()) {
                String topic = Worker.topic(group, wanted.getKey());
                var description = admin.describeTopics(List.of(topic)).allTopicNames().get().get(topic);
                Check.expectEqual(description.partitions().size(), wanted.getValue(), "partitions of " + topic);
                ConfigResource resource = new ConfigResource(ConfigResource.Type.TOPIC, topic);
                Config config = admin.describeConfigs(List.of(resource)).all().get().get(resource);
                Check.expectEqual(config.get("cleanup.policy").value(), "compact", "cleanup.policy of " + topic);
            }
        }
    }

    /** KIP-875: a stopped connector's offsets are read and reset. */
    private void rewindSink(Worker worker) throws Exception {
        worker.call("PUT", "/connectors/sink/stop", null);
        worker.await("sink", "STOPPED", 0);
        JsonNode offsets = worker.call("GET", "/connectors/sink/offsets", null).get("offsets");
        Check.expectEqual(offsets.get(0).get("offset").get("kafka_offset").asInt(), 100, "offset of the sink");
        worker.call("DELETE", "/connectors/sink/offsets", null);
        lines.emptyOutput();
        worker.call("PUT", "/connectors/sink/resume", null);
        lines.awaitCopy(Lines.numbered(0, 100));
    }

    private void survive(Worker one, Worker two) throws Exception {
        one.kill();
        lines.append(Lines.numbered(100, 200));
        lines.awaitCopyOrRepeated(Lines.numbered(0, 200));
        Program.askBroker("kill");
        Program.askBroker("start");
        lines.append(Lines.numbered(200, 300));
        lines.awaitCopyOrRepeated(Lines.numbered(0, 300));
        one.start();
        one.awaitReady();
        Check.waitUntil("work on both workers", 90, () -> {
            Set<String> workers = new TreeSet<>(two.await("source", "RUNNING", 1));
            workers.addAll(two.await("sink", "RUNNING", 1));
            return workers.equals(Set.of(one.id, two.id));
        });
        lines.append(Lines.numbered(300, 400));
        lines.awaitCopyOrRepeated(Lines.numbered(0, 400));
    }

    private static Set<String> names(JsonNode array) {
        Set<String> names = new TreeSet<>();
        array.forEach(name -> names.add(name.asText()));
        return names;
    }
}
