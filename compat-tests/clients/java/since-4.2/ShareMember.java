import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.Queue;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaShareConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicIdPartition;
import org.apache.kafka.common.serialization.StringDeserializer;

/** A member of a share group in a thread of its own: it accepts what it gets, and says what was stored. */
final class ShareMember {
    private final KafkaShareConsumer<String, String> consumer;
    private final Queue<String> accepted;
    private final Thread thread = new Thread(this::poll);
    private volatile boolean ended;
    private volatile boolean dies;
    volatile int count;
    volatile Throwable problem;

    /** Joins; the values of records go to `accepted` once the broker has stored that they are. */
    ShareMember(String bootstrap, String topic, String group, Queue<String> accepted) {
        this.accepted = accepted;
        consumer = consumer(bootstrap, group, "implicit");
        consumer.subscribe(List.of(topic));
        thread.setDaemon(true);
        thread.start();
    }

    /** A share consumer that gets few records at a time, so that there is something for every member. */
    static KafkaShareConsumer<String, String> consumer(String bootstrap, String group, String mode) {
        Properties properties = Producers.settings(bootstrap,
            "group.id", group, "share.acknowledgement.mode", mode, "max.poll.records", 10);
        return new KafkaShareConsumer<>(properties, new StringDeserializer(), new StringDeserializer());
    }

    private void poll() {
        try {
            while (!ended) {
                List<String> polled = new ArrayList<>();
                for (ConsumerRecord<String, String> record : consumer.poll(Duration.ofMillis(200))) {
                    polled.add(record.value());
                }
                if (dies && !polled.isEmpty()) {
                    return; // with records in hand, that it never says anything of
                }
                Map<TopicIdPartition, Optional<KafkaException>> stored = consumer.commitSync();
                stored.forEach((partition, failed) ->
                    Check.expect(failed.isEmpty(), "accepted in " + partition + ": " + failed));
                accepted.addAll(polled);
                count += polled.size();
            }
        } catch (Throwable failed) {
            problem = failed;
        }
    }

    /** Stops, and closes its consumer, which tells the broker. */
    void leave() throws InterruptedException {
        ended = true;
        thread.join();
        consumer.close();
    }

    /** Says nothing of the next records that it gets, whose locks then run out, and polls no more. */
    void dieWithRecords() {
        dies = true;
    }

    /** Whether it polls no more. */
    boolean isDead() {
        return !thread.isAlive();
    }
}
