import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/** A distributed worker of Kafka Connect: a process that can be killed and started again, and its REST API. */
final class Worker {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String STRINGS = "org.apache.kafka.connect.storage.StringConverter";

    /** Its name in the group, as the REST API gives it: "host:port". */
    final String id;
    private final Path properties;
    private final HttpClient http = HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(5)).build();
    private Process process;

    private Worker(String id, Path properties) {
        this.id = id;
        this.properties = properties;
    }

    /** The settings of the quickstart's connect-distributed.properties for a group of this name, and some more. */
    static Worker start(String bootstrap, String group, Map<String, ?> more) throws IOException {
        String id = "127.0.0.1:" + freePort();
        Map<String, Object> settings = new TreeMap<>(Map.of(
            "bootstrap.servers", bootstrap, "group.id", group, "listeners", "http://" + id,
            "key.converter", STRINGS, "value.converter", STRINGS,
            "plugin.discovery", "service_load", "offset.flush.interval.ms", 500));
        for (String kind : List.of("config", "offset", "status")) {
            settings.put(kind + ".storage.topic", topic(group, kind));
            settings.put(kind + ".storage.replication.factor", 1);
        }
        // A worker that is gone is missed at once, and not only after the five minutes that are the default.
        settings.putAll(Map.of("session.timeout.ms", 6000, "heartbeat.interval.ms", 1000,
            "scheduled.rebalance.max.delay.ms", 1000, "reconnect.backoff.max.ms", 500));
        settings.putAll(more);
        Worker worker = new Worker(id, Jvm.properties(Program.temporaryFolder(), "worker", settings));
        worker.start();
        return worker;
    }

    /** A topic in which the group keeps its state: kind is "config", "offset" or "status". */
    static String topic(String group, String kind) {
        return group + "-" + kind;
    }

    void start() throws IOException {
        process = Jvm.start("org.apache.kafka.connect.cli.ConnectDistributed", properties.toString());
    }

    void kill() throws Exception {
        Jvm.kill(process);
    }

    void stop() throws Exception {
        Jvm.stop(process);
    }

    void close() {
        process.destroyForcibly();
    }

    /** Waits until the worker has joined its group and read its topics: until then it answers nothing, or 503. */
    void awaitReady() throws Exception {
        Check.waitUntil("a ready worker", 120, () -> {
            Check.expect(process.isAlive(), "the worker has ended by itself");
            try {
                return ask("GET", "/health", null).statusCode() == 200;
            } catch (IOException notYet) {
                return false;
            }
        });
    }

    /** Makes or alters a connector. */
    void configure(String connector, Map<String, ?> config) throws Exception {
        call("PUT", "/connectors/" + connector + "/config", config);
    }

    /** What the API answers. During a rebalance it says 409: such a call is made again. */
    JsonNode call(String method, String path, Object body) throws Exception {
        return Check.waitUntil(method + " " + path + " without a conflict", 60, () -> {
            HttpResponse<String> answer = ask(method, path, body);
            if (answer.statusCode() == 409) {
                return null;
            }
            Check.expect(answer.statusCode() < 300, method + " " + path + ": " + answer.body());
            return answer.body().isEmpty() ? JSON.nullNode() : JSON.readTree(answer.body());
        });
    }

    /** The workers on which the connector and its tasks run, once all of them do: "RUNNING", or another state. */
    List<String> await(String connector, String state, int tasks) throws Exception {
        return Check.waitUntil(connector + " " + state, 90, () -> {
            HttpResponse<String> answer = ask("GET", "/connectors/" + connector + "/status", null);
            if (answer.statusCode() != 200) {
                return null; // the configuration is accepted before the connector is there
            }
            JsonNode status = JSON.readTree(answer.body());
            List<JsonNode> parts = Stream.concat(
                Stream.of(status.get("connector")), stream(status.get("tasks"))).toList();
            parts.forEach(part -> Check.expect(!part.get("state").asText().equals("FAILED"), "failed: " + part));
            boolean all = parts.size() == 1 + tasks
                && parts.stream().allMatch(part -> part.get("state").asText().equals(state));
            return all ? parts.stream().map(part -> part.get("worker_id").asText()).toList() : null;
        });
    }

    private static Stream<JsonNode> stream(JsonNode array) {
        return StreamSupport.stream(array.spliterator(), false);
    }

    private HttpResponse<String> ask(String method, String path, Object body) throws Exception {
        HttpRequest.BodyPublisher content = body == null
            ? HttpRequest.BodyPublishers.noBody()
            : HttpRequest.BodyPublishers.ofString(JSON.writeValueAsString(body));
        HttpRequest request = HttpRequest.newBuilder(URI.create("http://" + id + path))
            .header("Content-Type", "application/json").timeout(Duration.ofSeconds(60)).method(method, content).build();
        return http.send(request, HttpResponse.BodyHandlers.ofString());
    }

    /** One that was free a moment ago: a worker tells the others its port, so it must know it before it starts. */
    static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }
}
