#include "client.h"

#include <stdlib.h>
#include <string.h>

#include "admin.h"

const char *bootstrap;

bytes bytes_of(const char *text) { return (bytes){text, strlen(text)}; }

bool same_bytes(bytes one, bytes other) {
    if (one.data == NULL || other.data == NULL) {
        return one.data == other.data;
    }
    return one.length == other.length && memcmp(one.data, other.data, one.length) == 0;
}

void add_record(records *to, record one) {
    to->items = realloc(to->items, (to->count + 1) * sizeof *to->items);
    to->items[to->count++] = one;
}

void expect_code(rd_kafka_resp_err_t found, rd_kafka_resp_err_t wanted, const char *what) {
    expect_text(rd_kafka_err2name(found), rd_kafka_err2name(wanted), what);
}

void expect_no_error(rd_kafka_resp_err_t found, const char *what) {
    expect_code(found, RD_KAFKA_RESP_ERR_NO_ERROR, what);
}

void expect_done(rd_kafka_error_t *error, const char *what) {
    expect(error == NULL, "%s: %s", what, rd_kafka_error_string(error));
}

void change(rd_kafka_conf_t *of, settings own) {
    char why[512];
    for (; *own; own += 2) {
        expect(rd_kafka_conf_set(of, own[0], own[1], why, sizeof why) == RD_KAFKA_CONF_OK, "%s", why);
    }
}

rd_kafka_conf_t *new_settings(settings own) {
    rd_kafka_conf_t *made = rd_kafka_conf_new();
    change(made, SETTINGS("bootstrap.servers", bootstrap, "reconnect.backoff.max.ms", "500"));
    change(made, own);
    return made;
}

rd_kafka_t *new_client(rd_kafka_type_t type, rd_kafka_conf_t *with) {
    char why[512];
    rd_kafka_t *made = rd_kafka_new(type, with, why, sizeof why);
    expect(made != NULL, "%s", why);
    return made;
}

static void tell(rd_kafka_t *producer, const rd_kafka_message_t *message, void *nothing) {
    (void)producer, (void)nothing;
    if (message->_private != NULL) {
        *(delivery *)message->_private = (delivery){true, message->err, message->offset};
    }
}

rd_kafka_t *new_producer(settings own) {
    rd_kafka_conf_t *with = new_settings(own);
    rd_kafka_conf_set_dr_msg_cb(with, tell);
    return new_client(RD_KAFKA_PRODUCER, with);
}

rd_kafka_t *new_consumer(const char *group, settings own) {
    rd_kafka_conf_t *with = new_settings(
        SETTINGS("group.id", group, "auto.offset.reset", "earliest", "enable.auto.commit", "false"));
    change(with, own);
    rd_kafka_t *made = new_client(RD_KAFKA_CONSUMER, with);
    rd_kafka_poll_set_consumer(made);
    return made;
}

void close_consumer(rd_kafka_t *consumer) {
    expect_no_error(rd_kafka_consumer_close(consumer), "closing a consumer");
    rd_kafka_destroy(consumer);
}

void produce(rd_kafka_t *producer, const record *one, delivery *told) {
    rd_kafka_headers_t *headers = one->headers ? rd_kafka_headers_copy(one->headers) : NULL;
    rd_kafka_resp_err_t error;
    do {
        error = rd_kafka_producev(
            producer,
            RD_KAFKA_V_TOPIC(one->topic),
            RD_KAFKA_V_PARTITION(one->partition),
            RD_KAFKA_V_KEY((void *)one->key.data, one->key.length),
            RD_KAFKA_V_VALUE((void *)one->value.data, one->value.length),
            RD_KAFKA_V_TIMESTAMP(one->timestamp),
            RD_KAFKA_V_HEADERS(headers),
            RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
            RD_KAFKA_V_OPAQUE(told),
            RD_KAFKA_V_END);
        rd_kafka_poll(producer, error == RD_KAFKA_RESP_ERR__QUEUE_FULL ? 100 : 0);
    } while (error == RD_KAFKA_RESP_ERR__QUEUE_FULL);
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
        rd_kafka_headers_destroy(headers);
        *told = (delivery){true, error, RD_KAFKA_OFFSET_INVALID};
    }
}

