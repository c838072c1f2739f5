import java.util.List;
import org.apache.kafka.clients.admin.AdminClient;
import org.apache.kafka.clients.admin.LogDirDescription;
import org.apache.kafka.clients.admin.ReplicaInfo;
import org.apache.kafka.common.TopicPartition;

final class AdminLogDirs implements Scenario {
    @Override
    public void run(String bootstrap) throws Exception {
        TopicPartition partition = new TopicPartition(Topics.create(bootstrap), 0);
        Producers.fill(bootstrap, partition.topic(), 0, 100);
        try (AdminClient admin = Topics.admin(bootstrap)) {
            int node = admin.describeCluster().nodes().get().iterator().next().id();
            var folders = admin.describeLogDirs(List.of(node)).allDescriptions().get().get(node).values();
            Check.expectEqual(folders.size(), 1, "folders");
            LogDirDescription folder = folders.iterator().next();
            Check.expectEqual(folder.error(), null, "error");
            ReplicaInfo replica = folder.replicaInfos().get(partition);
            Check.expect(replica != null && replica.size() > 500, "size of the log: " + replica);
            Check.expectEqual(replica.offsetLag(), 0L, "lag");
            Check.expectEqual(replica.isFuture(), false, "it moves to another folder");
        }
    }
}
