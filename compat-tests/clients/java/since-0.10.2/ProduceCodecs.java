import java.util.List;
import org.apache.kafka.clients.consumer.ConsumerRecord;

final class ProduceCodecs implements Scenario {
    @Override
    public void run(String bootstrap) {
        for (String codec : Level.CODECS) {
            String topic = Topics.create(bootstrap);
            Producers.fill(bootstrap, topic, 0, 500, "compression.type", codec, "linger.ms", 20);
            List<ConsumerRecord<String, String>> records = Consumers.read(bootstrap, topic, 500);
            Check.expectEqual(Consumers.values(records), Consumers.numbered(0, 500), "values under " + codec);
            Check.expectEqual(records.get(96).key(), "key-96", "key under " + codec);
        }
    }
}
