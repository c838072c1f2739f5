import static org.apache.kafka.clients.admin.AlterConfigOp.OpType.APPEND;
import static org.apache.kafka.clients.admin.AlterConfigOp.OpType.DELETE;
import static org.apache.kafka.clients.admin.AlterConfigOp.OpType.SET;
import static org.apache.kafka.clients.admin.AlterConfigOp.OpType.SUBTRACT;

import java.util.Collection;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.admin.AdminClient;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.InvalidConfigurationException;

/** Settings of a topic one by one (KIP-339): what is not named stays. */
final class AdminAlterConfigs implements Scenario {
    @Override
    public void run(String bootstrap) throws Exception {
        Map<String, String> overrides = Map.of("retention.ms", "123456");
        String topic = Topics.create(bootstrap, Check.fresh("topic"), 1, overrides);
        ConfigResource resource = new ConfigResource(ConfigResource.Type.TOPIC, topic);
        try (AdminClient admin = Topics.admin(bootstrap)) {
            alter(admin, resource, op("segment.bytes", "2000000", SET), op("cleanup.policy", "compact", APPEND));
            expectValue(admin, resource, "segment.bytes", "2000000");
            expectValue(admin, resource, "cleanup.policy", "delete,compact");
            expectValue(admin, resource, "retention.ms", "123456");
            alter(admin, resource, op("retention.ms", "", DELETE), op("cleanup.policy", "delete", SUBTRACT));
            expectValue(admin, resource, "cleanup.policy", "compact");
            expectValue(admin, resource, "retention.ms", "604800000");
            Collection<AlterConfigOp> wrong = List.of(op("retention.ms", "soon", SET));
            Check.expectFailure(admin.incrementalAlterConfigs(Map.of(resource, wrong)).all(),
                InvalidConfigurationException.class, "a text was taken for a number");
        }
    }

    private static AlterConfigOp op(String name, String value, AlterConfigOp.OpType type) {
        return new AlterConfigOp(new ConfigEntry(name, value), type);
    }

    private static void alter(AdminClient admin, ConfigResource resource, AlterConfigOp... changes) throws Exception {
        admin.incrementalAlterConfigs(Map.of(resource, List.of(changes))).all().get();
    }

    private static void expectValue(AdminClient admin, ConfigResource resource, String name, String value)
        throws Exception {
        Check.waitUntil(name + "=" + value, () -> admin.describeConfigs(List.of(resource)).all().get()
            .get(resource).get(name).value().equals(value));
    }
}
