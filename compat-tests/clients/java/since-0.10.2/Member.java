import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Stream;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;

/** A member of a group in a thread of its own, with the records it saw and the partitions it owns. */
final class Member {
    static final Object[] ROUND_ROBIN = {
        "partition.assignment.strategy", "org.apache.kafka.clients.consumer.RoundRobinAssignor",
    };

    final List<String> seen = new CopyOnWriteArrayList<>();
    final Rebalances rebalances = new Rebalances();
    volatile Set<TopicPartition> owned = Set.of();

    private final KafkaConsumer<String, String> consumer;
    private final Thread thread = new Thread(this::poll);
    private volatile boolean ended;

    Member(String bootstrap, Collection<String> topics, String group, Object... settings) {
        Object[] own = {
            "group.id", group,
            "max.poll.interval.ms", 6000,
            "auto.commit.interval.ms", 200,
            "reconnect.backoff.max.ms", 500,
        };
        boolean classic = !List.of(settings).contains("group.protocol"); // where it is the client that has these
        Object[] times = {"session.timeout.ms", 6000, "heartbeat.interval.ms", 500};
        Object[] all = Stream.of(own, classic ? times : new Object[] {}, settings).flatMap(Stream::of).toArray();
        consumer = Consumers.consumer(bootstrap, all);
        consumer.subscribe(topics, rebalances);
        thread.setDaemon(true);
        thread.start();
    }

    /** Every member owns something, every partition is owned, and by one member. */
    static boolean share(List<Member> members, int partitions) {
        Set<TopicPartition> distinct = new HashSet<>();
        int sum = 0;
        for (Member member : members) {
            Set<TopicPartition> its = member.owned;
            if (its.isEmpty()) {
                return false;
            }
            distinct.addAll(its);
            sum += its.size();
        }
        return sum == partitions && distinct.size() == partitions;
    }

    /** Sends the numbers from `start` to `start + 599` to the partitions in turn. */
    static void send(KafkaProducer<String, String> producer, List<TopicPartition> partitions, int start) {
        for (int number = start; number < start + 600; number++) {
            TopicPartition to = partitions.get(number % partitions.size());
            producer.send(new ProducerRecord<>(to.topic(), to.partition(), null, String.valueOf(number)));
        }
        producer.flush();
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
