/* Consumption without a group. */

#include "admin.h"
#include "scenarios.h"

#include <pthread.h>

#define MOMENT_MS 500

void consume_beginning(void) {
    char *topic = make_topic(4, DEFAULTS);
    fill(topic, 0, 2000, 4);
    records found = read_topic(topic, 4, 2000, DEFAULTS);
    int seen[4] = {0};
    for (int at = 0; at < 2000; at++) {
        int32_t partition = found.items[at].partition;
        expect_value(found.items[at], 4 * seen[partition]++ + partition, "next value of a partition");
    }
}

static int64_t offset_at(rd_kafka_t *consumer, const char *topic, int64_t time) {
    rd_kafka_topic_partition_list_t *asked = place(topic, 0, time);
    expect_no_error(rd_kafka_offsets_for_times(consumer, asked, TIMEOUT_MS), "offset for a time");
    expect_no_error(asked->elems[0].err, "offset for a time");
    int64_t offset = asked->elems[0].offset;
    rd_kafka_topic_partition_list_destroy(asked);
    return offset;
}

void consume_times(void) {
    char *topic = make_topic(1, DEFAULTS);
    int64_t base = now_ms() - 100000, low, high;
    records sent = numbered(topic, 0, 100, 1);
    for (int at = 0; at < 100; at++) {
        sent.items[at].timestamp = base + at * 1000;
    }
    send_all(sent, DEFAULTS);
    rd_kafka_t *consumer = new_consumer(fresh("no-group"), DEFAULTS);
    expect_number(offset_at(consumer, topic, base + 41500), 42, "offset for a time");
    expect_number(offset_at(consumer, topic, base + 1000000), RD_KAFKA_OFFSET_END, "offset behind the end");
    expect_no_error(
        rd_kafka_query_watermark_offsets(consumer, topic, 0, &low, &high, TIMEOUT_MS), "watermarks");
    expect_number(low, 0, "low watermark");
    expect_number(high, 100, "high watermark");
    close_consumer(consumer);
    rd_kafka_t *reader = new_reader(topic, 1, 42, DEFAULTS);
    expect_value(take(reader), 42, "first record");
    close_consumer(reader);
}

static void seek_to(rd_kafka_t *consumer, const char *topic, int64_t offset) {
    rd_kafka_topic_partition_list_t *to = place(topic, 0, offset);
    expect_done(rd_kafka_seek_partitions(consumer, to, TIMEOUT_MS), "seek");
    expect_no_error(to->elems[0].err, "seek");
    rd_kafka_topic_partition_list_destroy(to);
}

static bool anything(rd_kafka_t *consumer) {
    record found;
    return next(consumer, MOMENT_MS, &found, NULL);
}

/* The client has found the end. Until it says so it may be asking where that is, behind a fetch that waits. */
static void expect_end(rd_kafka_t *consumer, int64_t offset) {
    rd_kafka_message_t *message = rd_kafka_consumer_poll(consumer, TIMEOUT_MS);
    expect(message != NULL, "nothing tells of the end");
    expect_code(message->err, RD_KAFKA_RESP_ERR__PARTITION_EOF, "at the end");
    expect_number(message->offset, offset, "end");
    rd_kafka_message_destroy(message);
}

void consume_seek(void) {
    char *topic = make_topic(1, DEFAULTS);
    fill(topic, 0, 100, 1);
    rd_kafka_t *consumer = new_reader(topic, 1, 70, SETTINGS("enable.partition.eof", "true"));
    expect_value(take(consumer), 70, "after assign");
    seek_to(consumer, topic, RD_KAFKA_OFFSET_BEGINNING);
    expect_value(take(consumer), 0, "from the beginning");
    rd_kafka_topic_partition_list_t *here = place(topic, 0, RD_KAFKA_OFFSET_INVALID);
    expect_no_error(rd_kafka_position(consumer, here), "position");
    expect_number(here->elems[0].offset, 1, "position");
    expect_no_error(rd_kafka_pause_partitions(consumer, here), "pause");
    expect(!anything(consumer), "a record while paused");
    expect_no_error(rd_kafka_resume_partitions(consumer, here), "resume");
    expect_value(take(consumer), 1, "after resume");
    seek_to(consumer, topic, RD_KAFKA_OFFSET_END);
    expect_end(consumer, 100);
    fill(topic, 100, 1, 1);
    expect_value(take(consumer), 100, "behind the end");
    rd_kafka_topic_partition_list_destroy(here);
    close_consumer(consumer);
}

static void *fill_later(void *topic) {
    pause_ms(MOMENT_MS);
    fill(topic, 0, 1, 1);
    return NULL;
}

void consume_long_poll(void) {
    char *topic = make_topic(1, DEFAULTS);
    settings patient = SETTINGS("fetch.wait.max.ms", "20000", "socket.timeout.ms", "60000");
    rd_kafka_t *consumer = new_reader(topic, 1, RD_KAFKA_OFFSET_BEGINNING, patient);
    expect(!anything(consumer), "a record before one is sent");
    pthread_t sender;
    pthread_create(&sender, NULL, fill_later, topic);
    int64_t begin = now_ms();
    expect_value(take(consumer), 0, "record");
    expect(now_ms() - begin < 10000, "the fetch waited on though there was a record");
    pthread_join(sender, NULL);
}

void errors_offset(void) {
    char *topic = make_topic(1, DEFAULTS);
    fill(topic, 0, 10, 1);
    rd_kafka_resp_err_t error = RD_KAFKA_RESP_ERR_NO_ERROR;
    record found;
    rd_kafka_t *strict = new_reader(topic, 1, 1000, SETTINGS("auto.offset.reset", "error"));
    expect(!next(strict, TIMEOUT_MS, &found, &error), "a record behind the end");
    expect_code(error, RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET, "error");
    close_consumer(strict);
    rd_kafka_t *lenient = new_reader(topic, 1, 1000, DEFAULTS);
    expect_number(take(lenient).offset, 0, "first offset after the reset");
    close_consumer(lenient);
}
