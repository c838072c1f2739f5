/* Transactions: what they write and commit is seen whole, or not at all. */

#include "admin.h"
#include "scenarios.h"

#define COMMITTED SETTINGS("isolation.level", "read_committed")
#define UNCOMMITTED SETTINGS("isolation.level", "read_uncommitted")
#define RECORDS 10 /* of a transaction */

static rd_kafka_t *transactional(const char *id, const char *timeout_ms) {
    rd_kafka_t *made = new_producer(
        SETTINGS("transactional.id", id, "linger.ms", "1", "transaction.timeout.ms", timeout_ms));
    expect_done(rd_kafka_init_transactions(made, TIMEOUT_MS), "a producer with a transactional id");
    return made;
}

/* Begins a transaction and writes ten records in it, named so. */
static void write_named(rd_kafka_t *producer, const char *topic, const char *name) {
    record ten[RECORDS];
    delivery told[RECORDS] = {0};
    for (int at = 0; at < RECORDS; at++) {
        ten[at] = (record){.topic = topic, .value = bytes_of(text("%s-%d", name, at))};
    }
    expect_done(rd_kafka_begin_transaction(producer), "the begin of a transaction");
    expect_no_error(try_send_with(producer, (records){ten, RECORDS}, told), "sending");
}

static void commit(rd_kafka_t *producer) {
    expect_done(rd_kafka_commit_transaction(producer, TIMEOUT_MS), "a commit");
}

/* Those are all the committed records, ten of each name, up to a NULL. */
static void expect_committed(const char *topic, const char *const *names) {
    int count = 0;
    while (names[count]) {
        count++;
    }
    records found = read_topic(topic, 1, (size_t)count * RECORDS, COMMITTED);
    for (int at = 0; at < count * RECORDS; at++) {
        bytes value = found.items[at].value;
        expect_text(
            text("%.*s", (int)value.length, value.data),
            text("%s-%d", names[at / RECORDS], at % RECORDS),
            "committed record");
    }
}

/* The producer has been fenced, which is fatal. */
static void expect_fenced(rd_kafka_t *producer) {
    rd_kafka_error_t *error = rd_kafka_commit_transaction(producer, TIMEOUT_MS);
    expect(error != NULL, "a fenced producer has committed");
    expect_code(rd_kafka_error_code(error), RD_KAFKA_RESP_ERR__FENCED, "error of a fenced producer");
    expect(rd_kafka_error_is_fatal(error), "the error is not a fatal one");
}

static rd_kafka_error_t *send_offset(
    rd_kafka_t *producer, rd_kafka_t *consumer, const char *topic, int64_t offset) {
    rd_kafka_topic_partition_list_t *offsets = place(topic, 0, offset);
    rd_kafka_consumer_group_metadata_t *group = rd_kafka_consumer_group_metadata(consumer);
    rd_kafka_error_t *error = rd_kafka_send_offsets_to_transaction(producer, offsets, group, TIMEOUT_MS);
    rd_kafka_consumer_group_metadata_destroy(group);
    rd_kafka_topic_partition_list_destroy(offsets);
    return error;
}

void transactions(void) {
    char *topic = make_topic(1, DEFAULTS), *source = make_topic(1, DEFAULTS), *group = fresh("group");
    rd_kafka_t *producer = transactional(fresh("transactional"), "60000");
    rd_kafka_t *consumer = new_consumer(group, DEFAULTS);
    write_named(producer, topic, "committed");
    expect_done(send_offset(producer, consumer, source, 42), "offsets of a transaction");
    commit(producer);
    write_named(producer, topic, "aborted");
    expect_done(send_offset(producer, consumer, source, 77), "offsets of a transaction");
    expect_done(rd_kafka_abort_transaction(producer, TIMEOUT_MS), "an abort");
    write_named(producer, topic, "open");
    read_topic(topic, 1, 3 * RECORDS, UNCOMMITTED);
    expect_committed(topic, SETTINGS("committed"));
    commit(producer);
    expect_committed(topic, SETTINGS("committed", "open"));
    expect_number(committed(group, source), 42, "committed offset");
    close_consumer(consumer);
    rd_kafka_destroy(producer);
}

void transactions_fenced(void) {
    char *topic = make_topic(1, DEFAULTS), *id = fresh("transactional");
    rd_kafka_t *first = transactional(id, "60000");
    write_named(first, topic, "first");
    rd_kafka_t *second = transactional(id, "60000");
    write_named(second, topic, "second");
    commit(second);
    expect_fenced(first);
    expect_committed(topic, SETTINGS("second"));
}