rd_kafka_resp_err_t try_send_with(rd_kafka_t *producer, records all, delivery *told) {
    for (size_t at = 0; at < all.count; at++) {
        produce(producer, &all.items[at], &told[at]);
    }
    expect_no_error(rd_kafka_flush(producer, 120000), "waiting for deliveries");
    for (size_t at = 0; at < all.count; at++) {
        expect(told[at].done, "a record is neither delivered nor refused");
        if (told[at].error != RD_KAFKA_RESP_ERR_NO_ERROR) {
            return told[at].error;
        }
    }
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

static rd_kafka_resp_err_t send_and_tell(records all, settings own, delivery *told) {
    rd_kafka_t *producer = new_producer(own);
    rd_kafka_resp_err_t error = try_send_with(producer, all, told);
    rd_kafka_destroy(producer);
    return error;
}

rd_kafka_resp_err_t try_send(records all, settings own) {
    return send_and_tell(all, own, memory(all.count * sizeof(delivery)));
}

int64_t send_all(records all, settings own) {
    delivery *told = memory(all.count * sizeof *told);
    expect_no_error(send_and_tell(all, own, told), "sending");
    int64_t expected[16] = {0}; /* by partition */
    bool known[16] = {false};
    for (size_t at = 0; at < all.count; at++) {
        int32_t partition = all.items[at].partition;
        if (known[partition]) {
            expect_number(told[at].offset, expected[partition], "offset of a record behind another");
        }
        known[partition] = true;
        expected[partition] = told[at].offset + 1;
    }
    return told[0].offset;
}

records numbered(const char *topic, int start, int count, int partitions) {
    records made = {memory(count * sizeof(record)), count};
    for (int at = 0; at < count; at++) {
        int number = start + at;
        made.items[at] = (record){
            .topic = topic,
            .partition = number % partitions,
            .key = bytes_of(text("key-%d", number % 97)),
            .value = bytes_of(text("value-%d", number)),
        };
    }
    return made;
}

void fill(const char *topic, int start, int count, int partitions) {
    send_all(numbered(topic, start, count, partitions), DEFAULTS);
}

rd_kafka_t *new_reader(const char *topic, int partitions, int64_t offset, settings own) {
    rd_kafka_t *made = new_consumer(fresh("no-group"), own);
    rd_kafka_topic_partition_list_t *places = rd_kafka_topic_partition_list_new(partitions);
    for (int32_t partition = 0; partition < partitions; partition++) {
        rd_kafka_topic_partition_list_add(places, topic, partition)->offset = offset;
    }
    expect_no_error(rd_kafka_assign(made, places), "assigning");
    rd_kafka_topic_partition_list_destroy(places);
    return made;
}

static bytes copied(const void *data, size_t length) {
    return data == NULL ? NULL_BYTES : (bytes){memcpy(memory(length), data, length), length};
}

record copy_of(rd_kafka_message_t *message) {
    record made = {
        .topic = text("%s", rd_kafka_topic_name(message->rkt)),
        .partition = message->partition,
        .offset = message->offset,
        .key = copied(message->key, message->key_len),
        .value = copied(message->payload, message->len),
    };
    made.timestamp = rd_kafka_message_timestamp(message, &made.timestamp_type);
    rd_kafka_message_detach_headers(message, &made.headers);
    return made;
}

bool next(rd_kafka_t *consumer, int64_t wait_ms, record *found, rd_kafka_resp_err_t *error) {
    for (int64_t end = now_ms() + wait_ms, left = wait_ms; left >= 0; left = end - now_ms()) {
        rd_kafka_message_t *message = rd_kafka_consumer_poll(consumer, (int)left);
        if (message == NULL) {
            continue;
        }
        rd_kafka_resp_err_t code = message->err;
        if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
            *found = copy_of(message);
        }
        rd_kafka_message_destroy(message);
        if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
            return true;
        }
        if (code == RD_KAFKA_RESP_ERR__FATAL || code == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET) {
            expect(error != NULL, "consuming: %s", rd_kafka_err2name(code));
            *error = code;
            return false;
        }
    }
    return false;
}

record take(rd_kafka_t *consumer) {
    record found;
    expect(next(consumer, TIMEOUT_MS, &found, NULL), "no record comes");
    return found;
}

records read_topic(const char *topic, int partitions, size_t count, settings own) {
    rd_kafka_t *consumer = new_reader(topic, partitions, RD_KAFKA_OFFSET_BEGINNING, own);
    records found = {NULL, 0};
    for (record one; found.count < count && next(consumer, TIMEOUT_MS, &one, NULL);) {
        add_record(&found, one);
    }
    close_consumer(consumer);
    expect_number((int64_t)found.count, (int64_t)count, "records read");
    return found;
}

void expect_value(record found, int number, const char *what) {
    char *shown = text("%.*s", (int)found.value.length, found.value.data ? found.value.data : "");
    expect_text(shown, text("value-%d", number), what);
}

void check_exactly_once(records found, size_t count) {
    for (size_t at = 0; at < found.count; at++) {
        expect_value(found.items[at], (int)at, "next value");
    }
    expect_number((int64_t)found.count, (int64_t)count, "records in all");
}

rd_kafka_topic_partition_list_t *place(const char *topic, int32_t partition, int64_t offset) {
    rd_kafka_topic_partition_list_t *made = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(made, topic, partition)->offset = offset;
    return made;
}

rd_kafka_resp_err_t ask_committed(const char *group, const char *topic, int64_t *offset) {
    rd_kafka_t *consumer = new_consumer(group, DEFAULTS);
    rd_kafka_topic_partition_list_t *found = place(topic, 0, RD_KAFKA_OFFSET_INVALID);
    rd_kafka_resp_err_t error = rd_kafka_committed(consumer, found, TIMEOUT_MS);
    *offset = found->elems[0].offset;
    rd_kafka_topic_partition_list_destroy(found);
    close_consumer(consumer);
    return error;
}

int64_t committed(const char *group, const char *topic) {
    int64_t offset;
    expect_no_error(ask_committed(group, topic, &offset), "asking for the committed offset");
    return offset;
}

int listed(const char *topic) {
    const rd_kafka_metadata_t *metadata;
    expect_no_error(rd_kafka_metadata(admin(), 1, NULL, &metadata, TIMEOUT_MS), "metadata");
    int partitions = 0; /* all topics are asked for: naming one might make it */
    for (int at = 0; at < metadata->topic_cnt; at++) {
        if (strcmp(metadata->topics[at].topic, topic) == 0) {
            partitions = metadata->topics[at].partition_cnt;
        }
    }
    rd_kafka_metadata_destroy(metadata);
    return partitions;
}
