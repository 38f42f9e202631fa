package backpressure_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"example.com/sseworkbook/harness/step"
	backpressure "example.com/sseworkbook/lessons/10-backpressure"
	framing "example.com/sseworkbook/solutions/01-framing"
	sessions "example.com/sseworkbook/solutions/04-sessions"
)

// Part 1, the newest is refused.

// What waits for a client is memory of the server's, and a client may never read.
func TestAsManyBroadcastsWaitAsTheLimitSays(t *testing.T) {
	defer step.Begin(t)()
	l := newLine(t, (&backpressure.Limit{Size: 3}).Refuse)
	step.Equal(t, "Size is 3, and three broadcasts came: all of them must wait, in order", "1, 2, 3", l.numbers(1, 3).broadcasts())
	step.Equal(t, "Size is 3, three broadcasts wait, and two more came: Refuse must drop these two, and return no error",
		"1, 2, 3", l.numbers(4, 5).broadcasts())
	step.Equal(t, "the client read all three, and two more came: these two must wait", "6, 7", l.taken().numbers(6, 7).broadcasts())
	for _, size := range []int{0, -1, 1, 300} {
		want := size
		if size <= 0 {
			want = backpressure.DefaultSize
		}
		l := newLine(t, (&backpressure.Limit{Size: size}).Refuse).numbers(1, 400)
		step.Equal(t, fmt.Sprintf("Size is %d, and 400 broadcasts came: the first %d of them must wait", size, want), span(1, want), l.broadcasts())
	}
}

// A client that is not told takes what it has for all there was.
func TestAGapStandsForWhatIsMissing(t *testing.T) {
	defer step.Begin(t)()
	l := newLine(t, (&backpressure.Limit{Size: 3}).Refuse)
	l.numbers(1, 4).want("Size is 3, and the fourth broadcast was refused: a gap event must take its place, with the number of missing events as data", "1, 2, 3, gap of 1")
	l.numbers(5, 12).want("Size is 3, and eight more broadcasts were refused in the same place: there must be one gap event, and its number must grow", "1, 2, 3, gap of 9")
	step.Equal(t, "a gap event must have exactly these bytes, and no ID: a client that comes back must still name the event before the gap",
		"event: gap\ndata: 9\n\n", string(l.frames[3]))
	l.numbers(13, 1500).want("1,500 broadcasts came, and 1,497 of them are missing: the gap event must say so", "1, 2, 3, gap of 1497")
	l.taken().numbers(13, 17).want("the client read all, then five broadcasts came: three must wait, and a new gap must count the other two", "13, 14, 15, gap of 2")
}

// A request that is dropped is a caller that waits in vain. It fails at once, or it goes
// out.
func TestWhatIsForOneClientIsNeverDropped(t *testing.T) {
	defer step.Begin(t)()
	l := newLine(t, (&backpressure.Limit{Size: 2}).Refuse)
	l.send("a", "b", "c").want("Size is 2, and three events without an ID (marked with ~) came: they do not count, so all of them must wait", "~a, ~b, ~c")
	l.broadcast("1").send("d").broadcast("2").want("Size is 2, and two broadcasts came between events without an ID: all must wait, in order", "~a, ~b, ~c, 1, ~d, 2")
	l.broadcast("3", "4").send("e").want("Size is 2, two broadcasts were refused, and then an event without an ID came: it must wait behind the gap", "~a, ~b, ~c, 1, ~d, 2, gap of 2, ~e")
	other := newLine(t, (&backpressure.Limit{Size: 1}).Refuse).broadcast("1")
	other.put(framing.Event{Data: "text\nid: 9\nevent: gap"})
	other.broadcast("2").want("the data of an event without an ID looks like an id and a gap: the event must not count as a broadcast or as a gap", "1, ~text\nid: 9\nevent: gap, gap of 1")
	l.broadcast("5").want("then another broadcast was refused: it is missing behind the event without an ID, so it needs its own gap event there",
		"~a, ~b, ~c, 1, ~d, 2, gap of 2, ~e, gap of 1")
	l.broadcast("6").send("f").broadcast("7").want("two more broadcasts were refused: each must be counted by the gap in its place", "~a, ~b, ~c, 1, ~d, 2, gap of 2, ~e, gap of 2, ~f, gap of 1")

	wantFull(t, "Refuse", (&backpressure.Limit{Size: 2}).Refuse)
}

// wantFull sends events without an ID until the queue refuses one.
func wantFull(t *testing.T, name string, policy sessions.Policy) {
	t.Helper()
	registry := sessions.Registry{Policy: policy}
	s, err := registry.Open(context.Background())
	if err != nil {
		step.Fail(t, "a session could not be opened", err.Error())
	}
	defer s.Close()
	for n := range 2000 {
		if err = s.Send(framing.Event{Data: fmt.Sprint(n)}); err != nil {
			break
		}
	}
	if !errors.Is(err, sessions.ErrFull) {
		step.Fail(t, name+" got 2,000 events without an ID, and the client read none: lesson 04's queue must still reach its own limit, and Send must return ErrFull",
			fmt.Sprintf("got  %v", err), fmt.Sprintf("want %v", sessions.ErrFull))
	}
}
