/* What the scenarios share: settings, topics, records to send, and topics to read. */

#pragma once

#include <librdkafka/rdkafka.h>

#include "harness.h"

#define TIMEOUT_MS 30000

/* The broker's address. */
extern const char *bootstrap;

/* Names and values in turn, up to a NULL. */
typedef const char *const *settings;
#define SETTINGS(...) ((const char *const[]){__VA_ARGS__, NULL})
#define DEFAULTS ((const char *const[]){NULL})

/* Bytes; a NULL is Kafka's null. */
typedef struct {
    const char *data;
    size_t length;
} bytes;

/* What goes into a log and comes out of it. */
typedef struct {
    const char *topic;
    int32_t partition;
    int64_t offset;
    int64_t timestamp; /* milliseconds; 0, when sent: now */
    rd_kafka_timestamp_type_t timestamp_type;
    bytes key, value;
    rd_kafka_headers_t *headers;
} record;

typedef struct {
    record *items;
    size_t count;
} records;

#define NULL_BYTES ((bytes){NULL, 0})
bytes bytes_of(const char *text);
bool same_bytes(bytes one, bytes other);
void add_record(records *to, record one);

void expect_code(rd_kafka_resp_err_t found, rd_kafka_resp_err_t wanted, const char *what);
void expect_no_error(rd_kafka_resp_err_t found, const char *what);
/* Fails with the error, if there is one. */
void expect_done(rd_kafka_error_t *error, const char *what);

rd_kafka_t *new_producer(settings own);
/* A consumer that begins at the beginning and commits nothing by itself. */
rd_kafka_t *new_consumer(const char *group, settings own);
/* Settings of a client that is still to be made. */
rd_kafka_conf_t *new_settings(settings own);
void change(rd_kafka_conf_t *of, settings own);
rd_kafka_t *new_client(rd_kafka_type_t type, rd_kafka_conf_t *with);
void close_consumer(rd_kafka_t *consumer);

/* What became of a record that was sent. */
typedef struct {
    bool done;
    rd_kafka_resp_err_t error;
    int64_t offset;
} delivery;

/* Produces one record; `told` is filled in later. Waits for room in the producer's queue. */
void produce(rd_kafka_t *producer, const record *one, delivery *told);
/* Sends all and waits for all; the first error. `told` has a place for each. */
rd_kafka_resp_err_t try_send_with(rd_kafka_t *producer, records all, delivery *told);
rd_kafka_resp_err_t try_send(records all, settings own);
/* Sends all, each of which has to come behind the one before in its partition; the first offset. */
int64_t send_all(records all, settings own);

/* Records that tell their own place, spread over the partitions. */
records numbered(const char *topic, int start, int count, int partitions);
void fill(const char *topic, int start, int count, int partitions);

/* A consumer of a topic's partitions, each from this offset on. */
rd_kafka_t *new_reader(const char *topic, int partitions, int64_t offset, settings own);
/* The next record, if one comes within the time; errors that librdkafka recovers from are passed over. The
 * first other error is kept in `error`, or fails the scenario where that is NULL. */
bool next(rd_kafka_t *consumer, int64_t wait_ms, record *found, rd_kafka_resp_err_t *error);
/* The next record, which has to come. */
record take(rd_kafka_t *consumer);
/* So many records of a topic, from its beginning. */
records read_topic(const char *topic, int partitions, size_t count, settings own);
/* A copy that outlives the message; its headers are the message's no longer. */
record copy_of(rd_kafka_message_t *message);

void expect_value(record found, int number, const char *what);
/* One partition's values must be value-0 to value-(count-1), in order, each once. */
void check_exactly_once(records found, size_t count);

/* A list with one partition of a topic, at an offset. */
rd_kafka_topic_partition_list_t *place(const char *topic, int32_t partition, int64_t offset);
/* The offset that a group has committed for a topic's first partition; RD_KAFKA_OFFSET_INVALID for none. */
int64_t committed(const char *group, const char *topic);
/* The same where there may be an error: a broker that has just started may not know yet that it is the
 * coordinator of the group. */
rd_kafka_resp_err_t ask_committed(const char *group, const char *topic, int64_t *offset);

/* How many partitions a topic is listed with, 0 for not at all. */
int listed(const char *topic);
