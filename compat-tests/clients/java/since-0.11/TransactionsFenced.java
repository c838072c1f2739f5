import java.util.List;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.errors.ProducerFencedException;

final class TransactionsFenced implements Scenario {
    @Override
    public void run(String bootstrap) throws Exception {
        String topic = Topics.create(bootstrap);
        Object[] settings = {"transactional.id", Check.fresh("transactional")};
        try (KafkaProducer<String, String> first = Producers.producer(bootstrap, settings);
            KafkaProducer<String, String> second = Producers.producer(bootstrap, settings)) {
            first.initTransactions();
            first.beginTransaction();
            first.send(new ProducerRecord<>(topic, "of the first"));
            first.flush();
            second.initTransactions();
            second.beginTransaction();
            second.send(new ProducerRecord<>(topic, "of the second"));
            second.commitTransaction();
            try {
                first.commitTransaction();
                throw new AssertionError("the first producer was not fenced");
            } catch (ProducerFencedException expected) {
                // its successor has a newer epoch
            }
        }
        Object[] committed = {"isolation.level", "read_committed"};
        List<String> found = Consumers.values(Consumers.read(bootstrap, topic, 1, committed));
        Check.expectEqual(found, List.of("of the second"), "committed records");
    }
}
