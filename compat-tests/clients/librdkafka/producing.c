/* What a producer sends comes back as it went in. */

#include "admin.h"
#include "scenarios.h"

#include <string.h>

static bytes repeated(const char *what, int times) {
    size_t length = strlen(what);
    char *made = memory(length * times);
    for (int at = 0; at < times; at++) {
        memcpy(made + at * length, what, length);
    }
    return (bytes){made, length * times};
}

void produce_codecs(void) {
    const char *codecs[] = {"none", "gzip", "snappy", "lz4", "zstd"};
    for (int codec = 0; codec < 5; codec++) {
        char *topic = make_topic(1, DEFAULTS);
        records sent = numbered(topic, 0, 500, 1);
        for (int at = 0; at < 500; at++) {
            sent.items[at].value = repeated(sent.items[at].value.data, 20);
        }
        send_all(sent, SETTINGS("compression.type", codecs[codec], "linger.ms", "20"));
        records found = read_topic(topic, 1, 500, DEFAULTS);
        for (int at = 0; at < 500; at++) {
            record one = found.items[at], wanted = sent.items[at];
            expect(same_bytes(one.key, wanted.key), "key %d under %s", at, codecs[codec]);
            expect(same_bytes(one.value, wanted.value), "value %d under %s", at, codecs[codec]);
        }
    }
}

static void expect_header(const rd_kafka_headers_t *headers, size_t at, const char *name, bytes value) {
    const char *found_name;
    const void *data;
    size_t length;
    expect_no_error(rd_kafka_header_get_all(headers, at, &found_name, &data, &length), name);
    expect_text(found_name, name, "name of a header");
    expect(same_bytes((bytes){data, length}, value), "value of header %s", name);
}

void produce_shapes(void) {
    char *topic = make_topic(1, DEFAULTS);
    int64_t now = now_ms();
    bytes large = repeated("x", 900000), binary = {"\0\xff", 2};
    rd_kafka_headers_t *headers = rd_kafka_headers_new(4);
    rd_kafka_header_add(headers, "a", -1, "1", 1);
    rd_kafka_header_add(headers, "a", -1, "", 0);
    rd_kafka_header_add(headers, "\u00fcmlaut", -1, binary.data, (ssize_t)binary.length);
    rd_kafka_header_add(headers, "none", -1, NULL, 0);
    record shapes[] = {
        {.value = bytes_of("value")},
        {.key = bytes_of("key"), .headers = headers},
        {.key = NULL_BYTES, .value = NULL_BYTES},
        {.key = bytes_of(""), .value = bytes_of("")},
        {.key = bytes_of("large"), .value = large},
    };
    for (int at = 0; at < 5; at++) {
        shapes[at].topic = topic;
        shapes[at].timestamp = now + at;
    }
    send_all((records){shapes, 5}, SETTINGS("linger.ms", "50"));
    records found = read_topic(topic, 1, 5, DEFAULTS);
    for (int at = 0; at < 5; at++) {
        expect(same_bytes(found.items[at].key, shapes[at].key), "key of record %d", at);
        expect(same_bytes(found.items[at].value, shapes[at].value), "value of record %d", at);
        expect_number(found.items[at].timestamp, now + at, "timestamp");
    }
    const rd_kafka_headers_t *there = found.items[1].headers;
    expect_number((int64_t)rd_kafka_header_cnt(there), 4, "headers");
    expect_header(there, 0, "a", bytes_of("1"));
    expect_header(there, 1, "a", bytes_of(""));
    expect_header(there, 2, "\u00fcmlaut", binary);
    expect_header(there, 3, "none", NULL_BYTES);
}

