/* The program's side of a cell: how its result is said, and how a scenario checks.
 *
 * Whatever fails or gives up ends the program at once, from any thread, with the result line on stdout. */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PATIENCE_MS 45000 /* how long a condition may take to come about */

_Noreturn void passed(void);
_Noreturn void fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The client's API lacks what the scenario asks for. */
_Noreturn void not_in_this_client(const char *reason);
/* Nobody has made the program do the scenario. */
_Noreturn void not_written(void);

/* Has the broker killed (kill -9), stopped (SIGTERM) or started, and waits until that has happened. */
void ask_broker(const char *action);
void restart_broker(const char *how);

void expect(bool condition, const char *format, ...) __attribute__((format(printf, 2, 3)));
void expect_number(int64_t found, int64_t wanted, const char *what);
void expect_text(const char *found, const char *wanted, const char *what);

/* Asks again and again until the condition holds. */
#define WAIT_UNTIL(condition, ...)                                                                           \
    for (int64_t end_ms = now_ms() + PATIENCE_MS; !(condition); pause_ms(50))                                \
    expect(now_ms() < end_ms, "not in time: " __VA_ARGS__)

int64_t now_ms(void); /* since the epoch */
void pause_ms(int64_t ms);

/* A text like printf's, and memory, until the program ends: each runs one scenario. */
char *text(const char *format, ...) __attribute__((format(printf, 1, 2)));
void *memory(size_t size);

/* A name that no other cell uses. */
char *fresh(const char *kind);
