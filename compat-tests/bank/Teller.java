import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;

/**
 * A teller of the bank on kafka-clients: carries out orders, each once, whatever happens to broker and lines. "teller
 * ADDRESS TRANSACTIONAL_ID PROTOCOL" runs until it is ended, "reader ADDRESS" prints the committed ledger. Every fifth
 * transaction is given up on purpose, after its entries are with the broker.
 */
public final class Teller {
    private static final String ORDERS = "transfers";
    private static final String LEDGER = "ledger";
    private static final int LEDGER_PARTITIONS = 3;

    private final KafkaProducer<String, String> producer;
    private final KafkaConsumer<String, String> consumer;

    private Teller(String address, String transactionalId, String protocol) {
        Properties writing = settings(address, "transactional.id", transactionalId, "transaction.timeout.ms", "10000");
        for (String kind : List.of("key", "value")) {
            writing.put(kind + ".serializer", "org.apache.kafka.common.serialization.StringSerializer");
        }
        writing.put("max.block.ms", "10000");
        producer = new KafkaProducer<>(writing);
        consumer = consumer(address, "group.id", "tellers", "group.protocol", protocol, "max.poll.records", "20");
    }

    public static void main(String[] arguments) {
        if (arguments[0].equals("reader")) {
            read(arguments[1]);
            return;
        }
        while (true) { // with a new teller after each fatal problem
            Teller teller = new Teller(arguments[1], arguments[2], arguments[3]);
            try {
                teller.serve();
            } catch (KafkaException problem) {
                System.err.println(arguments[2] + ": " + problem);
                teller.close();
            }
        }
    }

    private void serve() {
        untilDone(producer::initTransactions);
        consumer.subscribe(List.of(ORDERS));
        for (int turn = 1; true; turn++) {
            ConsumerRecords<String, String> orders = consumer.poll(Duration.ofMillis(200));
            if (!orders.isEmpty()) {
                carryOut(orders, turn % 5 == 0);
            }
        }
    }

    private void carryOut(ConsumerRecords<String, String> orders, boolean giveUp) {
        producer.beginTransaction();
        try {
            Map<TopicPartition, OffsetAndMetadata> offsets = new HashMap<>();
            for (ConsumerRecord<String, String> order : orders) {
                enter(order.value());
                offsets.put(new TopicPartition(ORDERS, order.partition()), new OffsetAndMetadata(order.offset() + 1));
            }
            untilDone(() -> producer.sendOffsetsToTransaction(offsets, consumer.groupMetadata()));
            if (!giveUp) {
                untilDone(producer::commitTransaction);
                return;
            }
            producer.flush();
        } catch (KafkaException problem) {
            System.err.println(problem); // where it is fatal, so is the abort
        }
        untilDone(producer::abortTransaction);
        goBack();
    }

    private void enter(String order) {
        String[] parts = order.split(",");
        int partition = Integer.parseInt(parts[0]) % LEDGER_PARTITIONS;
        producer.send(new ProducerRecord<>(LEDGER, partition, parts[1], parts[0] + ",-" + parts[3]));
        producer.send(new ProducerRecord<>(LEDGER, partition, parts[2], parts[0] + "," + parts[3]));
    }

    private void goBack() {
        consumer.committed(consumer.assignment()).forEach((place, committed) -> {
            consumer.seek(place, committed == null ? 0 : committed.offset());
        });
    }

    private void close() {
        producer.close(Duration.ZERO);
        consumer.close();
    }

    /** What takes too long may be asked again, and goes on where it was. */
    private static void untilDone(Runnable operation) {
        while (true) {
            try {
                operation.run();
                return;
            } catch (TimeoutException again) {
                System.err.println(again);
            }
        }
    }

    private static void read(String address) {
        List<TopicPartition> all =
            IntStream.range(0, LEDGER_PARTITIONS).mapToObj(index -> new TopicPartition(LEDGER, index)).toList();
        try (KafkaConsumer<String, String> consumer = consumer(address)) {
            consumer.assign(all);
            consumer.seekToBeginning(all);
            Map<TopicPartition, Long> ends = consumer.endOffsets(all);
            while (all.stream().anyMatch(place -> consumer.position(place) < ends.get(place))) {
                for (ConsumerRecord<String, String> entry : consumer.poll(Duration.ofSeconds(1))) {
                    System.out.printf("%d %d %s %s%n", entry.partition(), entry.offset(), entry.key(), entry.value());
                }
            }
        }
    }

    private static KafkaConsumer<String, String> consumer(String address, String... more) {
        Properties settings = settings(address, more);
        for (String kind : List.of("key", "value")) {
            settings.put(kind + ".deserializer", "org.apache.kafka.common.serialization.StringDeserializer");
        }
        settings.put("isolation.level", "read_committed");
        settings.put("enable.auto.commit", "false");
        settings.put("auto.offset.reset", "earliest");
        if (!"consumer".equals(settings.get("group.protocol"))) {
            settings.put("session.timeout.ms", "6000");
            settings.put("heartbeat.interval.ms", "500");
        }
        return new KafkaConsumer<>(settings);
    }

    private static Properties settings(String address, String... more) {
        Properties settings = new Properties();
        settings.put("bootstrap.servers", address);
        for (int index = 0; index < more.length; index += 2) {
            settings.put(more[index], more[index + 1]);
        }
        return settings;
    }
}
