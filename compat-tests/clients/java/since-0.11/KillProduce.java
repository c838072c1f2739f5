import static java.util.concurrent.TimeUnit.SECONDS;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Future;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;

final class KillProduce implements Scenario {
    private static final int COUNT = 200_000;

    @Override
    public void run(String bootstrap) throws Exception {
        String topic = Topics.create(bootstrap);
        List<Future<RecordMetadata>> sent = new ArrayList<>(COUNT);
        Object[] settings = {
            "enable.idempotence", true, "acks", "all", "linger.ms", 5, "reconnect.backoff.max.ms", 500,
            // Clients before 2.1 give up a record that waits longer than a request may take.
            "request.timeout.ms", 120_000, "delivery.timeout.ms", 200_000,
        };
        try (KafkaProducer<String, String> producer = Producers.producer(bootstrap, settings)) {
            for (int number = 0; number < COUNT; number++) {
                sent.add(producer.send(new ProducerRecord<>(topic, 0, "key-" + number % 97, "value-" + number)));
                if (number % (COUNT / 6) == COUNT / 12) {
                    Program.askBroker("kill");
                    Program.askBroker("start");
                }
            }
            producer.flush();
            for (int number = 0; number < COUNT; number++) {
                Check.expectEqual(sent.get(number).get(60, SECONDS).offset(), (long) number, "acknowledged offset");
            }
        }
        expectExactlyOnce(bootstrap, new TopicPartition(topic, 0));
    }

    private static void expectExactlyOnce(String bootstrap, TopicPartition partition) {
        try (KafkaConsumer<String, String> consumer = Consumers.consumer(bootstrap)) {
            consumer.assign(Set.of(partition));
            int expected = 0;
            while (expected < COUNT) {
                for (ConsumerRecord<String, String> record : Level.poll(consumer, 30_000)) {
                    Check.expectEqual(record.value(), "value-" + expected++, "value at " + record.offset());
                }
            }
            Check.expectEqual(Level.poll(consumer, 300).count(), 0, "records behind the last one");
        }
    }
}
