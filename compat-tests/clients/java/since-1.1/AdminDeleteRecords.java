import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.admin.AdminClient;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.OffsetOutOfRangeException;

final class AdminDeleteRecords implements Scenario {
    @Override
    public void run(String bootstrap) throws Exception {
        TopicPartition partition = new TopicPartition(Topics.create(bootstrap), 0);
        Producers.fill(bootstrap, partition.topic(), 0, 100);
        try (AdminClient admin = Topics.admin(bootstrap)) {
            Check.expectEqual(delete(admin, partition, 40), 40L, "low watermark");
            Check.expectFailure(admin.deleteRecords(Map.of(partition, RecordsToDelete.beforeOffset(101))).all(),
                OffsetOutOfRangeException.class, "records behind the end were deleted");
            try (KafkaConsumer<String, String> consumer = Consumers.consumer(bootstrap)) {
                Check.expectEqual(consumer.beginningOffsets(Set.of(partition)), Map.of(partition, 40L), "beginning");
            }
            List<String> found = Consumers.values(Consumers.read(bootstrap, partition.topic(), 60));
            Check.expectEqual(found, Consumers.numbered(40, 60), "records");
            Check.expectEqual(delete(admin, partition, -1), 100L, "low watermark when all are deleted");
        }
    }

    private static long delete(AdminClient admin, TopicPartition partition, long before) throws Exception {
        Map<TopicPartition, RecordsToDelete> request = Map.of(partition, RecordsToDelete.beforeOffset(before));
        return admin.deleteRecords(request).lowWatermarks().get(partition).get().lowWatermark();
    }
}
