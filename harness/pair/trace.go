package pair

import (
	"encoding/json"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"example.com/sseworkbook/harness/pair/record"
)

// What a trace holds of one pair at most. What comes after that is counted.
const (
	traceLines = 1000
	traceBytes = 4 << 10   // in one line
	traceTotal = 512 << 10 // bytes in all; of what comes after that, there is the size
)

// tracedPairs numbers the pairs of this process.
var tracedPairs atomic.Int64

// A trace writes what passes between the parties of one pair. It is nil where
// none is wanted, and then does nothing. Each line is in the file when the call
// returns, since a step may take its process along. Nothing in it waits but for a
// lock that is held for the time of a write, and it has no goroutine, so it
// may be used in a bubble. It is safe for concurrent use.
type trace struct {
	step, part string
	pair       int64
	began      time.Time

	mu        sync.Mutex // guards the rest
	file      *os.File   // nil after the end
	exchanges int
	lines     int
	bytes     int
	last      time.Duration // when the last line was written
}

// newTrace returns the trace of a pair that tb is about to have, or nil.
func newTrace(tb testing.TB) *trace {
	name := os.Getenv(record.Variable)
	if name == "" {
		return nil
	}
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		tb.Logf("this pair has no trace: %v", err)
		return nil
	}
	step, part, _ := strings.Cut(tb.Name(), "/")
	return &trace{step: step, part: part, pair: tracedPairs.Add(1), began: time.Now(), file: file}
}

// watch has the trace tell of what client sends and gets.
func (t *trace) watch(client *http.Client, from, to string) {
	if t != nil {
		client.Transport = &tracedTransport{client.Transport.(*http.Transport), t, from, to}
	}
}

// panicked tells of a handler's panic.
func (t *trace) panicked(line string) {
	if t != nil {
		t.add(record.Line{Kind: record.Panic, From: "server", To: "server", Text: line})
	}
}

// add writes a line, as long as there is room.
func (t *trace) add(line record.Line) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.lines++
	switch {
	case t.lines <= traceLines:
		t.write(line)
	case t.lines == traceLines+1:
		t.write(record.Line{Kind: record.Full})
	}
}

// write writes a line. The caller holds t.mu.
func (t *trace) write(line record.Line) {
	if t.file == nil {
		return
	}
	line.Step, line.Part, line.Pair = t.step, t.part, t.pair
	if line.Kind != record.Held && line.Kind != record.Failed { // which may come from outside the bubble, where time is another
		t.last = time.Since(t.began)
	}
	line.At = t.last
	if t.bytes += len(line.Bytes); t.bytes > traceTotal {
		line.Bytes = nil
	}
	text, err := json.Marshal(line)
	if err == nil {
		_, _ = t.file.Write(append(text, '\n')) // at once, so that lines of several pairs do not mix
	}
}

// exchange returns the number of the request that comes next.
func (t *trace) exchange() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.exchanges++
	return t.exchanges
}

// end closes the trace. What the pair does to end its parties is no part of it. Of a
// test that has failed, it tells what the handlers of origin hold back.
func (t *trace) end(failed bool, origin *server) {
	if t == nil {
		return
	}
	if failed {
		for _, x := range origin.running() {
			t.holds(x)
		}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.lines > traceLines {
		t.write(record.Line{Kind: record.Left, Size: t.lines - traceLines})
	}
	if failed {
		t.write(record.Line{Kind: record.Failed})
	}
	if t.file != nil {
		_ = t.file.Close()
	}
	t.file = nil
}

// holds tells, once, what a handler holds back. It is called when something has
// failed, from any goroutine.
func (t *trace) holds(x *exchange) {
	if t == nil {
		return
	}
	if text := x.held(); text != "" {
		t.add(record.Line{Kind: record.Held, From: "server", To: "server", Text: text})
	}
}
