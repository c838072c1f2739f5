import java.util.Collection;
import org.apache.kafka.clients.admin.AdminClient;
import org.apache.kafka.clients.admin.DescribeClusterResult;
import org.apache.kafka.common.Node;

final class AdminCluster implements Scenario {
    @Override
    public void run(String bootstrap) throws Exception {
        try (AdminClient admin = Topics.admin(bootstrap)) {
            DescribeClusterResult cluster = admin.describeCluster();
            String id = cluster.clusterId().get();
            Check.expect(id != null && !id.isEmpty(), "no cluster id");
            Collection<Node> nodes = cluster.nodes().get();
            Check.expectEqual(nodes.size(), 1, "nodes");
            Node node = nodes.iterator().next();
            Check.expectEqual(node.host() + ":" + node.port(), bootstrap, "address");
            Check.expectEqual(cluster.controller().get().id(), node.id(), "controller");
        }
    }
}
