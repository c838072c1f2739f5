// Package harness is the Go programs' side of a cell: how its result is said, and how a scenario checks.
//
// Whatever fails or gives up ends the program at once, from any goroutine, with the result line on stdout.
package harness

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

var (
	output sync.Mutex
	input  = bufio.NewReader(os.Stdin)
	names  atomic.Int64
)

func say(line map[string]string) {
	text, err := json.Marshal(line)
	if err != nil {
		panic(err)
	}
	fmt.Println(string(text))
}

func finish(outcome, detail string) {
	output.Lock() // for good: nobody else has a result
	say(map[string]string{"outcome": outcome, "detail": detail})
	os.Exit(0)
}

// Passed ends the program: the scenario went as it should.
func Passed() { finish("passed", "") }

// NotInThisClient ends the program: the client's API lacks what the scenario asks for.
func NotInThisClient(reason string) { finish("not in this client", reason) }

// NotWritten ends the program: nobody has made it do the scenario.
func NotWritten() { finish("not written", "nobody has written it for this client yet") }

// Failf ends the program with a reason and the lines that led there.
func Failf(format string, arguments ...any) {
	finish("failed", fmt.Sprintf(format, arguments...)+trace())
}

// trace names the innermost callers outside this file.
func trace() string {
	callers := make([]uintptr, 16)
	frames := runtime.CallersFrames(callers[:runtime.Callers(2, callers)])
	_, here, _, _ := runtime.Caller(0)
	var text strings.Builder
	for {
		frame, more := frames.Next()
		if frame.File != here && !strings.Contains(frame.File, "/runtime/") {
			fmt.Fprintf(&text, "\n  %s:%d", frame.File[strings.LastIndex(frame.File, "/")+1:], frame.Line)
		}
		if !more {
			return text.String()
		}
	}
}

// NoError fails the scenario with an error.
func NoError(err error) {
	if err != nil {
		Failf("%v", err)
	}
}

// Must gives a value, or fails the scenario with the error in its place.
func Must[T any](value T, err error) T {
	NoError(err)
	return value
}

// Expect fails the scenario with a text unless the condition holds.
func Expect(condition bool, format string, arguments ...any) {
	if !condition {
		Failf(format, arguments...)
	}
}

// Equal fails the scenario unless both are deeply equal; the text shows both, cut to a readable length.
func Equal(found, wanted any, what string) {
	if !reflect.DeepEqual(found, wanted) {
		Failf("%s: found %.400s, wanted %.400s", what, fmt.Sprintf("%+v", found), fmt.Sprintf("%+v", wanted))
	}
}

// WaitUntil asks again and again until the condition holds; it fails the scenario after the limit.
func WaitUntil(what string, limit time.Duration, condition func() bool) {
	for end := time.Now().Add(limit); !condition(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			Failf("not within %v: %s", limit, what)
		}
	}
}

// WaitUntilDone tries again and again until there is no error; after the limit it fails the scenario with the last.
func WaitUntilDone(what string, limit time.Duration, try func() error) {
	for end := time.Now().Add(limit); ; time.Sleep(20 * time.Millisecond) {
		err := try()
		if err == nil {
			return
		}
		if time.Now().After(end) {
			Failf("not within %v: %s: %v", limit, what, err)
		}
	}
}

// Broker has the broker killed (kill -9), stopped (SIGTERM) or started, and waits until that has happened.
func Broker(action string) {
	output.Lock()
	defer output.Unlock()
	say(map[string]string{"broker": action})
	if _, err := input.ReadString('\n'); err != nil {
		os.Exit(1)
	}
}

// Fresh gives a name that no other cell uses; at a broker that others use too it begins with that of the run.
func Fresh(kind string) string {
	run := os.Getenv("ODRADEK_COMPAT_RUN")
	return fmt.Sprintf("%s%s-%d-%d-%d", run, kind, os.Getpid(), time.Now().UnixNano()%1e9, names.Add(1))
}
