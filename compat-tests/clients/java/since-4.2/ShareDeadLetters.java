import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.admin.AdminClient;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.AcknowledgeType;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaShareConsumer;
import org.apache.kafka.common.header.Header;

/** What a member rejects, or gives back too often, comes into the group's dead letter queue (KIP-1191). */
final class ShareDeadLetters implements Scenario {
    @Override
    public void run(String bootstrap) throws Exception {
        String topic = Topics.create(bootstrap);
        String queue = Check.fresh("dlq.share");
        try (AdminClient admin = Topics.admin(bootstrap)) {
            NewTopic dead = new NewTopic(queue, 1, (short) 1)
                .configs(Map.of("errors.deadletterqueue.group.enable", "true"));
            admin.createTopics(List.of(dead)).all().get();
        }
        String group = Check.fresh("share");
        ShareAcknowledge.set(bootstrap, group, Map.of(
            "share.auto.offset.reset", "earliest",
            "share.delivery.count.limit", "2",
            "errors.deadletterqueue.topic.name", queue,
            "errors.deadletterqueue.copy.record.enable", "true"));
        Producers.fill(bootstrap, topic, 0, ShareLockTimeout.COUNT);
        try (KafkaShareConsumer<String, String> consumer = ShareMember.consumer(bootstrap, group, "explicit")) {
            consumer.subscribe(List.of(topic));
            ShareLockTimeout.say(consumer, ShareLockTimeout.expectAll(consumer, 1), AcknowledgeType.RELEASE);
            List<ConsumerRecord<String, String>> again = ShareLockTimeout.expectAll(consumer, 2);
            again.forEach(record -> consumer.acknowledge(
                record, record.offset() == 0 ? AcknowledgeType.REJECT : AcknowledgeType.RELEASE));
            consumer.commitSync();
        }
        for (ConsumerRecord<String, String> letter : Consumers.read(bootstrap, queue, ShareLockTimeout.COUNT)) {
            Check.expectEqual(letter.value(), "value-" + header(letter, "offset"), "value");
            Check.expectEqual(header(letter, "topic"), topic, "topic");
            Check.expectEqual(header(letter, "group"), group, "group");
            Check.expectEqual(header(letter, "delivery.count"), "2", "deliveries");
            String cause = header(letter, "offset").equals("0")
                ? "Offset rejected by client." : "Offset delivery count exceeded the threshold.";
            Check.expectEqual(header(letter, "message"), cause, "why");
        }
    }

    private static String header(ConsumerRecord<String, String> letter, String name) {
        Header header = letter.headers().lastHeader("__dlq.errors." + name);
        return new String(header.value(), StandardCharsets.UTF_8);
    }
}
