#include "member.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

struct member {
    rd_kafka_t *consumer;
    pthread_t thread;
    atomic_bool ends;
    pthread_mutex_t mutex; /* of what follows */
    rd_kafka_topic_partition_list_t *owned, *given_back;
    int times_revoked;
    records seen;
};

static void add_places(rd_kafka_topic_partition_list_t *to, const rd_kafka_topic_partition_list_t *more) {
    for (int at = 0; at < more->cnt; at++) {
        rd_kafka_topic_partition_list_add(to, more->elems[at].topic, more->elems[at].partition);
    }
}

static void assign(rd_kafka_t *consumer, const rd_kafka_topic_partition_list_t *places, bool cooperative) {
    if (cooperative) {
        expect_done(rd_kafka_incremental_assign(consumer, places), "assignment");
    } else {
        expect_no_error(rd_kafka_assign(consumer, places), "assignment");
    }
}

static void give_back(rd_kafka_t *consumer, const rd_kafka_topic_partition_list_t *places, bool cooperative) {
    if (cooperative) {
        expect_done(rd_kafka_incremental_unassign(consumer, places), "giving back");
    } else {
        expect_no_error(rd_kafka_assign(consumer, NULL), "giving back");
    }
}

static void rebalanced(
    rd_kafka_t *consumer, rd_kafka_resp_err_t what, rd_kafka_topic_partition_list_t *places, void *opaque) {
    member *one = opaque;
    const char *protocol = rd_kafka_rebalance_protocol(consumer);
    bool cooperative = strcmp(protocol, "COOPERATIVE") == 0;
    pthread_mutex_lock(&one->mutex);
    if (what == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
        assign(consumer, places, cooperative);
        add_places(one->owned, places);
    } else {
        give_back(consumer, places, cooperative);
        add_places(one->given_back, places);
        one->times_revoked++;
        for (int at = 0; at < places->cnt; at++) {
            const rd_kafka_topic_partition_t *gone = &places->elems[at];
            rd_kafka_topic_partition_list_del(one->owned, gone->topic, gone->partition);
        }
    }
    pthread_mutex_unlock(&one->mutex);
}

/* Polls until the member leaves; errors of fetches are those of a broker that is away, and of rebalances. */
static void *poll_on(void *opaque) {
    member *one = opaque;
    while (!atomic_load(&one->ends)) {
        record found;
        if (next(one->consumer, 100, &found, NULL)) {
            pthread_mutex_lock(&one->mutex);
            add_record(&one->seen, found);
            pthread_mutex_unlock(&one->mutex);
        }
    }
    return NULL;
}

member *join(const char *group, const char *const *topics, settings own) {
    member *one = memory(sizeof *one);
    pthread_mutex_init(&one->mutex, NULL);
    one->owned = rd_kafka_topic_partition_list_new(0);
    one->given_back = rd_kafka_topic_partition_list_new(0);
    rd_kafka_conf_t *with = new_settings(SETTINGS(
        "group.id", group,
        "auto.offset.reset", "earliest",
        "auto.commit.interval.ms", "200",
        "session.timeout.ms", "6000",
        "heartbeat.interval.ms", "500",
        "topic.metadata.refresh.interval.ms", "500"));
    change(with, own);
    rd_kafka_conf_set_opaque(with, one);
    rd_kafka_conf_set_rebalance_cb(with, rebalanced);
    one->consumer = new_client(RD_KAFKA_CONSUMER, with);
    rd_kafka_poll_set_consumer(one->consumer);
    rd_kafka_topic_partition_list_t *wanted = rd_kafka_topic_partition_list_new(1);
    for (; *topics; topics++) {
        rd_kafka_topic_partition_list_add(wanted, *topics, RD_KAFKA_PARTITION_UA);
    }
    expect_no_error(rd_kafka_subscribe(one->consumer, wanted), "subscription");
    rd_kafka_topic_partition_list_destroy(wanted);
    pthread_create(&one->thread, NULL, poll_on, one);
    return one;
}

void leave(member *one) {
    atomic_store(&one->ends, true);
    pthread_join(one->thread, NULL);
    close_consumer(one->consumer);
}

rd_kafka_topic_partition_list_t *owned(member *one) {
    pthread_mutex_lock(&one->mutex);
    rd_kafka_topic_partition_list_t *found = rd_kafka_topic_partition_list_copy(one->owned);
    pthread_mutex_unlock(&one->mutex);
    return found;
}

