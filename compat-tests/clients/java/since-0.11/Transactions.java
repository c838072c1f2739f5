import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;

final class Transactions implements Scenario {
    private static final Object[] COMMITTED = {"isolation.level", "read_committed"};

    @Override
    public void run(String bootstrap) throws Exception {
        String topic = Topics.create(bootstrap);
        TopicPartition input = new TopicPartition(Topics.create(bootstrap), 0);
        String group = Check.fresh("group");
        Object[] settings = {"transactional.id", Check.fresh("transactional"), "linger.ms", 5};
        try (KafkaProducer<String, String> producer = Producers.producer(bootstrap, settings)) {
            producer.initTransactions();
            producer.beginTransaction();
            send(producer, topic, "committed");
            SendOffsets.of(producer, Map.of(input, new OffsetAndMetadata(42)), group);
            producer.commitTransaction();
            producer.beginTransaction();
            send(producer, topic, "aborted");
            SendOffsets.of(producer, Map.of(input, new OffsetAndMetadata(77)), group);
            producer.abortTransaction();
            producer.beginTransaction();
            send(producer, topic, "open");
            try (KafkaConsumer<String, String> committed = Consumers.consumer(bootstrap, COMMITTED)) {
                committed.assign(Set.of(new TopicPartition(topic, 0)));
                Check.expectEqual(Consumers.read(committed, 10, 30).get(9).value(), "committed-9", "value");
                Check.expectEqual(Level.poll(committed, 1000).count(), 0, "records of an open transaction");
                Check.expectEqual(Consumers.read(bootstrap, topic, 30).get(29).value(), "open-9", "value");
                producer.commitTransaction();
                Check.expectEqual(Consumers.read(committed, 10, 30).get(0).value(), "open-0", "value");
            }
        }
        try (KafkaConsumer<String, String> consumer = Consumers.consumer(bootstrap, "group.id", group)) {
            Check.expectEqual(Level.committed(consumer, input).offset(), 42L, "offset committed by a transaction");
        }
        List<String> found = Consumers.values(Consumers.read(bootstrap, topic, 20, COMMITTED));
        Check.expect(found.stream().noneMatch(value -> value.startsWith("aborted")), "aborted records are read");
    }

    private static void send(KafkaProducer<String, String> producer, String topic, String name) {
        for (int number = 0; number < 10; number++) {
            producer.send(new ProducerRecord<>(topic, 0, null, name + "-" + number));
        }
        producer.flush();
    }
}
