import java.util.List;
import org.apache.kafka.clients.admin.AdminClient;
import org.apache.kafka.clients.admin.ConsumerGroupDescription;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.ConsumerGroupState;
import org.apache.kafka.common.TopicPartition;

final class AdminGroups implements Scenario {
    @Override
    public void run(String bootstrap) throws Exception {
        String topic = Topics.create(bootstrap);
        String group = Check.fresh("group");
        Producers.fill(bootstrap, topic, 0, 10);
        try (AdminClient admin = Topics.admin(bootstrap)) {
            try (KafkaConsumer<String, String> consumer = Consumers.consumer(bootstrap, "group.id", group)) {
                consumer.subscribe(List.of(topic));
                Consumers.read(consumer, 10, 30);
                consumer.commitSync();
                Check.expect(listed(admin, group), "the group is listed");
                ConsumerGroupDescription described =
                    admin.describeConsumerGroups(List.of(group)).all().get().get(group);
                Check.expectEqual(described.state(), ConsumerGroupState.STABLE, "state");
                Check.expectEqual(described.members().size(), 1, "members");
            }
            OffsetAndMetadata committed = admin.listConsumerGroupOffsets(group).partitionsToOffsetAndMetadata().get()
                .get(new TopicPartition(topic, 0));
            Check.expectEqual(committed.offset(), 10L, "committed offset");
            admin.deleteConsumerGroups(List.of(group)).all().get();
            Check.expect(!listed(admin, group), "the group is gone");
        }
    }

    private static boolean listed(AdminClient admin, String group) throws Exception {
        return admin.listConsumerGroups().all().get().stream().anyMatch(listing -> listing.groupId().equals(group));
    }
}