rd_kafka_topic_partition_list_t *given_back(member *one) {
    pthread_mutex_lock(&one->mutex);
    rd_kafka_topic_partition_list_t *found = rd_kafka_topic_partition_list_copy(one->given_back);
    pthread_mutex_unlock(&one->mutex);
    return found;
}

int times_revoked(member *one) {
    pthread_mutex_lock(&one->mutex);
    int found = one->times_revoked;
    pthread_mutex_unlock(&one->mutex);
    return found;
}

records seen(member *one) {
    pthread_mutex_lock(&one->mutex);
    records found = {memory(one->seen.count * sizeof(record)), one->seen.count};
    if (found.count > 0) {
        memcpy(found.items, one->seen.items, found.count * sizeof(record));
    }
    pthread_mutex_unlock(&one->mutex);
    return found;
}

size_t seen_count(member *one) {
    pthread_mutex_lock(&one->mutex);
    size_t found = one->seen.count;
    pthread_mutex_unlock(&one->mutex);
    return found;
}

void wait_seen(member *one, size_t count) {
    WAIT_UNTIL(seen_count(one) >= count, "%zu records are seen", count);
}

bool same_places(const rd_kafka_topic_partition_list_t *one, const rd_kafka_topic_partition_list_t *other) {
    for (int at = 0; at < one->cnt; at++) {
        const rd_kafka_topic_partition_t *wanted = &one->elems[at];
        if (rd_kafka_topic_partition_list_find(
                (rd_kafka_topic_partition_list_t *)other, wanted->topic, wanted->partition) == NULL) {
            return false;
        }
    }
    return one->cnt == other->cnt;
}

static bool share(member *const *members, int count, int partitions) {
    rd_kafka_topic_partition_list_t *all = rd_kafka_topic_partition_list_new(partitions);
    bool fair = true;
    int sum = 0;
    for (int at = 0; at < count; at++) {
        rd_kafka_topic_partition_list_t *mine = owned(members[at]);
        fair &= mine->cnt > 0;
        sum += mine->cnt;
        for (int place = 0; place < mine->cnt; place++) {
            const char *topic = mine->elems[place].topic;
            int32_t partition = mine->elems[place].partition;
            fair &= rd_kafka_topic_partition_list_find(all, topic, partition) == NULL;
            rd_kafka_topic_partition_list_add(all, topic, partition);
        }
        rd_kafka_topic_partition_list_destroy(mine);
    }
    rd_kafka_topic_partition_list_destroy(all);
    return fair && sum == partitions;
}

void wait_members_share(member *const *members, int count, int partitions) {
    WAIT_UNTIL(share(members, count, partitions), "%d partitions shared by %d members", partitions, count);
}

void wait_shared(const crowd *of) { wait_members_share(of->member, of->members, of->partitions); }

member *join_crowd(crowd *of, settings own) {
    member *one = join(of->group, SETTINGS(of->topic), own);
    of->member[of->members++] = one;
    of->ever[of->everybody++] = one;
    return one;
}

void leave_crowd(crowd *of, int place) {
    leave(of->member[place]);
    of->members--;
    memmove(&of->member[place], &of->member[place + 1], (of->members - place) * sizeof(member *));
}

void disband(crowd *of) {
    while (of->members > 0) {
        leave_crowd(of, 0);
    }
}

/* The number in a value that fill() made. */
static int number_of(record one) {
    char *value = text("%.*s", (int)one.value.length, one.value.data);
    int number = atoi(value + strlen("value-"));
    free(value);
    return number;
}

static bool all_read(const crowd *of) {
    bool *known = memory(of->sent);
    int distinct = 0;
    for (int at = 0; at < of->everybody; at++) {
        records of_one = seen(of->ever[at]);
        for (size_t place = 0; place < of_one.count; place++) {
            int number = number_of(of_one.items[place]);
            expect(number >= 0 && number < of->sent, "a record that was not sent: %d", number);
            distinct += !known[number];
            known[number] = true;
        }
        free(of_one.items);
    }
    free(known);
    return distinct == of->sent;
}

void wait_all_read(crowd *of, int count) {
    fill(of->topic, of->sent, count, of->partitions);
    of->sent += count;
    WAIT_UNTIL(all_read(of), "every record is read");
}
