import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.AcknowledgeType;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaShareConsumer;

/** Records whose lock runs out go to another member, and who held them has no say any more. */
final class ShareLockTimeout implements Scenario {
    static final int COUNT = 5;

    @Override
    public void run(String bootstrap) throws Exception {
        String topic = Topics.create(bootstrap);
        String group = Check.fresh("share");
        ShareAcknowledge.set(bootstrap, group, Map.of(
            "share.auto.offset.reset", "earliest", "share.record.lock.duration.ms", "15000"));
        Producers.fill(bootstrap, topic, 0, COUNT);
        KafkaShareConsumer<String, String> slow = ShareMember.consumer(bootstrap, group, "implicit");
        try (KafkaShareConsumer<String, String> other = ShareMember.consumer(bootstrap, group, "explicit")) {
            slow.subscribe(List.of(topic));
            other.subscribe(List.of(topic));
            expectAll(slow, 1);
            long held = System.nanoTime();
            Check.expect(other.poll(Duration.ofSeconds(2)).isEmpty(), "locked, and delivered to another");
            List<ConsumerRecord<String, String>> second = expectAll(other, 2);
            long seconds = Duration.ofNanos(System.nanoTime() - held).toSeconds();
            Check.expect(seconds >= 10, "the lock of 15 s ran out after " + seconds + " s");
            slow.commitSync(); // it says that it has accepted them, which nobody asks it any more
            slow.close();
            say(other, second, AcknowledgeType.RELEASE);
            say(other, expectAll(other, 3), AcknowledgeType.ACCEPT);
            Check.expect(other.poll(Duration.ofSeconds(1)).isEmpty(), "accepted records come again");
        }
    }

    static void say(
            KafkaShareConsumer<String, String> consumer, List<ConsumerRecord<String, String>> records,
            AcknowledgeType type) {
        records.forEach(record -> consumer.acknowledge(record, type));
        consumer.commitSync().values().forEach(problem -> Check.expect(problem.isEmpty(), type + ": " + problem));
    }

    /** All records come at once, in order, and it is their delivery of this number. */
    static List<ConsumerRecord<String, String>> expectAll(
            KafkaShareConsumer<String, String> consumer, int delivery) throws Exception {
        List<ConsumerRecord<String, String>> records = new ArrayList<>();
        Check.waitUntil("delivery " + delivery, 40, () -> {
            consumer.poll(Duration.ofMillis(200)).forEach(records::add);
            return !records.isEmpty();
        });
        Check.expectEqual(records.size(), COUNT, "records");
        for (int number = 0; number < COUNT; number++) {
            ConsumerRecord<String, String> record = records.get(number);
            Check.expectEqual(record.value(), "value-" + number, "record " + number);
            Check.expectEqual(record.deliveryCount().get(), (short) delivery, "deliveries of " + record.value());
        }
        return records;
    }
}
