import java.util.List;
import org.apache.kafka.clients.admin.AdminClient;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.common.errors.TopicExistsException;

final class AdminTopics implements Scenario {
    @Override
    public void run(String bootstrap) throws Exception {
        try (AdminClient admin = Topics.admin(bootstrap)) {
            String name = Check.fresh("topic");
            admin.createTopics(List.of(new NewTopic(name, 3, (short) 1))).all().get();
            Check.waitUntil("the new topic is listed", () -> listed(admin, name));
            Check.expectEqual(Described.topic(admin, name).partitions().size(), 3, "partitions described");
            Check.expectFailure(admin.createTopics(List.of(new NewTopic(name, 3, (short) 1))).all(),
                TopicExistsException.class, "the topic was made twice");
            for (int times = 0; times < 5; times++) {
                admin.deleteTopics(List.of(name)).all().get();
                Check.waitUntil("the deleted topic is gone", () -> !listed(admin, name));
                admin.createTopics(List.of(new NewTopic(name, 1, (short) 1))).all().get();
            }
            Check.waitUntil("the topic made again is listed", () -> listed(admin, name));
            int partitions = Described.topic(admin, name).partitions().size();
            Check.expectEqual(partitions, 1, "partitions of the topic made again");
        }
    }

    private static boolean listed(AdminClient admin, String name) throws Exception {
        return admin.listTopics().names().get().contains(name);
    }
}
