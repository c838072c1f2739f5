/* Members of a group: consumers that threads poll, with what each owns, had to give back and has seen. */

#pragma once

#include "client.h"

typedef struct member member;

/* A member that commits what it has seen, up to a NULL of topics. */
member *join(const char *group, const char *const *topics, settings own);
/* Closes it, when it has committed what it saw; a static member is no less a member then. */
void leave(member *one);

/* Copies of the lists of partitions that it owns, and that it had to give back so far. */
rd_kafka_topic_partition_list_t *owned(member *one);
rd_kafka_topic_partition_list_t *given_back(member *one);
/* How often it had to give something back. */
int times_revoked(member *one);

size_t seen_count(member *one);
void wait_seen(member *one, size_t count);
/* What it has seen so far; the records themselves stay. */
records seen(member *one);

bool same_places(const rd_kafka_topic_partition_list_t *one, const rd_kafka_topic_partition_list_t *other);

#define CROWD 8 /* members at most */

/* A group that shares one topic; everybody who ever was in it is remembered. */
typedef struct {
    char *group, *topic;
    int partitions, sent, members, everybody;
    member *member[CROWD], *ever[CROWD];
} crowd;

crowd new_crowd(int partitions);
member *join_crowd(crowd *of, settings own);
void leave_crowd(crowd *of, int place);
void disband(crowd *of);

/* Waits until every member owns something, every partition is owned, and by one member. */
void wait_members_share(member *const *members, int count, int partitions);
void wait_shared(const crowd *of);
/* Sends records, and waits until each that was ever sent has been read. */
void wait_all_read(crowd *of, int count);
