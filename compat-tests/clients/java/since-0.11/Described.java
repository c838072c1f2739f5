import java.util.List;
import org.apache.kafka.clients.admin.AdminClient;
import org.apache.kafka.clients.admin.TopicDescription;

/** A topic as the AdminClient describes it. */
final class Described {
    private Described() {
    }

    static TopicDescription topic(AdminClient admin, String name) throws Exception {
        return admin.describeTopics(List.of(name)).all().get().get(name);
    }
}
