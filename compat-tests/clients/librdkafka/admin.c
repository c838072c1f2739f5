/* Topics, partitions, records, the cluster. */

#include "admin.h"

#include "scenarios.h"

#include <string.h>

rd_kafka_t *admin(void) {
    static rd_kafka_t *client;
    return client ? client : (client = new_producer(DEFAULTS));
}

rd_kafka_queue_t *answers(void) {
    static rd_kafka_queue_t *queue;
    return queue ? queue : (queue = rd_kafka_queue_new(admin()));
}

rd_kafka_event_t *answer(void) {
    rd_kafka_event_t *event = rd_kafka_queue_poll(answers(), TIMEOUT_MS);
    expect(event != NULL, "no answer to an administrative request");
    return event;
}

/* The error of the first topic in an answer, or of the request itself. */
static rd_kafka_resp_err_t first_error(const rd_kafka_topic_result_t **topics, rd_kafka_event_t *event) {
    rd_kafka_resp_err_t error = topics ? rd_kafka_topic_result_error(topics[0]) : rd_kafka_event_error(event);
    rd_kafka_event_destroy(event);
    return error;
}

rd_kafka_resp_err_t create_topic(const char *name, int partitions, settings own) {
    rd_kafka_NewTopic_t *topic = rd_kafka_NewTopic_new(name, partitions, 1, NULL, 0);
    for (; *own; own += 2) {
        expect_no_error(rd_kafka_NewTopic_set_config(topic, own[0], own[1]), own[0]);
    }
    rd_kafka_CreateTopics(admin(), &topic, 1, NULL, answers());
    rd_kafka_NewTopic_destroy(topic);
    rd_kafka_event_t *event = answer();
    const rd_kafka_CreateTopics_result_t *result = rd_kafka_event_CreateTopics_result(event);
    size_t count = 0;
    const rd_kafka_topic_result_t **topics = rd_kafka_CreateTopics_result_topics(result, &count);
    return first_error(count ? topics : NULL, event);
}

rd_kafka_resp_err_t delete_topic(const char *name) {
    rd_kafka_DeleteTopic_t *topic = rd_kafka_DeleteTopic_new(name);
    rd_kafka_DeleteTopics(admin(), &topic, 1, NULL, answers());
    rd_kafka_DeleteTopic_destroy(topic);
    rd_kafka_event_t *event = answer();
    const rd_kafka_DeleteTopics_result_t *result = rd_kafka_event_DeleteTopics_result(event);
    size_t count = 0;
    const rd_kafka_topic_result_t **topics = rd_kafka_DeleteTopics_result_topics(result, &count);
    return first_error(count ? topics : NULL, event);
}

static rd_kafka_resp_err_t set_partitions(const char *topic, size_t count) {
    char why[256];
    rd_kafka_NewPartitions_t *more = rd_kafka_NewPartitions_new(topic, count, why, sizeof why);
    expect(more != NULL, "%s", why);
    rd_kafka_CreatePartitions(admin(), &more, 1, NULL, answers());
    rd_kafka_NewPartitions_destroy(more);
    rd_kafka_event_t *event = answer();
    const rd_kafka_CreatePartitions_result_t *result = rd_kafka_event_CreatePartitions_result(event);
    size_t found = 0;
    const rd_kafka_topic_result_t **topics = rd_kafka_CreatePartitions_result_topics(result, &found);
    return first_error(found ? topics : NULL, event);
}

void wait_listed(const char *topic, int partitions) {
    WAIT_UNTIL(listed(topic) == partitions, "%s is listed with %d partitions", topic, partitions);
}

void make_named(const char *name, int partitions, settings own) {
    expect_no_error(create_topic(name, partitions, own), "creation of a topic");
    wait_listed(name, partitions);
}

char *make_topic(int partitions, settings own) {
    char *name = fresh("topic");
    make_named(name, partitions, own);
    return name;
}

