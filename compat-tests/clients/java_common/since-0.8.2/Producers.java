import java.util.Properties;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;

/** Producers, and records that tell their own place. */
final class Producers {
    private Producers() {
    }

    /** A producer of texts with these settings, given as name, value, name, value ... */
    static KafkaProducer<String, String> producer(String bootstrap, Object... settings) {
        Properties all = settings(bootstrap, settings);
        String serializer = "org.apache.kafka.common.serialization.StringSerializer";
        all.putIfAbsent("key.serializer", serializer);
        all.putIfAbsent("value.serializer", serializer);
        return new KafkaProducer<>(all);
    }

    /** The settings of any client. */
    static Properties settings(String bootstrap, Object... settings) {
        Properties all = new Properties();
        all.put("bootstrap.servers", bootstrap);
        for (int index = 0; index < settings.length; index += 2) {
            all.put(settings[index], String.valueOf(settings[index + 1]));
        }
        return all;
    }

    /** Sends the records number `start` to `start + count - 1` to partition 0, each with its number. */
    static void fill(String bootstrap, String topic, int start, int count, Object... settings) {
        try (KafkaProducer<String, String> producer = producer(bootstrap, settings)) {
            for (int number = start; number < start + count; number++) {
                producer.send(new ProducerRecord<>(topic, 0, "key-" + number % 97, "value-" + number));
            }
        }
    }
}
