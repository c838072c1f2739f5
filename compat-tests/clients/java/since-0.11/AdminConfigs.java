import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.admin.AdminClient;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.common.config.ConfigResource;

final class AdminConfigs implements Scenario {
    @Override
    public void run(String bootstrap) throws Exception {
        Map<String, String> overrides = Map.of("retention.ms", "123456", "cleanup.policy", "compact");
        String topic = Topics.create(bootstrap, Check.fresh("topic"), 1, overrides);
        try (AdminClient admin = Topics.admin(bootstrap)) {
            Config config = describe(admin, new ConfigResource(ConfigResource.Type.TOPIC, topic));
            Check.expectEqual(config.get("retention.ms").value(), "123456", "retention.ms");
            Check.expectEqual(config.get("cleanup.policy").value(), "compact", "cleanup.policy");
            Check.expectEqual(config.get("segment.bytes").value(), "1073741824", "segment.bytes");
            String node = admin.describeCluster().nodes().get().iterator().next().idString();
            config = describe(admin, new ConfigResource(ConfigResource.Type.BROKER, node));
            Check.expectEqual(config.get("log.segment.bytes").value(), "1073741824", "the broker's log.segment.bytes");
        }
    }

    private static Config describe(AdminClient admin, ConfigResource resource) throws Exception {
        return admin.describeConfigs(List.of(resource)).all().get().get(resource);
    }
}
