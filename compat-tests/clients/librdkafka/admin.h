/* Administration: one request at a time, by the program's one client for it. */

#pragma once

#include "client.h"

rd_kafka_t *admin(void);

/* Where answers to requests are to go, and the answer to the one that was just sent. */
rd_kafka_queue_t *answers(void);
rd_kafka_event_t *answer(void);

/* The error of the one thing that was asked for; else, of the request itself. */
rd_kafka_resp_err_t create_topic(const char *name, int partitions, settings own);
rd_kafka_resp_err_t delete_topic(const char *name);

/* Makes a topic, and waits until the broker knows it: Apache Kafka answers a creation a moment earlier. */
void make_named(const char *name, int partitions, settings own);
char *make_topic(int partitions, settings own);
void wait_listed(const char *topic, int partitions);
