import static java.util.stream.Collectors.toList;

import java.util.List;
import java.util.stream.IntStream;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.common.TopicPartition;

/** Topics of clients without an AdminClient: the broker makes them when they are asked for. */
final class Topics {
    private Topics() {
    }

    /** A new topic of one partition. */
    static String create(String bootstrap) {
        return create(bootstrap, Check.fresh("topic"));
    }

    static String create(String bootstrap, String name) {
        try (KafkaProducer<String, String> producer = Producers.producer(bootstrap)) {
            Check.expectEqual(producer.partitionsFor(name).size(), 1, "partitions of " + name);
        }
        return name;
    }

    /** New partitions: each of a topic of its own. */
    static List<TopicPartition> partitions(String bootstrap, int count) {
        return IntStream.range(0, count).mapToObj(number -> new TopicPartition(create(bootstrap), 0)).collect(toList());
    }
}
