import java.util.List;
import org.apache.kafka.clients.admin.AdminClient;
import org.apache.kafka.clients.admin.TopicDescription;

/** A topic as the AdminClient describes it, in the words of clients that know topic ids. */
final class Described {
    private Described() {
    }

    static TopicDescription topic(AdminClient admin, String name) throws Exception {
        return admin.describeTopics(List.of(name)).allTopicNames().get().get(name);
    }
}