void transactions_timeout(void) {
    char *topic = make_topic(1, DEFAULTS);
    rd_kafka_t *slow = transactional(fresh("transactional"), "3000");
    write_named(slow, topic, "slow");
    rd_kafka_t *quick = transactional(fresh("transactional"), "60000");
    write_named(quick, topic, "quick");
    commit(quick);
    /* Readers get past the open transaction once its time is up; Apache Kafka looks every ten seconds. */
    expect_committed(topic, SETTINGS("quick"));
    expect_fenced(slow);
}

/* Copies a topic into another, each record once. */
typedef struct {
    rd_kafka_t *consumer, *producer;
    char *group, *source, *target;
} copier;

static void start(copier *one) {
    one->producer = transactional(text("copies-%s", one->group), "60000");
    one->consumer = new_consumer(
        one->group,
        SETTINGS(
            "isolation.level", "read_committed",
            "session.timeout.ms", "6000",
            "heartbeat.interval.ms", "500"));
    subscribe(one->consumer, one->source);
}

static void stop(copier *one) {
    rd_kafka_consumer_close(one->consumer); /* it may fail for the reason that ended the copier */
    rd_kafka_destroy(one->consumer);
    rd_kafka_destroy(one->producer);
}

static copier new_copier(int count) {
    copier made = {.group = fresh("group"), .source = make_topic(1, DEFAULTS)};
    made.target = make_topic(1, DEFAULTS);
    fill(made.source, 0, count, 1);
    start(&made);
    return made;
}

/* What there is to copy, so many records at most. */
static records available(rd_kafka_t *consumer, size_t most) {
    records found = {NULL, 0};
    record one;
    for (int64_t wait_ms = 200; found.count < most && next(consumer, wait_ms, &one, NULL); wait_ms = 1) {
        add_record(&found, one);
    }
    return found;
}

static rd_kafka_error_t *seek_back(copier *of, int64_t offset) {
    rd_kafka_topic_partition_list_t *to = place(of->source, 0, offset);
    rd_kafka_error_t *error = rd_kafka_seek_partitions(of->consumer, to, TIMEOUT_MS);
    rd_kafka_topic_partition_list_destroy(to);
    return error;
}

/* One transaction with so many records, which are read again when it is aborted; its error. */
static rd_kafka_error_t *copy(copier *by, bool commits, size_t *count) {
    records found = available(by->consumer, 50);
    *count = found.count;
    if (found.count == 0) {
        return NULL;
    }
    rd_kafka_error_t *error = rd_kafka_begin_transaction(by->producer);
    delivery *told = memory(found.count * sizeof *told);
    for (size_t at = 0; error == NULL && at < found.count; at++) {
        record copied = {.topic = by->target, .key = found.items[at].key, .value = found.items[at].value};
        produce(by->producer, &copied, &told[at]); /* the commit knows what went wrong */
    }
    if (error == NULL) {
        error = send_offset(by->producer, by->consumer, by->source, found.items[found.count - 1].offset + 1);
    }
    if (error == NULL && commits) {
        error = rd_kafka_commit_transaction(by->producer, TIMEOUT_MS);
    } else if (error == NULL) {
        error = rd_kafka_abort_transaction(by->producer, TIMEOUT_MS);
        error = error ? error : seek_back(by, found.items[0].offset);
    }
    return error;
}

void consume_transform_produce(void) {
    const size_t count = 1000;
    copier one = new_copier((int)count);
    size_t copied = 0, in_one = 0;
    int64_t end = now_ms() + 60000;
    for (int turn = 0; copied < count && now_ms() < end; turn += in_one > 0) {
        bool commits = turn % 4 != 1;
        expect_done(copy(&one, commits, &in_one), "a transaction");
        copied += commits ? in_one : 0;
    }
    stop(&one);
    check_exactly_once(read_topic(one.target, 1, count, COMMITTED), count);
}

void kill_transactions(void) {
    const int count = 2000, kills = 4;
    copier one = new_copier(count);
    int64_t offset = 0, found;
    int killed = 0;
    while (offset < count) {
        if (killed < kills && offset > (killed + 1) * count / (kills + 1)) {
            killed++;
            restart_broker("kill");
        }
        size_t in_one;
        if (copy(&one, true, &in_one) != NULL) {
            stop(&one);
            start(&one); /* its producer ends what the one before left open */
        }
        if (ask_committed(one.group, one.source, &found) == RD_KAFKA_RESP_ERR_NO_ERROR) {
            offset = found;
        }
    }
    expect_number(killed, kills, "kills");
    stop(&one);
    check_exactly_once(read_topic(one.target, 1, (size_t)count, COMMITTED), (size_t)count);
}
