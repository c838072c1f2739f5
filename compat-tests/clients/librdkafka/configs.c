/* Settings of topics and brokers. */

#include "admin.h"
#include "scenarios.h"

#include <string.h>

/* A value as it is described, and whether it is the default. */
typedef struct {
    char *value;
    bool is_default;
} setting;

static setting described(rd_kafka_ResourceType_t kind, const char *name, const char *key) {
    rd_kafka_ConfigResource_t *resource = rd_kafka_ConfigResource_new(kind, name);
    rd_kafka_DescribeConfigs(admin(), &resource, 1, NULL, answers());
    rd_kafka_ConfigResource_destroy(resource);
    rd_kafka_event_t *event = answer();
    size_t count = 0;
    const rd_kafka_ConfigResource_t **found =
        rd_kafka_DescribeConfigs_result_resources(rd_kafka_event_DescribeConfigs_result(event), &count);
    expect_number((int64_t)count, 1, "resources described");
    expect_no_error(rd_kafka_ConfigResource_error(found[0]), "description");
    const rd_kafka_ConfigEntry_t **entries = rd_kafka_ConfigResource_configs(found[0], &count);
    setting shown = {NULL, false};
    for (size_t at = 0; at < count; at++) {
        if (strcmp(rd_kafka_ConfigEntry_name(entries[at]), key) == 0) {
            shown.value = text("%s", rd_kafka_ConfigEntry_value(entries[at]));
            shown.is_default = rd_kafka_ConfigEntry_is_default(entries[at]);
        }
    }
    rd_kafka_event_destroy(event);
    return shown;
}

static void expect_setting(const char *topic, const char *key, const char *value, bool is_default) {
    setting found = described(RD_KAFKA_RESOURCE_TOPIC, topic, key);
    expect_text(found.value, value, key);
    expect(found.is_default == is_default, "%s: told as a default: %d", key, found.is_default);
}

void admin_configs(void) {
    char *topic = make_topic(1, SETTINGS("retention.ms", "123456", "cleanup.policy", "compact"));
    expect_setting(topic, "retention.ms", "123456", false);
    expect_setting(topic, "cleanup.policy", "compact", false);
    expect_setting(topic, "segment.bytes", "1073741824", true);
    char *node = text("%d", rd_kafka_controllerid(admin(), TIMEOUT_MS));
    setting of_broker = described(RD_KAFKA_RESOURCE_BROKER, node, "log.segment.bytes");
    expect_text(of_broker.value, "1073741824", "the broker's log.segment.bytes");
}

/* Replaces all that was set for a topic. */
static rd_kafka_resp_err_t alter(const char *topic, settings own) {
    rd_kafka_ConfigResource_t *resource = rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topic);
    for (; *own; own += 2) {
        expect_no_error(rd_kafka_ConfigResource_set_config(resource, own[0], own[1]), own[0]);
    }
    rd_kafka_AlterConfigs(admin(), &resource, 1, NULL, answers());
    rd_kafka_ConfigResource_destroy(resource);
    rd_kafka_event_t *event = answer();
    size_t count = 0;
    const rd_kafka_ConfigResource_t **found =
        rd_kafka_AlterConfigs_result_resources(rd_kafka_event_AlterConfigs_result(event), &count);
    expect_number((int64_t)count, 1, "resources altered");
    rd_kafka_resp_err_t error = rd_kafka_ConfigResource_error(found[0]);
    rd_kafka_event_destroy(event);
    return error;
}

void admin_alter_configs(void) {
    char *topic = make_topic(1, SETTINGS("retention.ms", "123456"));
    expect_no_error(alter(topic, SETTINGS("segment.ms", "70000")), "alteration");
    WAIT_UNTIL(
        strcmp(described(RD_KAFKA_RESOURCE_TOPIC, topic, "segment.ms").value, "70000") == 0, "it is altered");
    expect_setting(topic, "segment.ms", "70000", false);
    expect_setting(topic, "retention.ms", "604800000", true);
    rd_kafka_resp_err_t wrong = alter(topic, SETTINGS("retention.ms", "soon"));
    expect_code(wrong, RD_KAFKA_RESP_ERR_INVALID_CONFIG, "a text for a number");
}