void produce_acks(void) {
    char *topic = make_topic(1, DEFAULTS);
    const char *acks[] = {"all", "1", "0"};
    for (int run = 0; run < 3; run++) {
        records ten = numbered(topic, run * 10, 10, 1);
        if (run < 2) {
            expect_number(send_all(ten, SETTINGS("acks", acks[run])), run * 10, "first offset");
        } else { /* none is told */
            expect_no_error(try_send(ten, SETTINGS("acks", acks[run])), "without acknowledgement");
        }
    }
    records found = read_topic(topic, 1, 30, DEFAULTS);
    for (int at = 0; at < 30; at++) {
        expect_number(found.items[at].offset, at, "offset");
    }
    check_exactly_once(found, 30);
}

void produce_too_large(void) {
    char *topic = make_topic(1, SETTINGS("max.message.bytes", "2000"));
    record large = {.topic = topic, .value = repeated("x", 5000)};
    rd_kafka_resp_err_t refused = try_send((records){&large, 1}, DEFAULTS);
    expect_code(refused, RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, "5,000 bytes where 2,000 are allowed");
    fill(topic, 0, 1, 1);
    check_exactly_once(read_topic(topic, 1, 1, DEFAULTS), 1);
}

void produce_append_time(void) {
    char *topic = make_topic(1, SETTINGS("message.timestamp.type", "LogAppendTime"));
    int64_t begin = now_ms();
    record one = {.topic = topic, .value = bytes_of("value"), .timestamp = 1000000};
    send_all((records){&one, 1}, DEFAULTS);
    record found = read_topic(topic, 1, 1, DEFAULTS).items[0];
    expect_number(found.timestamp_type, RD_KAFKA_TIMESTAMP_LOG_APPEND_TIME, "timestamp type");
    bool is_now = found.timestamp > begin - 1000 && found.timestamp < now_ms() + 1000;
    expect(is_now, "the broker's time: %lld", (long long)found.timestamp);
}

static void expect_both_read(const char *version, const char *codec, bool has_time) {
    char *topic = make_topic(1, DEFAULTS);
    int64_t begin = now_ms();
    settings old = SETTINGS(
        "compression.type", codec, "api.version.request", "false", "broker.version.fallback", version);
    settings writers[] = {old, SETTINGS("compression.type", codec)};
    for (int run = 0; run < 2; run++) {
        records sent = numbered(topic, run * 100, 100, 1);
        for (int at = 0; at < 100; at++) {
            sent.items[at].timestamp = begin + at;
        }
        send_all(sent, writers[run]);
    }
    check_exactly_once(read_topic(topic, 1, 200, old + 2), 200); /* without the codec */
    records found = read_topic(topic, 1, 200, DEFAULTS);
    check_exactly_once(found, 200);
    for (int at = 0; at < 100; at++) {
        expect_number(found.items[at].timestamp, has_time ? begin + at : -1, "timestamp of an old record");
    }
}

/* Clients as they were write and read beside one of today: the message formats 0 and 1. */
void old_formats(void) {
    const char *codecs[] = {"none", "gzip", "snappy", "lz4"};
    for (int codec = 0; codec < 3; codec++) {
        expect_both_read("0.8.2", codecs[codec], false);
    }
    for (int codec = 0; codec < 4; codec++) {
        expect_both_read("0.10.0", codecs[codec], true);
    }
}

/* What is larger than each limit of a fetch comes nevertheless. */
void consume_large(void) {
    char *topic = make_topic(1, SETTINGS("max.message.bytes", "5000000"));
    bytes values[] = {bytes_of("small"), repeated("x", 3000000), bytes_of("small")};
    for (int at = 0; at < 3; at++) {
        record one = {.topic = topic, .value = values[at]};
        send_all((records){&one, 1}, SETTINGS("message.max.bytes", "5000000", "linger.ms", "0"));
    }
    settings limits = SETTINGS(
        "fetch.message.max.bytes", "1000", "fetch.max.bytes", "1000", "message.max.bytes", "1000");
    records found = read_topic(topic, 1, 3, limits);
    for (int at = 0; at < 3; at++) {
        expect(same_bytes(found.items[at].value, values[at]), "value %d", at);
    }
}