void admin_topics(void) {
    char *name = fresh("topic");
    make_named(name, 3, DEFAULTS);
    expect_code(create_topic(name, 3, DEFAULTS), RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS, "made twice");
    for (int turn = 0; turn < 5; turn++) {
        expect_no_error(delete_topic(name), "deletion");
        wait_listed(name, 0);
        expect_no_error(create_topic(name, 1, DEFAULTS), "made again at once");
    }
    wait_listed(name, 1);
}

void errors_unknown_topic(void) {
    char *name = fresh("nowhere");
    expect_code(delete_topic(name), RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, "deletion");
    expect_number(listed(name), 0, "partitions in the metadata");
}

void admin_partitions(void) {
    char *topic = make_topic(1, DEFAULTS);
    fill(topic, 0, 1, 1);
    expect_no_error(set_partitions(topic, 4), "more partitions");
    wait_listed(topic, 4);
    expect_code(set_partitions(topic, 4), RD_KAFKA_RESP_ERR_INVALID_PARTITIONS, "as many as there are");
    for (int partition = 0; partition < 4; partition++) {
        record one = {.topic = topic, .partition = partition, .value = bytes_of("value")};
        int64_t offset = send_all((records){&one, 1}, DEFAULTS);
        expect_number(offset, partition == 0 ? 1 : 0, "offset in a partition");
    }
    read_topic(topic, 4, 5, DEFAULTS);
}

void admin_cluster(void) {
    const char *id = rd_kafka_clusterid(admin(), TIMEOUT_MS);
    expect(id != NULL && *id != '\0', "no cluster id");
    const rd_kafka_metadata_t *metadata;
    expect_no_error(rd_kafka_metadata(admin(), 0, NULL, &metadata, TIMEOUT_MS), "metadata");
    expect_number(metadata->broker_cnt, 1, "nodes");
    const rd_kafka_metadata_broker_t *node = &metadata->brokers[0];
    expect_text(text("%s:%d", node->host, node->port), bootstrap, "address of the node");
    expect_number(rd_kafka_controllerid(admin(), TIMEOUT_MS), node->id, "controller");
    rd_kafka_metadata_destroy(metadata);
}

/* The low watermark after the deletion of all before an offset, or an error. */
static rd_kafka_resp_err_t delete_records(const char *topic, int64_t before, int64_t *low_watermark) {
    rd_kafka_topic_partition_list_t *places = place(topic, 0, before);
    rd_kafka_DeleteRecords_t *deletion = rd_kafka_DeleteRecords_new(places);
    rd_kafka_DeleteRecords(admin(), &deletion, 1, NULL, answers());
    rd_kafka_DeleteRecords_destroy(deletion);
    rd_kafka_topic_partition_list_destroy(places);
    rd_kafka_event_t *event = answer();
    expect_no_error(rd_kafka_event_error(event), "the request itself");
    const rd_kafka_DeleteRecords_result_t *result = rd_kafka_event_DeleteRecords_result(event);
    const rd_kafka_topic_partition_list_t *done = rd_kafka_DeleteRecords_result_offsets(result);
    rd_kafka_resp_err_t error = done->elems[0].err;
    *low_watermark = done->elems[0].offset;
    rd_kafka_event_destroy(event);
    return error;
}

void admin_delete_records(void) {
    char *topic = make_topic(1, DEFAULTS);
    fill(topic, 0, 100, 1);
    int64_t low, high;
    expect_no_error(delete_records(topic, 40, &low), "deletion");
    expect_number(low, 40, "low watermark");
    expect_code(delete_records(topic, 101, &low), RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE, "behind the end");
    expect_no_error(
        rd_kafka_query_watermark_offsets(admin(), topic, 0, &low, &high, TIMEOUT_MS), "watermarks");
    expect_number(low, 40, "first offset");
    expect_number(high, 100, "next offset");
    records left = read_topic(topic, 1, 60, DEFAULTS);
    for (int at = 0; at < 60; at++) {
        expect_number(left.items[at].offset, 40 + at, "offset of what is left");
    }
    expect_no_error(delete_records(topic, RD_KAFKA_OFFSET_END, &low), "deletion of all");
    expect_number(low, 100, "low watermark when all are deleted");
}

