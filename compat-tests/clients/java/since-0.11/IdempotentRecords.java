import static java.util.concurrent.TimeUnit.SECONDS;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Future;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;

/** Idempotent records, each acknowledged at its place and there once, whatever happens on the way. */
final class IdempotentRecords {
    private IdempotentRecords() {
    }

    /** Sends so many while the broker is killed so many times. */
    static void produce(String bootstrap, int count, int kills) throws Exception {
        String topic = Topics.create(bootstrap);
        List<Future<RecordMetadata>> sent = new ArrayList<>(count);
        Object[] settings = {
            "enable.idempotence", true, "acks", "all", "linger.ms", 5, "reconnect.backoff.max.ms", 500,
            // Clients before 2.1 give up a record that waits longer than a request may take.
            "request.timeout.ms", 120_000, "delivery.timeout.ms", 200_000,
            // Clients before 2.5 read an answer and the end of its connection at once, and then sleep in their
            // selector before they look at the second (mended with KAFKA-7639): metadata that ages wakes them up.
            "metadata.max.age.ms", 1_000,
        };
        try (KafkaProducer<String, String> producer = Producers.producer(bootstrap, settings)) {
            int kill = 0;
            for (int number = 0; number < count; number++) {
                sent.add(producer.send(new ProducerRecord<>(topic, 0, "key-" + number % 97, "value-" + number)));
                if (kill < kills && number == count / (2 * kills + 2) * (2 * kill + 1)) {
                    kill++;
                    Program.askBroker("kill");
                    Program.askBroker("start");
                }
            }
            producer.flush();
            for (int number = 0; number < count; number++) {
                Check.expectEqual(sent.get(number).get(60, SECONDS).offset(), (long) number, "acknowledged offset");
            }
        }
        Consumers.expectExactlyOnce(bootstrap, topic, count);
    }
}
