import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.admin.AdminClient;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.InvalidConfigurationException;

/** All settings of a topic at once: what is not named goes back to its default. */
final class AdminAlterConfigs implements Scenario {
    @Override
    public void run(String bootstrap) throws Exception {
        Map<String, String> overrides = Map.of("retention.ms", "123456");
        String topic = Topics.create(bootstrap, Check.fresh("topic"), 1, overrides);
        ConfigResource resource = new ConfigResource(ConfigResource.Type.TOPIC, topic);
        try (AdminClient admin = Topics.admin(bootstrap)) {
            admin.alterConfigs(Map.of(resource, config("cleanup.policy", "compact"))).all().get();
            expectValue(admin, resource, "cleanup.policy", "compact");
            expectValue(admin, resource, "retention.ms", "604800000");
            Check.expectFailure(admin.alterConfigs(Map.of(resource, config("retention.ms", "soon"))).all(),
                InvalidConfigurationException.class, "a text was taken for a number");
        }
    }

    private static Config config(String name, String value) {
        return new Config(List.of(new ConfigEntry(name, value)));
    }

    private static void expectValue(AdminClient admin, ConfigResource resource, String name, String value)
        throws Exception {
        Check.waitUntil(name + "=" + value, () -> admin.describeConfigs(List.of(resource)).all().get()
            .get(resource).get(name).value().equals(value));
    }
}
