import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;

/** A member of a group in a thread of its own, with the records it saw and the partitions it owns. */
final class Member {
    final List<String> seen = new CopyOnWriteArrayList<>();
    volatile Set<TopicPartition> owned = Set.of();

    private final KafkaConsumer<String, String> consumer;
    private final Thread thread = new Thread(this::poll);
    private volatile boolean ended;

    Member(String bootstrap, Collection<String> topics, String group, Object... settings) {
        Object[] all = {
            "group.id", group,
            "session.timeout.ms", 6000,
            "heartbeat.interval.ms", 500,
            "max.poll.interval.ms", 6000, // the oldest clients give a rebalance this long
            "auto.commit.interval.ms", 200,
            // Range, the default, would give the only partition of every topic to the same member.
            topics.size() > 1 ? "partition.assignment.strategy" : "client.id",
            topics.size() > 1 ? "org.apache.kafka.clients.consumer.RoundRobinAssignor" : "member",
        };
        Object[] merged = java.util.Arrays.copyOf(all, all.length + settings.length);
        System.arraycopy(settings, 0, merged, all.length, settings.length);
        consumer = Consumers.consumer(bootstrap, merged);
        consumer.subscribe(topics);
        thread.setDaemon(true);
        thread.start();
    }

    private void poll() {
        while (!ended) {
            Level.poll(consumer, 100).forEach(record -> seen.add(record.value()));
            owned = Set.copyOf(consumer.assignment());
        }
    }

    void leave() throws InterruptedException {
        die();
        consumer.close();
    }

    /** Polls no more: when max.poll.interval.ms is over, its heartbeats end and others get its partitions. */
    void die() throws InterruptedException {
        ended = true;
        thread.join();
        owned = Set.of();
    }
}
