/* The broker stops, starts again, and is killed. */

#include "admin.h"
#include "member.h"
#include "scenarios.h"

#include <inttypes.h>

static bool is_committed(const char *group, const char *topic, int64_t offset) {
    int64_t found;
    return ask_committed(group, topic, &found) == RD_KAFKA_RESP_ERR_NO_ERROR && found == offset;
}

static void wait_committed(const char *group, const char *topic, int64_t offset) {
    WAIT_UNTIL(is_committed(group, topic, offset), "offset %" PRId64 " is committed", offset);
}

void restart_resume(void) {
    char *topic = make_topic(1, DEFAULTS), *group = fresh("group");
    const char *how[] = {"stop", "kill", "kill"};
    for (int run = 0; run < 3; run++) {
        fill(topic, run * 100, 100, 1);
        member *one = join(group, SETTINGS(topic), DEFAULTS);
        wait_seen(one, 100);
        leave(one);
        records found = seen(one);
        expect_number((int64_t)found.count, 100, "records of a run");
        for (int at = 0; at < 100; at++) {
            expect_value(found.items[at], run * 100 + at, "next record of a run");
        }
        restart_broker(how[run]);
        wait_committed(group, topic, (run + 1) * 100);
    }
    check_exactly_once(read_topic(topic, 1, 300, DEFAULTS), 300);
}

/* Sends so many records idempotently while the broker is killed so many times. */
static void produce_idempotent(int count, int kills) {
    char *topic = make_topic(1, DEFAULTS);
    rd_kafka_t *producer =
        new_producer(SETTINGS("enable.idempotence", "true", "queue.buffering.max.messages", "20000"));
    delivery *told = memory(count * sizeof *told);
    records all = numbered(topic, 0, count, 1);
    for (int at = 0, killed = 0; at < count; at++) {
        produce(producer, &all.items[at], &told[at]);
        if (killed < kills && at == (int)((2LL * killed + 1) * count / (2 * kills + 2))) {
            restart_broker("kill");
            killed++;
        }
    }
    expect_no_error(rd_kafka_flush(producer, 120000), "waiting for deliveries");
    for (int at = 0; at < count; at++) {
        expect(told[at].done, "record %d is neither delivered nor refused", at);
        expect_no_error(told[at].error, "delivery");
        expect_number(told[at].offset, at, "acknowledged offset");
    }
    rd_kafka_destroy(producer);
    check_exactly_once(read_topic(topic, 1, count, DEFAULTS), count);
}

void kill_produce(void) { produce_idempotent(200000, 5); }

void produce_retry(void) { produce_idempotent(50000, 0); }

void kill_consume(void) {
    const int batch = 500, kills = 3;
    crowd group = new_crowd(1);
    member *one = join_crowd(&group, DEFAULTS);
    for (int kill = 0; kill < kills; kill++) {
        fill(group.topic, group.sent, batch, 1);
        group.sent += batch;
        wait_seen(one, (size_t)(kill * batch + batch / 2));
        restart_broker("kill");
    }
    wait_all_read(&group, batch);
    wait_committed(group.group, group.topic, (kills + 1) * batch);
    disband(&group);
}

void kill_rebalance(void) {
    crowd group = new_crowd(6);
    join_crowd(&group, DEFAULTS);
    wait_shared(&group);
    for (int turn = 0; turn < 2; turn++) {
        join_crowd(&group, DEFAULTS);
        restart_broker("kill");
    }
    wait_shared(&group);
    wait_all_read(&group, 600);
    disband(&group);
}
