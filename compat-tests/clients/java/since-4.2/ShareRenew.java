import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.AcknowledgeType;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaShareConsumer;

/** A member that is slow keeps its records for longer than their lock (KIP-1222): nobody else gets them. */
final class ShareRenew implements Scenario {
    @Override
    public void run(String bootstrap) throws Exception {
        String topic = Topics.create(bootstrap);
        String group = Check.fresh("share");
        ShareAcknowledge.set(bootstrap, group, Map.of(
            "share.auto.offset.reset", "earliest", "share.record.lock.duration.ms", "15000"));
        Producers.fill(bootstrap, topic, 0, ShareLockTimeout.COUNT);
        try (KafkaShareConsumer<String, String> slow = ShareMember.consumer(bootstrap, group, "explicit");
             KafkaShareConsumer<String, String> other = ShareMember.consumer(bootstrap, group, "explicit")) {
            slow.subscribe(List.of(topic));
            other.subscribe(List.of(topic));
            List<ConsumerRecord<String, String>> held = ShareLockTimeout.expectAll(slow, 1);
            for (int turn = 0; turn < 4; turn++) {
                ShareLockTimeout.say(slow, held, AcknowledgeType.RENEW);
                Check.expect(other.poll(Duration.ofSeconds(5)).isEmpty(), "kept, and delivered to another");
                held = ShareLockTimeout.expectAll(slow, 1);
            }
            ShareLockTimeout.say(slow, held, AcknowledgeType.ACCEPT);
            Check.expect(other.poll(Duration.ofSeconds(1)).isEmpty(), "accepted records come again");
        }
    }
}
