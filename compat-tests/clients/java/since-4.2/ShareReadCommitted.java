import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.KafkaShareConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;

/** Records of aborted and open transactions, for share groups that want committed ones only and for others. */
final class ShareReadCommitted implements Scenario {
    private static final int COUNT = 5;

    @Override
    public void run(String bootstrap) throws Exception {
        String topic = Topics.create(bootstrap);
        String committed = group(bootstrap, "read_committed");
        String uncommitted = group(bootstrap, "read_uncommitted");
        Object[] settings = {"transactional.id", Check.fresh("transactional")};
        try (KafkaProducer<String, String> producer = Producers.producer(bootstrap, settings);
            KafkaShareConsumer<String, String> consumer = ShareMember.consumer(bootstrap, committed, "implicit")) {
            producer.initTransactions();
            begin(producer, topic, "aborted");
            producer.abortTransaction();
            begin(producer, topic, "committed");
            producer.commitTransaction();
            begin(producer, topic, "open");
            consumer.subscribe(List.of(topic));
            Check.expectEqual(read(consumer, COUNT), named("committed"), "records of ended transactions");
            Check.expect(consumer.poll(Duration.ofSeconds(2)).isEmpty(), "of an open transaction");
            producer.commitTransaction();
            Check.expectEqual(read(consumer, COUNT), named("open"), "records of the transaction that was open");
        }
        try (KafkaShareConsumer<String, String> consumer = ShareMember.consumer(bootstrap, uncommitted, "implicit")) {
            consumer.subscribe(List.of(topic));
            Check.expectEqual(read(consumer, 3 * COUNT), named("aborted", "committed", "open"), "all records");
        }
    }

    private static String group(String bootstrap, String isolation) throws Exception {
        String group = Check.fresh("share");
        ShareAcknowledge.set(bootstrap, group, Map.of(
            "share.auto.offset.reset", "earliest", "share.isolation.level", isolation));
        return group;
    }

    private static void begin(KafkaProducer<String, String> producer, String topic, String name) {
        producer.beginTransaction();
        named(name).forEach(value -> producer.send(new ProducerRecord<>(topic, value)));
        producer.flush();
    }

    private static List<String> named(String... names) {
        List<String> values = new ArrayList<>();
        for (String name : names) {
            for (int number = 0; number < COUNT; number++) {
                values.add(name + "-" + number);
            }
        }
        return values;
    }

    private static List<String> read(KafkaShareConsumer<String, String> consumer, int count) throws Exception {
        List<String> values = new ArrayList<>();
        Check.waitUntil(count + " records", 40, () -> {
            consumer.poll(Duration.ofMillis(200)).forEach(record -> values.add(record.value()));
            return values.size() >= count;
        });
        return values;
    }
}
