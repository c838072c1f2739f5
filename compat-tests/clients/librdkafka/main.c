/* The program for librdkafka itself: its C API, as its header tells it. */

#include "client.h"
#include "scenarios.h"

#include <string.h>

static const struct {
    const char *name;
    void (*run)(void);
} scenarios[] = {
    {"admin-topics", admin_topics},
    {"admin-partitions", admin_partitions},
    {"admin-configs", admin_configs},
    {"admin-alter-configs", admin_alter_configs},
    {"admin-cluster", admin_cluster},
    {"admin-groups", admin_groups},
    {"admin-delete-records", admin_delete_records},
    {"errors-unknown-topic", errors_unknown_topic},
    {"produce-codecs", produce_codecs},
    {"produce-shapes", produce_shapes},
    {"produce-acks", produce_acks},
    {"produce-too-large", produce_too_large},
    {"produce-append-time", produce_append_time},
    {"produce-retry", produce_retry},
    {"consume-beginning", consume_beginning},
    {"consume-times", consume_times},
    {"consume-seek", consume_seek},
    {"consume-long-poll", consume_long_poll},
    {"consume-pattern", consume_pattern},
    {"consume-large", consume_large},
    {"consume-rack", consume_rack},
    {"old-formats", old_formats},
    {"errors-offset", errors_offset},
    {"group-members", group_members},
    {"group-commit", group_commit},
    {"group-round-robin", group_round_robin},
    {"group-cooperative", group_cooperative},
    {"group-static", group_static},
    {"restart-resume", restart_resume},
    {"kill-produce", kill_produce},
    {"kill-consume", kill_consume},
    {"kill-rebalance", kill_rebalance},
    {"transactions", transactions},
    {"transactions-fenced", transactions_fenced},
    {"transactions-timeout", transactions_timeout},
    {"consume-transform-produce", consume_transform_produce},
    {"kill-transactions", kill_transactions},
};

static const struct {
    const char *name, *reason;
} absent[] = {
    {"admin-log-dirs", "it does not describe folders"},
    {"admin-dynamic-configs", "Debian's version does not know the settings of groups"},
    {"command-line", "its command-line tool, kcat, is a package of its own"},
};

#define COUNT(table) (sizeof(table) / sizeof *(table))

int main(int count, char **arguments) {
    if (count < 3) {
        fail("usage: program SCENARIO BOOTSTRAP");
    }
    const char *name = arguments[1];
    bootstrap = arguments[2];
    if (strcmp(name, "mortal-member") == 0 && count == 5) {
        live_until_killed(arguments[3], arguments[4]);
        return 1;
    }
    for (size_t at = 0; at < COUNT(absent); at++) {
        if (strcmp(absent[at].name, name) == 0) {
            not_in_this_client(absent[at].reason);
        }
    }
    for (size_t at = 0; at < COUNT(scenarios); at++) {
        if (strcmp(scenarios[at].name, name) == 0) {
            scenarios[at].run();
            passed();
        }
    }
    not_written();
}
