package backpressure_test

import (
	"fmt"
	"testing"

	"example.com/sseworkbook/harness/step"
	backpressure "example.com/sseworkbook/lessons/10-backpressure"
)

// Part 2, the oldest is dropped.

// Of a price, or of a log that somebody watches, the newest is worth most.
func TestTheNewestBroadcastsWait(t *testing.T) {
	defer step.Begin(t)()
	l := newLine(t, (&backpressure.Limit{Size: 3}).DropOldest)
	step.Equal(t, "Size is 3, and three broadcasts came: all of them must wait, in order", "1, 2, 3", l.numbers(1, 3).broadcasts())
	step.Equal(t, "Size is 3, and a fourth broadcast came: DropOldest must drop the first one, and put the new one at the end", "2, 3, 4", l.numbers(4, 4).broadcasts())
	step.Equal(t, "Size is 3, and 100 more broadcasts came: the queue must hold the newest three", "102, 103, 104", l.numbers(5, 104).broadcasts())
	step.Equal(t, "the client read all three, and two more came: these two must wait", "6, 7", l.taken().numbers(6, 7).broadcasts())
	for _, size := range []int{0, 1, 300} {
		want := max(size, 1)
		if size == 0 {
			want = backpressure.DefaultSize
		}
		l := newLine(t, (&backpressure.Limit{Size: size}).DropOldest).numbers(1, 400)
		step.Equal(t, fmt.Sprintf("Size is %d, and 400 broadcasts came: the last %d of them must wait", size, want), span(401-want, 400), l.broadcasts())
	}
}

// The client has to know where something is missing, not only that.
func TestTheGapIsWhereTheOldestWere(t *testing.T) {
	defer step.Begin(t)()
	l := newLine(t, (&backpressure.Limit{Size: 3}).DropOldest)
	l.numbers(1, 4).want("Size is 3, and the first of four broadcasts was dropped: a gap event must take its place, before the others", "gap of 1, 2, 3, 4")
	l.numbers(5, 9).want("Size is 3, and five more were dropped: there must be one gap event, and its number must grow", "gap of 6, 7, 8, 9")
	step.Equal(t, "a gap event must have exactly these bytes, and no ID: a client that comes back must still name the event before the gap",
		"event: gap\ndata: 6\n\n", string(l.frames[0]))
	l.taken().numbers(10, 14).want("the client read all, then five broadcasts came: a new gap must count the two that were dropped", "gap of 2, 12, 13, 14")
}

// What is for one client alone keeps its place between what is for all.
func TestTheOldestBroadcastMayNotBeFirst(t *testing.T) {
	defer step.Begin(t)()
	limit := &backpressure.Limit{Size: 2}
	l := newLine(t, limit.DropOldest)
	l.send("a").broadcast("1").send("b").broadcast("2").send("c").want("Size is 2, and events with and without an ID came: two broadcasts fit, so all must wait, in order", "~a, 1, ~b, 2, ~c")
	l.broadcast("3").want("Size is 2, and a third broadcast came: DropOldest must drop the oldest broadcast, but keep the event without an ID before it", "~a, gap of 1, ~b, 2, ~c, 3")
	l.broadcast("4").want("then the next one was dropped: it was in a different place, so it needs its own gap event", "~a, gap of 1, ~b, gap of 1, ~c, 3, 4")
	l.broadcast("5", "6").want("then two more were dropped, from the same place: one gap event must count both", "~a, gap of 1, ~b, gap of 1, ~c, gap of 2, 5, 6")
	l.send("d").broadcast("7").want("a broadcast came after one more event without an ID: neither such events nor gap events may count towards Size", "~a, gap of 1, ~b, gap of 1, ~c, gap of 3, 6, ~d, 7")
	wantFull(t, "DropOldest", limit.DropOldest)
}
