#define _GNU_SOURCE

#include "harness.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define LONGEST 400 /* of what a failure shows of a text */

static pthread_mutex_t output = PTHREAD_MUTEX_INITIALIZER;

static void print_escaped(const char *detail) {
    for (const unsigned char *at = (const unsigned char *)detail; *at; at++) {
        if (*at == '"' || *at == '\\') {
            printf("\\%c", *at);
        } else if (*at < ' ') {
            printf("\\u%04x", *at);
        } else {
            putchar(*at);
        }
    }
}

static _Noreturn void finish(const char *outcome, const char *detail) {
    pthread_mutex_lock(&output); /* for good: nobody else has a result */
    printf("{\"outcome\": \"%s\", \"detail\": \"", outcome);
    print_escaped(detail);
    printf("\"}\n");
    fflush(stdout);
    _exit(0); /* a client's threads must not keep the cell waiting */
}

void passed(void) { finish("passed", ""); }

void not_in_this_client(const char *reason) { finish("not in this client", reason); }

void not_written(void) { finish("not written", "nobody has written it for this client yet"); }

static char *formatted(const char *format, va_list arguments) {
    char *made = NULL;
    if (vasprintf(&made, format, arguments) < 0) {
        abort();
    }
    return made;
}

char *text(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    char *made = formatted(format, arguments);
    va_end(arguments);
    return made;
}

void *memory(size_t size) {
    void *made = calloc(1, size ? size : 1);
    if (made == NULL) {
        abort();
    }
    return made;
}

void fail(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    finish("failed", formatted(format, arguments));
}

void expect(bool condition, const char *format, ...) {
    if (condition) {
        return;
    }
    va_list arguments;
    va_start(arguments, format);
    finish("failed", formatted(format, arguments));
}

void expect_number(int64_t found, int64_t wanted, const char *what) {
    expect(found == wanted, "%s: found %" PRId64 ", wanted %" PRId64, what, found, wanted);
}

void expect_text(const char *found, const char *wanted, const char *what) {
    const char *shown = found ? found : "nothing";
    bool same = found && strcmp(found, wanted) == 0;
    expect(same, "%s: found %.*s, wanted %.*s", what, LONGEST, shown, LONGEST, wanted);
}

void ask_broker(const char *action) {
    char answer[16];
    pthread_mutex_lock(&output);
    printf("{\"broker\": \"%s\"}\n", action);
    fflush(stdout);
    if (fgets(answer, sizeof answer, stdin) == NULL) {
        _exit(1);
    }
    pthread_mutex_unlock(&output);
}

void restart_broker(const char *how) {
    ask_broker(how);
    ask_broker("start");
}

int64_t now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void pause_ms(int64_t ms) {
    struct timespec time = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
    nanosleep(&time, NULL);
}

char *fresh(const char *kind) {
    static atomic_int names;
    int number = atomic_fetch_add(&names, 1);
    return text("%s-%d-%" PRId64 "-%d", kind, (int)getpid(), now_ms() % 1000000000, number);
}
