import static java.util.stream.Collectors.toList;

import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.AdminClient;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.common.TopicPartition;

/** Topics made with the AdminClient. */
final class Topics {
    private Topics() {
    }

    static AdminClient admin(String bootstrap) {
        return AdminClient.create(Producers.settings(bootstrap));
    }

    /** A new topic of one partition. */
    static String create(String bootstrap) {
        return create(bootstrap, Check.fresh("topic"));
    }

    static String create(String bootstrap, String name) {
        return create(bootstrap, name, 1, Map.of());
    }

    static String create(String bootstrap, String name, int partitions, Map<String, String> configs) {
        try (AdminClient admin = admin(bootstrap)) {
            admin.createTopics(List.of(new NewTopic(name, partitions, (short) 1).configs(configs))).all().get();
        } catch (Exception problem) {
            throw new AssertionError("creating a topic", problem);
        }
        return name;
    }

    /** New partitions: all of one topic. */
    static List<TopicPartition> partitions(String bootstrap, int count) {
        String name = create(bootstrap, Check.fresh("topic"), count, Map.of());
        return IntStream.range(0, count).mapToObj(number -> new TopicPartition(name, number)).collect(toList());
    }
}
