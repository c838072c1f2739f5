import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.clients.admin.AdminClient;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.consumer.AcknowledgeType;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaShareConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

/** Records of a share group (KIP-932): accepted, released, rejected. */
final class ShareAcknowledge implements Scenario {
    private static final int RECORDS = 40;

    @Override
    public void run(String bootstrap) throws Exception {
        String topic = Topics.create(bootstrap);
        String group = Check.fresh("share");
        fromTheStart(bootstrap, group);
        send(bootstrap, topic);
        Map<String, Integer> deliveries = new HashMap<>();
        Properties properties = new Properties();
        properties.put("bootstrap.servers", bootstrap);
        properties.put("group.id", group);
        properties.put("share.acknowledgement.mode", "explicit");
        try (KafkaShareConsumer<String, String> consumer =
                 new KafkaShareConsumer<>(properties, new StringDeserializer(), new StringDeserializer())) {
            consumer.subscribe(List.of(topic));
            Check.waitUntil("every record was delivered to its end", () -> {
                for (ConsumerRecord<String, String> record : consumer.poll(Duration.ofMillis(200))) {
                    int count = deliveries.merge(record.value(), 1, Integer::sum);
                    int number = Integer.parseInt(record.value());
                    Check.expectEqual(record.deliveryCount().get(), (short) count, "deliveries of " + number);
                    consumer.acknowledge(record, answer(number, count));
                }
                consumer.commitSync().values().forEach(
                    problem -> Check.expect(problem.isEmpty(), "acknowledged: " + problem));
                return done(deliveries) ? true : null;
            });
            Check.expect(consumer.poll(Duration.ofMillis(500)).isEmpty(), "nothing comes again");
        }
    }

    /** By the number: accepted at once, released once, rejected. */
    private static AcknowledgeType answer(int number, int count) {
        if (number % 3 == 2) {
            return AcknowledgeType.REJECT;
        }
        return number % 3 == 1 && count == 1 ? AcknowledgeType.RELEASE : AcknowledgeType.ACCEPT;
    }

    private static boolean done(Map<String, Integer> deliveries) {
        for (int number = 0; number < RECORDS; number++) {
            int wanted = number % 3 == 1 ? 2 : 1;
            if (deliveries.getOrDefault(String.valueOf(number), 0) < wanted) {
                return false;
            }
        }
        return true;
    }

    static void fromTheStart(String bootstrap, String group) throws Exception {
        set(bootstrap, group, Map.of("share.auto.offset.reset", "earliest"));
    }

    /** Sets what holds for one group. */
    static void set(String bootstrap, String group, Map<String, String> settings) throws Exception {
        List<AlterConfigOp> changes = new ArrayList<>();
        settings.forEach((name, value) ->
            changes.add(new AlterConfigOp(new ConfigEntry(name, value), AlterConfigOp.OpType.SET)));
        ConfigResource resource = new ConfigResource(ConfigResource.Type.GROUP, group);
        try (AdminClient admin = Topics.admin(bootstrap)) {
            admin.incrementalAlterConfigs(Map.of(resource, changes)).all().get();
        }
    }

    private static void send(String bootstrap, String topic) {
        Properties properties = new Properties();
        properties.put("bootstrap.servers", bootstrap);
        try (KafkaProducer<String, String> producer =
                 new KafkaProducer<>(properties, new StringSerializer(), new StringSerializer())) {
            for (int number = 0; number < RECORDS; number++) {
                producer.send(new ProducerRecord<>(topic, String.valueOf(number)));
            }
        }
    }
}
