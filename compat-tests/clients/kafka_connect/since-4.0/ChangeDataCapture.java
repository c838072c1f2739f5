import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;

/**
 * Debezium's connector for PostgreSQL in a distributed worker: the rows that a table has, then its inserts, updates
 * and deletes become records. The worker and the broker are killed (`kill -9`) while the table changes. In the end each
 * change is in the topic once, in the order in which it was committed, for the worker runs under KIP-618.
 */
final class ChangeDataCapture implements Scenario {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int ROUND = 100; // rows that are inserted, updated and deleted in a round
    private static final String JSON_CONVERTER = "org.apache.kafka.connect.json.JsonConverter";

    private final String prefix = Check.fresh("shop");
    private final List<String> wanted = new ArrayList<>();
    private final List<String> found = new ArrayList<>();
    private KafkaConsumer<String, String> consumer;
    private int nextId;

    @Override
    public void run(String bootstrap) throws Exception {
        Topics.create(bootstrap, prefix + ".public.customers");
        consumer = Consumers.consumer(bootstrap,
            "isolation.level", "read_committed", "reconnect.backoff.max.ms", 500);
        consumer.assign(Set.of(new TopicPartition(prefix + ".public.customers", 0)));
        try (Postgres postgres = new Postgres(); Connection connection = postgres.connect();
                Statement sql = connection.createStatement()) {
            sql.execute("CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT)");
            sql.execute("ALTER TABLE customers REPLICA IDENTITY FULL"); // so that events have the row before, too
            for (int id = 0; id < 10; id++) {
                insert(sql, "r");
            }
            Worker worker = Worker.start(bootstrap, Check.fresh("connect"), Map.of(
                "exactly.once.source.support", "enabled", "transaction.timeout.ms", 10_000,
                "key.converter", JSON_CONVERTER, "key.converter.schemas.enable", false,
                "value.converter", JSON_CONVERTER, "value.converter.schemas.enable", false));
            try {
                capture(worker, postgres, sql);
            } finally {
                worker.close();
            }
        } finally {
            consumer.close();
        }
    }

    private void capture(Worker worker, Postgres postgres, Statement sql) throws Exception {
        worker.awaitReady();
        Map<String, String> config = new HashMap<>(postgres.settings());
        config.putAll(Map.of(
            "connector.class", "io.debezium.connector.postgresql.PostgresConnector", "plugin.name", "pgoutput",
            "topic.prefix", prefix, "table.include.list", "public.customers", "tombstones.on.delete", "false",
            "exactly.once.support", "required"));
        worker.configure("customers", config);
        awaitEvents();
        change(sql);
        awaitEvents();
        worker.kill();
        change(sql);
        worker.start();
        awaitEvents();
        change(sql);
        worker.kill();
        worker.start();
        awaitEvents();
        Program.askBroker("kill");
        change(sql);
        Program.askBroker("start");
        awaitEvents();
        worker.stop();
        poll(1000);
        Check.expectEqual(found, wanted, "events");
    }

    private void insert(Statement sql, String operation) throws Exception {
        int id = nextId++;
        sql.execute("INSERT INTO customers VALUES (" + id + ", 'name-" + id + "')");
        wanted.add(operation + " null name-" + id);
    }

    /** One round: inserts, each with an update, and a delete of every second. */
    private void change(Statement sql) throws Exception {
        for (int count = 0; count < ROUND; count++) {
            insert(sql, "c");
            int id = nextId - 1;
            sql.execute("UPDATE customers SET name = 'other-" + id + "' WHERE id = " + id);
            wanted.add("u name-" + id + " other-" + id);
            if (id % 2 == 0) {
                sql.execute("DELETE FROM customers WHERE id = " + id);
                wanted.add("d other-" + id + " null");
            }
        }
    }

    private void awaitEvents() throws Exception {
        Check.waitUntil(wanted.size() + " events, of which there are " + found.size(), 150, () -> {
            poll(200);
            return found.size() >= wanted.size();
        });
    }

    private void poll(long milliseconds) throws Exception {
        for (var record : consumer.poll(Duration.ofMillis(milliseconds))) {
            JsonNode event = JSON.readTree(record.value());
            found.add(event.get("op").asText() + " " + name(event.get("before")) + " " + name(event.get("after")));
        }
    }

    private static String name(JsonNode row) {
        return row.isNull() ? "null" : row.get("name").asText();
    }
}
