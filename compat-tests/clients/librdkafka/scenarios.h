/* The scenarios: each returns when all is as it should be. */

#pragma once

#include <librdkafka/rdkafka.h>

void subscribe(rd_kafka_t *consumer, const char *topic);

void admin_topics(void);
void admin_partitions(void);
void admin_configs(void);
void admin_alter_configs(void);
void admin_cluster(void);
void admin_groups(void);
void admin_delete_records(void);
void errors_unknown_topic(void);

void produce_codecs(void);
void produce_shapes(void);
void produce_acks(void);
void produce_too_large(void);
void produce_append_time(void);
void old_formats(void);

void consume_beginning(void);
void consume_times(void);
void consume_seek(void);
void consume_long_poll(void);
void consume_large(void);
void errors_offset(void);

void group_members(void);
void group_commit(void);
void group_round_robin(void);
void group_cooperative(void);
void group_static(void);
void consume_pattern(void);
void consume_rack(void);
/* No scenario: a member of a group, until it is killed. */
void live_until_killed(const char *group, const char *topic);

void restart_resume(void);
void kill_produce(void);
void produce_retry(void);
void kill_consume(void);
void kill_rebalance(void);

void transactions(void);
void transactions_fenced(void);
void transactions_timeout(void);
void consume_transform_produce(void);
void kill_transactions(void);