/* What a group is described as. */
typedef struct {
    rd_kafka_consumer_group_state_t state;
    size_t members;
} group_description;

static group_description described_group(const char *group) {
    rd_kafka_DescribeConsumerGroups(admin(), &group, 1, NULL, answers());
    rd_kafka_event_t *event = answer();
    size_t count = 0;
    const rd_kafka_ConsumerGroupDescription_t **groups = rd_kafka_DescribeConsumerGroups_result_groups(
        rd_kafka_event_DescribeConsumerGroups_result(event), &count);
    expect_number((int64_t)count, 1, "groups described");
    expect(rd_kafka_ConsumerGroupDescription_error(groups[0]) == NULL, "an error in the description");
    group_description found = {
        rd_kafka_ConsumerGroupDescription_state(groups[0]),
        rd_kafka_ConsumerGroupDescription_member_count(groups[0]),
    };
    rd_kafka_event_destroy(event);
    return found;
}

static bool is_listed(const char *group) {
    rd_kafka_ListConsumerGroups(admin(), NULL, answers());
    rd_kafka_event_t *event = answer();
    size_t count = 0;
    const rd_kafka_ConsumerGroupListing_t **groups =
        rd_kafka_ListConsumerGroups_result_valid(rd_kafka_event_ListConsumerGroups_result(event), &count);
    bool found = false;
    for (size_t at = 0; at < count; at++) {
        found |= strcmp(rd_kafka_ConsumerGroupListing_group_id(groups[at]), group) == 0;
    }
    rd_kafka_event_destroy(event);
    return found;
}

static rd_kafka_resp_err_t delete_group(const char *group) {
    rd_kafka_DeleteGroup_t *deletion = rd_kafka_DeleteGroup_new(group);
    rd_kafka_DeleteGroups(admin(), &deletion, 1, NULL, answers());
    rd_kafka_DeleteGroup_destroy(deletion);
    rd_kafka_event_t *event = answer();
    size_t count = 0;
    const rd_kafka_group_result_t **groups =
        rd_kafka_DeleteGroups_result_groups(rd_kafka_event_DeleteGroups_result(event), &count);
    expect_number((int64_t)count, 1, "groups in the answer");
    const rd_kafka_error_t *error = rd_kafka_group_result_error(groups[0]);
    rd_kafka_resp_err_t code = error ? rd_kafka_error_code(error) : RD_KAFKA_RESP_ERR_NO_ERROR;
    rd_kafka_event_destroy(event);
    return code;
}

void admin_groups(void) {
    char *topic = make_topic(1, DEFAULTS), *group = fresh("group");
    fill(topic, 0, 10, 1);
    rd_kafka_t *member = new_consumer(group, DEFAULTS);
    subscribe(member, topic);
    take(member);
    rd_kafka_topic_partition_list_t *wanted = place(topic, 0, 10);
    expect_no_error(rd_kafka_commit(member, wanted, 0), "commit");
    expect(is_listed(group), "the group is not listed");
    group_description found = described_group(group);
    expect_text(
        rd_kafka_consumer_group_state_name(found.state),
        rd_kafka_consumer_group_state_name(RD_KAFKA_CONSUMER_GROUP_STATE_STABLE),
        "state");
    expect_number((int64_t)found.members, 1, "members");
    expect_code(delete_group(group), RD_KAFKA_RESP_ERR_NON_EMPTY_GROUP, "deletion of a group with a member");
    close_consumer(member);
    WAIT_UNTIL(described_group(group).members == 0, "the group is empty");
    expect_number(committed(group, topic), 10, "committed offset");
    expect_no_error(delete_group(group), "deletion");
    expect(!is_listed(group), "the deleted group is listed");
}
