/* Consumer groups. */

#define _POSIX_C_SOURCE 200809L

#include "admin.h"
#include "member.h"
#include "scenarios.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void subscribe(rd_kafka_t *consumer, const char *topic) {
    rd_kafka_topic_partition_list_t *wanted = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(wanted, topic, RD_KAFKA_PARTITION_UA);
    expect_no_error(rd_kafka_subscribe(consumer, wanted), "subscription");
    rd_kafka_topic_partition_list_destroy(wanted);
}

crowd new_crowd(int partitions) {
    char *topic = make_topic(partitions, DEFAULTS);
    return (crowd){.group = fresh("group"), .topic = topic, .partitions = partitions};
}

void live_until_killed(const char *group, const char *topic) {
    member *one = join(group, SETTINGS(topic), SETTINGS("enable.auto.commit", "false"));
    WAIT_UNTIL(owned(one)->cnt > 0, "it owns something");
    printf("%d\n", (int)getpid());
    fflush(stdout);
    pause_ms(PATIENCE_MS);
}

/* Has another process join, and kills it as soon as it owns something. */
static void add_and_kill(const crowd *to) {
    char program[4096], line[32];
    ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
    expect(length > 0, "the program's own path");
    program[length] = '\0';
    char *command = text("exec '%s' mortal-member %s %s %s", program, bootstrap, to->group, to->topic);
    FILE *process = popen(command, "r");
    expect(process && fgets(line, sizeof line, process), "the member to be killed says nothing");
    expect(atoi(line) > 0 && kill(atoi(line), SIGKILL) == 0, "the member to be killed says %s", line);
    pclose(process);
}

void group_members(void) {
    crowd group = new_crowd(6);
    join_crowd(&group, DEFAULTS);
    wait_shared(&group);
    join_crowd(&group, DEFAULTS);
    join_crowd(&group, DEFAULTS);
    wait_shared(&group);
    wait_all_read(&group, 600);
    leave_crowd(&group, 2);
    wait_shared(&group);
    add_and_kill(&group);
    wait_shared(&group);
    wait_all_read(&group, 600);
    disband(&group);
}

void group_commit(void) {
    char *topic = make_topic(1, DEFAULTS), *group = fresh("group");
    fill(topic, 0, 100, 1);
    rd_kafka_t *first = new_consumer(group, DEFAULTS);
    subscribe(first, topic);
    take(first);
    rd_kafka_topic_partition_list_t *wanted = place(topic, 0, 42);
    char metadata[] = "forty-two";
    wanted->elems[0].metadata = memcpy(malloc(sizeof metadata), metadata, sizeof metadata);
    wanted->elems[0].metadata_size = strlen(metadata);
    expect_no_error(rd_kafka_commit(first, wanted, 0), "commit");
    rd_kafka_topic_partition_list_destroy(wanted);
    rd_kafka_topic_partition_list_t *found = place(topic, 0, RD_KAFKA_OFFSET_INVALID);
    expect_no_error(rd_kafka_committed(first, found, TIMEOUT_MS), "committed");
    expect_number(found->elems[0].offset, 42, "committed offset");
    bytes there = {found->elems[0].metadata, found->elems[0].metadata_size};
    expect(same_bytes(there, bytes_of(metadata)), "metadata: %zu bytes", there.length);
    rd_kafka_topic_partition_list_destroy(found);
    close_consumer(first);
    rd_kafka_t *second = new_consumer(group, DEFAULTS);
    subscribe(second, topic);
    expect_value(take(second), 42, "first record of the second run");
    close_consumer(second);
}

void group_round_robin(void) {
    char *one = make_topic(3, DEFAULTS), *other = make_topic(3, DEFAULTS), *group = fresh("group");
    settings own = SETTINGS("partition.assignment.strategy", "roundrobin");
    member *members[] = {join(group, SETTINGS(one, other), own), join(group, SETTINGS(one, other), own)};
    wait_members_share(members, 2, 6);
    for (int at = 0; at < 2; at++) {
        expect_number(owned(members[at])->cnt, 3, "partitions of a member, by range 4 and 2");
    }
    leave(members[0]);
    leave(members[1]);
}

void group_cooperative(void) {
    crowd group = new_crowd(6);
    settings own = SETTINGS("partition.assignment.strategy", "cooperative-sticky");
    member *first = join_crowd(&group, own);
    wait_shared(&group);
    member *second = join_crowd(&group, own);
    wait_shared(&group);
    expect(same_places(given_back(first), owned(second)), "the first gave back what the second has not got");
    disband(&group);
}

void group_static(void) {
    crowd group = new_crowd(6);
    member *settled = join_crowd(&group, SETTINGS("group.instance.id", "settled"));
    member *moving = join_crowd(&group, SETTINGS("group.instance.id", "moving"));
    wait_shared(&group);
    rd_kafka_topic_partition_list_t *had = owned(moving);
    int noticed = times_revoked(settled);
    leave_crowd(&group, 1);
    member *back = join_crowd(&group, SETTINGS("group.instance.id", "moving"));
    wait_shared(&group);
    expect(same_places(owned(back), had), "the member that came back has other partitions");
    wait_all_read(&group, 60);
    expect_number(times_revoked(settled), noticed, "how often the other gave something back");
    disband(&group);
}

/* A consumer, and members of a group, tell their rack, and read from the only replica. */
void consume_rack(void) {
    char *topic = make_topic(4, DEFAULTS);
    fill(topic, 0, 400, 4);
    read_topic(topic, 4, 400, SETTINGS("client.rack", "rack-1"));
    crowd group = new_crowd(6);
    join_crowd(&group, SETTINGS("client.rack", "rack-1"));
    join_crowd(&group, SETTINGS("client.rack", "rack-2"));
    wait_shared(&group);
    wait_all_read(&group, 600);
    disband(&group);
}

void consume_pattern(void) {
    char *prefix = fresh("pattern"), *other = fresh("other"), *group = fresh("group");
    char *first = text("%s-first", prefix), *later = text("%s-later", prefix);
    make_named(first, 1, DEFAULTS);
    make_named(other, 1, DEFAULTS);
    fill(first, 0, 10, 1);
    fill(other, 0, 10, 1);
    member *one = join(group, SETTINGS(text("^%s-.*", prefix)), DEFAULTS);
    wait_seen(one, 10);
    make_named(later, 1, DEFAULTS);
    fill(later, 10, 10, 1);
    wait_seen(one, 20);
    check_exactly_once(seen(one), 20);
    rd_kafka_topic_partition_list_t *wanted = place(first, 0, 0);
    rd_kafka_topic_partition_list_add(wanted, later, 0);
    expect(same_places(owned(one), wanted), "it owns other partitions than those of the two topics");
    leave(one);
}
