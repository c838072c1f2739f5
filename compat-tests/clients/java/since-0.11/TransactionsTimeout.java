import java.util.List;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;

final class TransactionsTimeout implements Scenario {
    /** How the broker says that a transaction is over, by the client's words: earlier ones know the first alone. */
    private static final List<String> OVER =
        List.of("ProducerFencedException", "InvalidProducerEpochException", "InvalidTxnStateException");

    @Override
    public void run(String bootstrap) {
        String topic = Topics.create(bootstrap);
        Object[] hasty = {"transactional.id", Check.fresh("transactional"), "transaction.timeout.ms", 3000};
        Object[] usual = {"transactional.id", Check.fresh("transactional")};
        KafkaProducer<String, String> slow = Producers.producer(bootstrap, hasty);
        write(slow, topic, "slow");
        try (KafkaProducer<String, String> quick = Producers.producer(bootstrap, usual)) {
            write(quick, topic, "quick");
            quick.commitTransaction();
        }
        // Readers get past the open transaction once its time is up; Apache Kafka looks every ten seconds.
        Object[] committed = {"isolation.level", "read_committed"};
        List<String> found = Consumers.values(Consumers.read(bootstrap, topic, 1, committed));
        Check.expectEqual(found, List.of("quick"), "committed records");
        try {
            slow.commitTransaction();
        } catch (KafkaException problem) {
            Throwable cause = problem.getCause() == null ? problem : problem.getCause();
            Check.expect(OVER.contains(cause.getClass().getSimpleName()), "error of the slow producer: " + problem);
            return;
        }
        throw new AssertionError("a transaction whose time was up has been committed");
    }

    private static void write(KafkaProducer<String, String> producer, String topic, String value) {
        producer.initTransactions();
        producer.beginTransaction();
        producer.send(new ProducerRecord<>(topic, value));
        producer.flush();
    }
}
