import static org.apache.kafka.clients.admin.AlterConfigOp.OpType.DELETE;
import static org.apache.kafka.clients.admin.AlterConfigOp.OpType.SET;
import static org.apache.kafka.common.config.ConfigResource.Type.BROKER;
import static org.apache.kafka.common.config.ConfigResource.Type.GROUP;

import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.admin.AdminClient;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.ConfigEntry.ConfigSource;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.InvalidConfigurationException;
import org.apache.kafka.common.errors.InvalidRequestException;

/** Settings of a group (KIP-848), of a broker and of all brokers (KIP-226) while they run. */
final class AdminDynamicConfigs implements Scenario {
    private static final String RETENTION = "log.retention.ms";

    @Override
    public void run(String bootstrap) throws Exception {
        String topic = Topics.create(bootstrap);
        try (AdminClient admin = Topics.admin(bootstrap)) {
            int node = admin.describeCluster().nodes().get().iterator().next().id();
            group(admin, new ConfigResource(GROUP, Check.fresh("group")));
            ConfigResource broker = new ConfigResource(BROKER, String.valueOf(node));
            ConfigResource all = new ConfigResource(BROKER, "");
            alter(admin, all, RETENTION, "70000", SET);
            expect(admin, broker, RETENTION, "70000", ConfigSource.DYNAMIC_DEFAULT_BROKER_CONFIG);
            alter(admin, broker, RETENTION, "80000", SET);
            expect(admin, broker, RETENTION, "80000", ConfigSource.DYNAMIC_BROKER_CONFIG);
            ConfigResource ofTopic = new ConfigResource(ConfigResource.Type.TOPIC, topic);
            expect(admin, ofTopic, "retention.ms", "80000", ConfigSource.DYNAMIC_BROKER_CONFIG);
            Check.expectFailure(admin.incrementalAlterConfigs(change(broker, "num.partitions", "5", SET)).all(),
                InvalidRequestException.class, "a setting that needs a restart was changed");
            alter(admin, all, RETENTION, "", DELETE);
            alter(admin, broker, RETENTION, "", DELETE);
            expect(admin, ofTopic, "retention.ms", "604800000", ConfigSource.DEFAULT_CONFIG);
        }
    }

    private static void group(AdminClient admin, ConfigResource group) throws Exception {
        String key = "consumer.session.timeout.ms";
        alter(admin, group, key, "50000", SET);
        expect(admin, group, key, "50000", ConfigSource.DYNAMIC_GROUP_CONFIG);
        Check.expectFailure(admin.incrementalAlterConfigs(change(group, key, "1", SET)).all(),
            InvalidConfigurationException.class, "a session shorter than the broker allows");
        alter(admin, group, key, "", DELETE);
        expect(admin, group, key, "45000", ConfigSource.DEFAULT_CONFIG);
    }

    private static Map<ConfigResource, java.util.Collection<AlterConfigOp>> change(
        ConfigResource resource, String name, String value, AlterConfigOp.OpType type) {
        return Map.of(resource, List.of(new AlterConfigOp(new ConfigEntry(name, value), type)));
    }

    private static void alter(
        AdminClient admin, ConfigResource resource, String name, String value, AlterConfigOp.OpType type)
        throws Exception {
        admin.incrementalAlterConfigs(change(resource, name, value, type)).all().get();
    }

    private static void expect(
        AdminClient admin, ConfigResource resource, String name, String value, ConfigSource source)
        throws Exception {
        Check.waitUntil(name + "=" + value, () -> {
            ConfigEntry entry = admin.describeConfigs(List.of(resource)).all().get().get(resource).get(name);
            return value.equals(entry.value()) && entry.source() == source;
        });
    }
}
