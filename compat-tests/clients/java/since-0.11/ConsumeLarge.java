import static java.util.concurrent.TimeUnit.SECONDS;

import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;

final class ConsumeLarge implements Scenario {
    @Override
    public void run(String bootstrap) throws Exception {
        Map<String, String> configs = Map.of("max.message.bytes", "5000000");
        String topic = Topics.create(bootstrap, Check.fresh("topic"), 1, configs);
        List<String> values = List.of("small", "x".repeat(3_000_000), "small");
        try (KafkaProducer<String, String> producer = Producers.producer(bootstrap, "max.request.size", 5_000_000)) {
            for (String value : values) {
                producer.send(new ProducerRecord<>(topic, 0, null, value)).get(20, SECONDS);
            }
        }
        Object[] settings = {"max.partition.fetch.bytes", 1000, "fetch.max.bytes", 1000};
        List<String> found = Consumers.values(Consumers.read(bootstrap, topic, 3, settings));
        Check.expectEqual(found, values, "records");
    }
}
