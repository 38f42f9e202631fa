package chaos

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

// at returns how long a slice of the timeline below takes to begin.
func at(slice int) time.Duration { return time.Duration(slice) * 200 * time.Millisecond }

// bad is a report of two clients, the second of which missed something.
func bad() *Report {
	fault := func(slice, connection int, kind Kind, place Place) Entry {
		return Entry{At: at(slice), Connection: connection, What: Faulted, Fault: Fault{Kind: kind, For: at(3)}, Place: place, Tail: "data: \xc3"}
	}
	return &Report{
		o:         Options{Seed: 7, Clients: 2, Events: 2000},
		took:      at(timelineWidth) - timelineWidth,
		published: 2000,
		clients: []account{
			{number: 1, events: 2000, longest: time.Second, entries: []Entry{
				{At: at(0), Connection: 1, What: Opened},
				{At: at(1), Connection: 1, What: Received, From: 1, To: 1500, Until: at(8)},
				fault(3, 1, Split, Place{Passed: 500}),
				fault(5, 1, Stall, Place{Passed: 5000, InFrame: true}),
				fault(8, 1, Silence, Place{Passed: 9000}),
				{At: at(13), Connection: 1, What: Lost, Text: "nothing came for 1s"},
				{At: at(13), Connection: 2, What: Opened, Text: "LOG-1500"},
				{At: at(14), Connection: 2, What: Received, From: 1501, To: 2000, Until: at(20)},
			}},
			{number: 2, events: 10, resets: 1, missing: 1987, findings: []Finding{
				{Wrong: Missing, From: 3, To: 5, Connection: 2},
				{Wrong: Altered, From: 2, To: 2, Connection: 1, Got: "message \"\u202e\"", Want: `message "é"`},
			}, entries: []Entry{
				{At: at(0), Connection: 1, What: Opened},
				{At: at(1), Connection: 1, What: Received, From: 1, To: 2, Until: at(1)},
				fault(2, 1, Cut, Place{Passed: 1234, InFrame: true, InCharacter: true}),
				{At: at(2), Connection: 1, What: Lost, Text: "unexpected EOF"},
				{At: at(3), Connection: 2, What: Opened, Text: "LOG-5"},
				{At: at(3), Connection: 2, What: Reset, From: 6, To: 1992},
				{At: at(4), Connection: 2, What: Received, From: 1993, To: 2000, Until: at(6)},
			}},
		},
	}
}

func TestAReportShowsTheTimelineTheTotalsAndTheVerdict(t *testing.T) {
	var text bytes.Buffer
	_, err := bad().WriteTo(&text)
	require.NoError(t, err)
	for _, want := range []string{
		"            0 s       2 s       4 s       6 s       8 s       10 s      12 s\n",
		"client   1  " + " ··p·sss______·······" + "\n",
		"client   2  " + " ·xR···" + "\n",
		"\nevents       2,000 published · 2,010 deliveries to 2 clients\n",
		"\nconnections  4 in 13.6 s\n",
		"\nfaults            1  cut\n",
		"\ncut off      2 streams: 1 in a frame, 1 of them in a character\n",
		"\nresets       1 · 1,987 events announced as missing\n",
		"\nlongest gap  1.0 s without an event, at client 1\n",
		"\nclient 2: events 3 to 5 never came, and no reset announced that\n" +
			"    connection 1 was cut after 1,234 bytes, in a character\n" +
			"    connection 2 had no fault\n",
		"\nclient 2: event 2 is not what was published\n" +
			"    got   message \"\ufffd\"\n" +
			"    want  message \"é\"\n" +
			"    connection 1 was cut after 1,234 bytes, in a character\n",
		"\n\nrun it again: go run ./harness demo chaos -seed 7 -clients 2 -events 2000\n",
	} {
		require.Contains(t, "\n"+text.String(), want)
	}
	for line := range strings.Lines(text.String()) {
		require.LessOrEqual(t, utf8.RuneCountInString(strings.TrimSpace(line)), 80, "%s", line)
		require.NotContains(t, line, "\x1b")
	}
	require.EqualError(t, bad().Err(), "2 things are wrong with what the clients got")
}

// Only the first findings are spelt out.
func TestAReportOfManyFindingsIsShort(t *testing.T) {
	report := bad()
	for range 1500 {
		report.clients[0].findings = append(report.clients[0].findings, Finding{Wrong: Doubled, From: 1, To: 1, Connection: 1})
	}
	var text bytes.Buffer
	_, err := report.WriteTo(&text)
	require.NoError(t, err)
	require.Contains(t, text.String(), "\nand 1,492 more\n")
	require.Equal(t, findingsAtMost, strings.Count(text.String(), "client 1: event 1 came again\n"))
}

func TestAPageShowsWhatHappenedToEachClient(t *testing.T) {
	page := bad().Page()
	require.Equal(t, "go run ./harness demo chaos -seed 7 -clients 2 -events 2000", page.Command)
	require.Len(t, page.Steps, 2)
	require.False(t, page.Steps[0].Failed)
	require.True(t, page.Steps[1].Failed)
	require.Contains(t, page.Steps[1].Message, "client 2: events 3 to 5 never came")
	var drawn []string
	for _, m := range page.Steps[1].Pairs[0].Messages {
		drawn = append(drawn, fmt.Sprintf("%v %s %s→%s %s", m.At, m.Chapter, m.From, m.To, m.Label))
	}
	require.Equal(t, []string{
		"0 Connection 1 client→server GET /events",
		"200 Connection 1 server→client events 1 to 2",
		"400 Connection 1 proxy→client cut after 1,234 bytes, in a character",
		"400 Connection 1 client→client lost: unexpected EOF",
		"600 Connection 2 client→server GET /events · Last-Event-ID: LOG-5",
		"600 Connection 2 server→client reset: events 6 to 1992 are missing",
		"800 Connection 2 server→client events 1993 to 2000",
	}, drawn)
	require.Equal(t, "data: \xc3", page.Steps[1].Pairs[0].Messages[2].Bytes)
}

// Long data is shown from shortly before its first difference.
func TestAFindingShowsTheDifference(t *testing.T) {
	same := strings.Repeat("é", 500)
	words := account{number: 3}.words(Finding{Wrong: Altered, From: 7, To: 7, Connection: 1, Got: same + "x", Want: same + "y"})
	require.Equal(t, "client 3: event 7 is not what was published\n"+
		"    got   …"+strings.Repeat("é", 20)+"x\n"+
		"    want  …"+strings.Repeat("é", 20)+"y\n"+
		"    connection 1 had no fault", words)
}

// What never came is shown with the client's last connections.
func TestAFindingWithoutAConnectionShowsTheLastOnes(t *testing.T) {
	words := bad().clients[1].words(Finding{Wrong: Missing, From: 2000, To: 2000})
	require.Equal(t, "client 2: event 2000 never came, and no reset announced that\n"+
		"    nothing came after that\n"+
		"    connection 1 was cut after 1,234 bytes, in a character\n"+
		"    connection 2 had no fault", words)
}

func TestNumbersAreReadable(t *testing.T) {
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1,000", 10_007: "10,007", 1_234_567: "1,234,567"} {
		require.Equal(t, want, thousands(n))
	}
	require.Equal(t, "1 delivery, 2 deliveries", counted(1, "delivery")+", "+counted(2, "delivery"))
}
