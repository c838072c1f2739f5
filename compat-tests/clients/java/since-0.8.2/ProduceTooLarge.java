import static java.util.concurrent.TimeUnit.SECONDS;

import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.errors.RecordTooLargeException;

/** The default of message.max.bytes is 1 MiB and 12 bytes. */
final class ProduceTooLarge implements Scenario {
    @Override
    public void run(String bootstrap) throws Exception {
        String topic = Topics.create(bootstrap);
        try (KafkaProducer<String, String> producer = Producers.producer(bootstrap, "max.request.size", 3_000_000)) {
            String large = "x".repeat(2_000_000);
            Check.expectFailure(producer.send(new ProducerRecord<>(topic, large)), RecordTooLargeException.class,
                "2,000,000 bytes sent where 1,048,588 are allowed");
            long offset = producer.send(new ProducerRecord<>(topic, "small")).get(20, SECONDS).offset();
            Check.expectEqual(offset, 0L, "offset of the first record that was not refused");
        }
    }
}
