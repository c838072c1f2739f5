import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;

/** Copies partition 0 of a topic into that of another, each record once, as often as it has to begin anew. */
final class Copier {
    private static final int MOST = 50; // records of a transaction

    private final String bootstrap;
    private final TopicPartition source;
    private final String target;
    private final String group = Check.fresh("group");
    private final String transactionalId = Check.fresh("transactional");
    private KafkaConsumer<String, String> consumer;
    private KafkaProducer<String, String> producer;

    Copier(String bootstrap, String source, String target) {
        this.bootstrap = bootstrap;
        this.source = new TopicPartition(source, 0);
        this.target = target;
        begin();
    }

    private void begin() {
        Object[] own = {"transactional.id", transactionalId, "linger.ms", 5, "reconnect.backoff.max.ms", 500};
        producer = Producers.producer(bootstrap, own);
        producer.initTransactions();
        consumer = Consumers.consumer(bootstrap,
            "group.id", group,
            "enable.auto.commit", false,
            "isolation.level", "read_committed",
            "max.poll.records", MOST,
            "session.timeout.ms", 6000,
            "heartbeat.interval.ms", 500,
            "reconnect.backoff.max.ms", 500);
        consumer.subscribe(List.of(source.topic()));
    }

    /** One transaction with the records that are there, and their offset. After an abort they come again. */
    void copy(boolean commit) {
        ConsumerRecords<String, String> records = Level.poll(consumer, 200);
        if (records.isEmpty()) {
            return;
        }
        List<ConsumerRecord<String, String>> batch = records.records(source);
        producer.beginTransaction();
        for (ConsumerRecord<String, String> record : batch) {
            producer.send(new ProducerRecord<>(target, 0, record.key(), record.value()));
        }
        long next = batch.get(batch.size() - 1).offset() + 1;
        SendOffsets.ofMember(producer, Map.of(source, new OffsetAndMetadata(next)), consumer, group);
        if (commit) {
            producer.commitTransaction();
        } else {
            producer.abortTransaction();
            consumer.seek(source, batch.get(0).offset());
        }
    }

    /** The offset that the group has committed, 0 before the first. */
    long committed() {
        OffsetAndMetadata found = Level.committed(consumer, source);
        return found == null ? 0 : found.offset();
    }

    void beginAnew() {
        close();
        begin();
    }

    /** Whatever state the two are in: a producer that was fenced has nothing to end. */
    void close() {
        for (AutoCloseable one : List.of(consumer, producer)) {
            try {
                one.close();
            } catch (KafkaException lost) {
                System.err.println("at its close: " + lost);
            } catch (Exception impossible) {
                throw new AssertionError(impossible);
            }
        }
    }
}
