package trace_test

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/sseworkbook/harness/pair"
	"example.com/sseworkbook/harness/pair/record"
	"example.com/sseworkbook/harness/trace"
)

// recorded returns lines as a pair writes them, for one pair of one step.
func recorded(t *testing.T, lines ...record.Line) []trace.Step {
	t.Helper()
	var text strings.Builder
	for _, line := range lines {
		line.Step, line.Pair = "TestStep", 1
		one, err := json.Marshal(line)
		require.NoError(t, err)
		text.Write(append(one, '\n'))
	}
	steps, err := trace.Read(strings.NewReader(text.String()))
	require.NoError(t, err)
	return steps
}

// told is a diagram in short: "client→server GET /events | note".
func told(p trace.Pair) (all []string) {
	for _, m := range p.Messages {
		line := m.From + "→" + m.To + " " + m.Label
		if m.Note != "" {
			line += " | " + m.Note
		}
		all = append(all, line)
	}
	return all
}

// inPieces sends events a second apart, cut where they are not complete, and refuses
// whatever is posted.
func inPieces(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodPost {
		http.Error(w, "no", http.StatusGone)
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	for _, text := range []string{"event: tick\ndata: 1\n\ndata: 2\n", "data: 3\n\n", "data: half\n"} {
		io.WriteString(w, text)
		http.NewResponseController(w).Flush()
		time.Sleep(time.Second) // of the bubble's time
	}
}

// What a real pair records comes out as it passed.
func TestARecordOfARealPairIsRead(t *testing.T) {
	file := filepath.Join(t.TempDir(), "record")
	t.Setenv(trace.Variable, file)
	synctest.Test(t, func(t *testing.T) {
		p := pair.Memory(t, http.HandlerFunc(inPieces))
		s := p.Open("/events")
		require.Equal(t, io.EOF, s.WaitEnd("the handler returns"))
		p.Post("/answers", "text/plain", "yes")
	})
	in, err := os.Open(file)
	require.NoError(t, err)
	defer in.Close()
	steps, err := trace.Read(in)
	require.NoError(t, err)
	require.Len(t, steps, 1)
	require.Equal(t, "TestARecordOfARealPairIsRead", steps[0].Name)
	require.Equal(t, []string{
		"client→server #1 GET /events",
		"server→client #1 200 OK",
		"server→client #1 event: tick␊data: 1",
		"server→client #1 data: 2␊data: 3 | arrived in 2 pieces, the last one 1s after the first",
		"server→client #1 data: half | no blank line ends it, so a browser shows nothing",
		"server→client #1 (the response ended as it should)",
		"client→server #2 POST /answers yes",
		"server→client #2 410 Gone no␊",
	}, told(steps[0].Pairs[0]))
	messages := steps[0].Pairs[0].Messages
	require.Equal(t, "data: 2\ndata: 3\n\n", messages[3].Bytes)
	require.Equal(t, 2000.0, messages[4].At)
	require.Equal(t, trace.End, messages[5].Kind)
	require.Equal(t, trace.Refusal, messages[7].Kind)
	require.True(t, strings.HasSuffix(messages[7].Bytes, "\r\n\r\nno\n"), "an answer that is no stream has its body with it")
}

func TestAFrameMayEndAnywhereInARead(t *testing.T) {
	for _, reads := range [][]string{
		{"data: a\r\n\r\ndata: b\r\n\r\n"}, {"data: a\r\n\r", "\ndata: b\r\n\r\n"}, {"data: a\r\n", "\r\ndata: b\r\n\r\n"},
		{"data: a\r\rdata: b\n\n"}, {"data: a\n", "\nda", "ta: b\n", "\n"},
	} {
		lines := []record.Line{{Kind: record.Head, From: "server", To: "client", Exchange: 1, Text: "200 OK", Stream: true}}
		for _, read := range reads {
			lines = append(lines, record.Line{Kind: record.Body, From: "server", To: "client", Exchange: 1, Bytes: []byte(read), Size: len(read)})
		}
		messages := recorded(t, lines...)[0].Pairs[0].Messages
		require.Len(t, messages, 3, "%q", reads)
		require.Equal(t, "data: a", messages[1].Label, "%q", reads)
		require.Equal(t, "data: b", messages[2].Label, "%q", reads)
		require.Equal(t, strings.Join(reads, ""), messages[1].Bytes+messages[2].Bytes)
	}
}

func TestWhatWasLeftOutIsSaid(t *testing.T) {
	var lines []record.Line
	for range 250 {
		lines = append(lines, record.Line{Kind: record.Request, From: "client", To: "proxy", Exchange: 1, Text: "GET /", Size: 9})
	}
	lines = append(lines, record.Line{Kind: record.Full}, record.Line{Kind: record.Left, Size: 7})
	p := recorded(t, lines...)[0].Pairs[0]
	require.Len(t, p.Messages, 200)
	require.Equal(t, []string{"client", "proxy", "server"}, p.Lanes)
	require.Equal(t, "What came later was left out: 57 more.", p.Left)
	require.Equal(t, "the first 0 of 9 bytes", p.Messages[0].Note)
}

func TestATroubleIsSetOff(t *testing.T) {
	p := recorded(t,
		record.Line{Kind: record.Request, From: "client", To: "server", Exchange: 1, Text: "GET /"},
		record.Line{Kind: record.Panic, From: "server", To: "server", Text: "the handler panicked"},
		record.Line{Kind: record.End, From: "server", To: "client", Exchange: 1, Text: "EOF: closed before any response"},
		record.Line{Kind: record.Failed},
	)[0].Pairs[0]
	require.True(t, p.Failed)
	require.Equal(t, []string{"client→server GET /", "server→server the handler panicked", "server→client (EOF: closed before any response)"}, told(p))
	require.Equal(t, trace.Trouble, p.Messages[1].Kind)
	require.Equal(t, trace.Trouble, p.Messages[2].Kind)
}

func TestARecordThatACrashCutOffIsReadUpToThere(t *testing.T) {
	steps, err := trace.Read(strings.NewReader(`{"step":"TestA","pair":1,"kind":"request"}` + "\n" + `{"step":"TestA","pa`))
	require.NoError(t, err)
	require.Len(t, steps, 1)
	_, err = trace.Read(strings.NewReader("no record\n"))
	require.ErrorContains(t, err, "reading the trace")
}

func TestFailuresAreTakenFromWhatGoTestPrints(t *testing.T) {
	steps := trace.WithFailures([]trace.Step{{Name: "TestA"}, {Name: "TestB"}}, `
noise of the learner's
--- FAIL: TestB (0.00s)
    --- FAIL: TestB/deep (0.00s)
        b_test.go:7: the sentence
            got 1
--- FAIL: TestC (0.12s)
    c_test.go:1: another
FAIL
`)
	require.Len(t, steps, 3)
	require.False(t, steps[0].Failed)
	require.Equal(t, "--- FAIL: TestB/deep (0.00s)\n    b_test.go:7: the sentence\n        got 1", steps[1].Message)
	require.Equal(t, "TestC", steps[2].Name)
	require.Equal(t, "c_test.go:1: another", steps[2].Message)
}
