package pair_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/sseworkbook/harness/pair"
	"example.com/sseworkbook/harness/pair/record"
)

// traced has the pairs of this test leave a trace, and returns a function that reads it.
func traced(t *testing.T) (read func(t *testing.T) []record.Line) {
	file := filepath.Join(t.TempDir(), "trace")
	t.Setenv(record.Variable, file)
	return func(t *testing.T) (lines []record.Line) {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		for text := range bytes.Lines(text) {
			var line record.Line
			require.NoError(t, json.Unmarshal(text, &line))
			lines = append(lines, line)
		}
		return lines
	}
}

// kinds are the lines in short: "client→server request GET /events".
func kinds(lines []record.Line) (all []string) {
	for _, l := range lines {
		text := l.Text
		if l.Kind == record.Body {
			text = string(l.Bytes)
		}
		all = append(all, l.From+"→"+l.To+" "+string(l.Kind)+" "+text)
	}
	return all
}

func TestATraceHasWhatPassesOverEachTransport(t *testing.T) {
	read := traced(t)
	onEach(t, func(t *testing.T, start startFunc) {
		p := start(t, func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodPost {
				w.WriteHeader(http.StatusAccepted)
				return
			}
			untilGone("data: a\n\n").ServeHTTP(w, r)
		})
		s := p.Open("/events", "Last-Event-ID", "7")
		s.Expect("the event", "data: a\n\n")
		p.Post("/answers", "text/plain", "yes")
		s.Leave()
		require.Error(t, s.WaitEnd("the client has left"))
	})
	told := map[int64][]string{}
	for _, line := range read(t) {
		told[line.Pair] = append(told[line.Pair], kinds([]record.Line{line})[0])
	}
	require.Len(t, told, 2*len(protocols))
	for _, story := range told {
		require.Subset(t, story, []string{
			"client→server request GET /events", "server→client head 200 OK", "server→client body data: a\n\n",
			"client→server request POST /answers", "server→client head 202 Accepted",
		})
	}
}

func TestATraceTellsTheWholeStory(t *testing.T) {
	read := traced(t)
	synctest.Test(t, func(t *testing.T) {
		next := make(chan string)
		p := pair.Memory(t, held(next))
		s := p.Open("/events", "Last-Event-ID", "7")
		time.Sleep(time.Minute)
		next <- "data: a\n\n"
		s.Expect("the event", "data: a\n\n")
		close(next)
		require.Equal(t, io.EOF, s.WaitEnd("the handler has returned"))
	})
	lines := read(t)
	require.Equal(t, []string{
		"client→server request GET /events",
		"server→client head 200 OK",
		"server→client body data: a\n\n",
		"server→client end the response ended as it should",
	}, kinds(lines))
	require.Equal(t, "TestATraceTellsTheWholeStory", lines[0].Step)
	require.Contains(t, string(lines[0].Bytes), "GET /events HTTP/1.1\r\n")
	require.Contains(t, string(lines[0].Bytes), "Last-Event-Id: 7\r\n")
	require.NotContains(t, string(lines[0].Bytes), "Sseworkbook", "what the pair adds for itself is not on show")
	require.Contains(t, string(lines[1].Bytes), "HTTP/1.1 200 OK\r\n")
	require.True(t, lines[1].Stream)
	require.Equal(t, time.Minute, lines[2].At, "time is the bubble's")
}

func TestATraceSaysWhoEndedTheResponseAndHow(t *testing.T) {
	read := traced(t)
	synctest.Test(t, func(t *testing.T) {
		p := pair.Memory(t, untilGone("data: a\n\n"))
		s := p.Open("/left")
		s.Leave()
		require.Error(t, s.WaitEnd("the client has left"))
		s = p.Open("/cut")
		s.Cut()
		require.Error(t, s.WaitEnd("the connection was cut"))
		resp, err := p.Client.Get(p.URL + "/closed")
		require.NoError(t, err)
		resp.Body.Close()
	})
	story := strings.Join(kinds(read(t)), "\n")
	require.Contains(t, story, "client→server end context canceled: the client itself gave up the request")
	require.Contains(t, story, "server→client end read memory")
	require.Contains(t, story, "client→server end the client closed the response before it ended")
}

func TestATraceShowsTheProxyBetween(t *testing.T) {
	read := traced(t)
	p := pair.TCP(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.Write(body)
	}), pair.BufferingProxy())
	require.Equal(t, "yes", p.Post("/", "text/plain", "yes").Body)
	require.Equal(t, []string{
		"client→proxy request POST /", "proxy→server request POST /",
		"server→proxy head 200 OK", "server→proxy body yes",
	}, kinds(read(t))[:4])
	require.Contains(t, string(read(t)[0].Bytes), "\r\n\r\nyes")
}

// Where a step waits for bytes in vain, the trace says that the handler holds them
// back, and that this is the pair at which it failed.
func TestATraceSaysWhatTheHandlerHoldsBack(t *testing.T) {
	read := traced(t)
	written := make(chan struct{})
	text := watch(t, func(tb testing.TB) {
		p := pair.TCP(tb, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			io.WriteString(w, "data: a\n\n")
			flush(w)
			io.WriteString(w, "data: b\n\n")
			close(written)
			<-r.Context().Done()
		}))
		s := p.Open("/events")
		<-written
		s.Expect("the first one is another", "data: b\n\n")
	})
	require.Contains(t, text, "the first one is another")
	told := kinds(read(t))
	require.Equal(t, []string{
		"server→server held the handler of GET /events wrote 9 bytes that it did not flush", "→ failed ",
	}, told[len(told)-2:])
}

// A step may ask a thousand times, and a body may come byte by byte.
func TestATraceIsBounded(t *testing.T) {
	read := traced(t)
	long := strings.Repeat("x", 10_000)
	p := pair.TCP(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, long) }))
	p.Post("/", "text/plain", long)
	resp, err := p.Client.Get(p.URL)
	require.NoError(t, err)
	body, err := io.ReadAll(iotest.OneByteReader(resp.Body))
	require.NoError(t, err)
	require.Equal(t, long, string(body))
	require.NoError(t, resp.Body.Close())
	p.Close()

	lines := read(t)
	require.Len(t, lines[0].Bytes, 4<<10)
	require.Greater(t, lines[0].Size, 10_000)
	require.Len(t, lines, 1002)
	require.Equal(t, record.Full, lines[1000].Kind)
	require.Equal(t, record.Left, lines[1001].Kind)
	require.Greater(t, lines[1001].Size, 9_000)
}

func TestATraceOfMuchDataKeepsItsSize(t *testing.T) {
	read := traced(t)
	long := strings.Repeat("x", 8<<10)
	p := pair.TCP(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {}))
	for range 200 {
		p.Post("/", "text/plain", long)
	}
	lines, kept := read(t), 0
	for _, line := range lines {
		kept += len(line.Bytes)
	}
	require.LessOrEqual(t, kept, 512<<10)
	require.Equal(t, record.Request, lines[len(lines)-2].Kind)
	require.Empty(t, lines[len(lines)-2].Bytes)
	require.Greater(t, lines[len(lines)-2].Size, 8<<10)
}

func TestATraceThatCannotBeWrittenIsNoneAndHarmsNothing(t *testing.T) {
	t.Setenv(record.Variable, filepath.Join(t.TempDir(), "missing", "trace"))
	p := pair.TCP(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "fine") }))
	require.Equal(t, "fine", p.Get("/").Body)
}
