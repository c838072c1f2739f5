import java.util.List;
import org.apache.kafka.clients.admin.AdminClient;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;

final class ErrorsUnknownTopic implements Scenario {
    @Override
    public void run(String bootstrap) throws Exception {
        String name = Check.fresh("nowhere");
        try (AdminClient admin = Topics.admin(bootstrap)) {
            Check.expectFailure(admin.deleteTopics(List.of(name)).all(), UnknownTopicOrPartitionException.class,
                "deleted though it was not there");
        }
        try (KafkaConsumer<String, String> consumer = Consumers.consumer(bootstrap)) {
            Check.expect(!consumer.listTopics().containsKey(name), "it is in the metadata");
        }
    }
}
