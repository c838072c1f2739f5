import static java.util.concurrent.TimeUnit.SECONDS;

import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;

/** Without a consumer, later offsets tell of the records that no offset was told of. */
final class ProduceAcks implements Scenario {
    @Override
    public void run(String bootstrap) throws Exception {
        String topic = Topics.create(bootstrap);
        expectOffsets(bootstrap, topic, "all", 0);
        expectOffsets(bootstrap, topic, "1", 10);
        try (KafkaProducer<String, String> producer = Producers.producer(bootstrap, "acks", "0")) {
            for (int number = 0; number < 10; number++) {
                producer.send(new ProducerRecord<>(topic, 0, null, "value")).get(20, SECONDS);
            }
        }
        Thread.sleep(500); // what acks=0 sent is not ordered with what comes on another connection
        expectOffsets(bootstrap, topic, "all", 30);
    }

    private static void expectOffsets(String bootstrap, String topic, String acks, long first) throws Exception {
        try (KafkaProducer<String, String> producer = Producers.producer(bootstrap, "acks", acks)) {
            for (int number = 0; number < 10; number++) {
                long offset = producer.send(new ProducerRecord<>(topic, 0, null, "value")).get(20, SECONDS).offset();
                Check.expectEqual(offset, first + number, "offset with acks=" + acks);
            }
        }
    }
}
