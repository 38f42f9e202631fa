package chaos

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	framing "example.com/sseworkbook/solutions/01-framing"
)

// kept is how many events the log of these tests keeps.
const kept = 3

// published is what the log of these tests has published: events 1 to 9.
func published() []framing.Event {
	var events []framing.Event
	for n := 1; n <= 9; n++ {
		events = append(events, framing.Event{Data: fmt.Sprintf("é%d\r\nnext\r", n)})
	}
	return events
}

// what returns an event as a client gets it, with the number that its ID has.
func what(kind string, number int) framing.Event {
	e := framing.Event{ID: fmt.Sprintf("LOG-%d", number), Type: kind}
	if kind == "message" {
		e.Data = fmt.Sprintf("é%d\nnext\n", number)
	}
	return e
}

// messages returns the events from one number to another.
func messages(from, to int) (events []framing.Event) {
	for n := from; n <= to; n++ {
		events = append(events, what("message", n))
	}
	return events
}

// heard returns a judge to which the events have come, each group on a connection.
func heard(groups ...[]framing.Event) *Judge {
	j := NewJudge(published(), "LOG-0", kept)
	for i, events := range groups {
		j.Hear(i+1, framing.Event{Type: "endpoint", Data: "responses?session=1"})
		for _, e := range events {
			j.Hear(i+1, e)
		}
	}
	return j
}

// start is what a client gets first.
var start = []framing.Event{what("start", 0)}

func TestAllIsWellIfEachEventCameOnceAndInOrder(t *testing.T) {
	j := heard(start, messages(1, 4), nil, messages(5, 9))
	require.Empty(t, j.Findings())
	require.True(t, j.Done())
	events, resets, missing := j.Counts()
	require.Equal(t, []int{9, 0, 0}, []int{events, resets, missing})
}

func TestAllIsWellIfAResetAnnouncedWhatIsMissing(t *testing.T) {
	j := heard(start, messages(1, 2), []framing.Event{what("reset", 6)}, messages(7, 9))
	require.Empty(t, j.Findings())
	require.True(t, j.Done())
	events, resets, missing := j.Counts()
	require.Equal(t, []int{5, 1, 4}, []int{events, resets, missing})

	j = heard(start, messages(1, 2), []framing.Event{what("reset", 9)})
	require.Empty(t, j.Findings())
	require.True(t, j.Done(), "there is nothing to wait for after a reset to the last event")
}

// altered returns event 3 with a type and data that may not be its own.
func altered(kind, data string) framing.Event {
	return framing.Event{ID: "LOG-3", Type: kind, Data: data}
}

// wrongs are histories in each of which something is wrong, and what the judge finds.
var wrongs = map[string]struct {
	groups [][]framing.Event
	want   []Finding
}{
	"nothing came": {nil, []Finding{{Wrong: Missing, From: 1, To: 9}}},
	"the end is missing": {
		[][]framing.Event{start, messages(1, 7)},
		[]Finding{{Wrong: Missing, From: 8, To: 9}},
	},
	"the first one is missing": {
		[][]framing.Event{start, messages(2, 9)},
		[]Finding{{Wrong: Missing, From: 1, To: 1, Connection: 2}},
	},
	"some are missing twice": {
		[][]framing.Event{start, messages(1, 2), messages(5, 7), messages(9, 9)},
		[]Finding{{Wrong: Missing, From: 3, To: 4, Connection: 3}, {Wrong: Missing, From: 8, To: 8, Connection: 4}},
	},
	"a start is no reset": {
		[][]framing.Event{start, messages(1, 2), {what("start", 6)}, messages(7, 9)},
		[]Finding{{Wrong: Missing, From: 3, To: 6, Connection: 4}},
	},
	"one came twice": {
		[][]framing.Event{start, messages(1, 5), messages(5, 9)},
		[]Finding{{Wrong: Doubled, From: 5, To: 5, Connection: 3}},
	},
	"one came too late": {
		[][]framing.Event{start, messages(1, 2), messages(4, 4), messages(3, 3), messages(5, 9)},
		[]Finding{{Wrong: OutOfOrder, From: 3, To: 3, Connection: 4, Got: "event 3", Want: "event 5"}},
	},
	"one came although it was announced as missing": {
		[][]framing.Event{start, messages(1, 2), {what("reset", 8)}, messages(8, 9)},
		[]Finding{{Wrong: OutOfOrder, From: 8, To: 8, Connection: 4, Got: "event 8", Want: "event 9"}},
	},
	"data is altered": {
		[][]framing.Event{start, messages(1, 2), {altered("message", "é3\nnext")}, messages(4, 9)},
		[]Finding{{Wrong: Altered, From: 3, To: 3, Connection: 3, Got: `message "é3\nnext"`, Want: `message "é3\nnext\n"`}},
	},
	"a type is altered": {
		[][]framing.Event{start, messages(1, 2), {altered("price", "é3\nnext\n")}, messages(4, 9)},
		[]Finding{{Wrong: Altered, From: 3, To: 3, Connection: 3, Got: `price "é3\nnext\n"`, Want: `message "é3\nnext\n"`}},
	},
	"an event of another log": {
		[][]framing.Event{start, {{ID: "OLD-1", Type: "message", Data: "é1\nnext\n"}}, messages(1, 9)},
		[]Finding{{Wrong: Foreign, Connection: 2, Got: `message "é1\nnext\n"`}},
	},
	"an event without an ID": {
		[][]framing.Event{start, {{Type: "message", Data: "forged"}}, messages(1, 9)},
		[]Finding{{Wrong: Foreign, Connection: 2, Got: `message "forged"`}},
	},
	"an event with the ID of the start": {
		[][]framing.Event{start, {what("message", 0)}, messages(1, 9)},
		[]Finding{{Wrong: Foreign, Connection: 2, Got: `message "é0\nnext\n"`}},
	},
	"an event that was never published": {
		[][]framing.Event{start, messages(1, 9), messages(10, 10)},
		[]Finding{{Wrong: Foreign, Connection: 3, Got: `message "é10\nnext\n"`}},
	},
	"a reset announced what the log still had": {
		[][]framing.Event{start, messages(1, 2), {what("reset", 5)}, messages(6, 9)},
		[]Finding{{Wrong: Needless, From: 3, To: 5, Connection: 3}},
	},
	"a reset went back": {
		[][]framing.Event{start, messages(1, 6), {what("reset", 5)}, messages(6, 9)},
		[]Finding{{Wrong: Needless, From: 7, To: 5, Connection: 3}, {Wrong: Doubled, From: 6, To: 6, Connection: 4}},
	},
}

func TestTheJudgeFindsWhatIsWrong(t *testing.T) {
	for name, test := range wrongs {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, test.want, heard(test.groups...).Findings())
		})
	}
}

func TestAFindingSaysWhatIsWrong(t *testing.T) {
	for want, f := range map[string]Finding{
		"event 3 never came, and no reset announced that":       {Wrong: Missing, From: 3, To: 3},
		"events 3 to 5 never came, and no reset announced that": {Wrong: Missing, From: 3, To: 5},
		"event 3 came again":                    {Wrong: Doubled, From: 3, To: 3},
		"event 3 came too late":                 {Wrong: OutOfOrder, From: 3, To: 3},
		"event 3 is not what was published":     {Wrong: Altered, From: 3, To: 3},
		"something came that was not published": {Wrong: Foreign},
		"a reset announced events 3 to 5 as missing, but the log still had them": {Wrong: Needless, From: 3, To: 5},
		"a reset went back to event 5":                                           {Wrong: Needless, From: 7, To: 5},
	} {
		require.Equal(t, want, f.String())
	}
}
