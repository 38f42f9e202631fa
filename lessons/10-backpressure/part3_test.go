package backpressure_test

import (
	"bytes"
	"fmt"
	"sync"
	"testing"

	"example.com/sseworkbook/harness/step"
	backpressure "example.com/sseworkbook/lessons/10-backpressure"
)

// Part 3, the latest of each key.

// Ten prices of one thing are nine too many.
func TestOnlyTheLatestOfEachKeyWaits(t *testing.T) {
	defer step.Begin(t)()
	l := newLine(t, (&backpressure.Limit{Size: 4}).KeepLatest)
	l.broadcast("a:1", "b:2", "c:3").want("three broadcasts of different types came: all must wait, in order", "a:1, b:2, c:3")
	l.broadcast("a:4").want("a broadcast came, with the same type as one that waits: it must replace that one, and wait at the end, because a client remembers the last ID that it got",
		"b:2, c:3, a:4")
	l.broadcast("b:5", "b:6", "b:7").want("three broadcasts of one type came: the last one must replace the others", "c:3, a:4, b:7")
	l.broadcast("c:8").want("the first in line was replaced by a newer one: that must not leave a gap event", "a:4, b:7, c:8")
	l.taken().broadcast("a:9").want("the client read all, and then a broadcast came: it must wait", "a:9")
	limit := &backpressure.Limit{Size: 2}
	newLine(t, limit.KeepLatest).broadcast("a:1", "b:2", "a:3", "b:4", "a:5").want("Size is 2, and broadcasts of two types came: they must replace each other, so none may be dropped", "b:4, a:5")
}

// Without a key, an event is no state of anything.
func TestWhatHasNoKeyIsNotReplaced(t *testing.T) {
	defer step.Begin(t)()
	l := newLine(t, (&backpressure.Limit{Size: 4}).KeepLatest)
	l.broadcast("1", "2", "3").want("three broadcasts without a type came: they must not replace anything", "1, 2, 3")
	l.taken().broadcast("a:1").send("a:x").want("an event without an ID (marked with ~) has the type of a waiting broadcast: it is not a broadcast itself, so it must not replace one", "a:1, ~a:x")
	l.taken().send("a:x").broadcast("a:2").want("a broadcast has the type of a waiting event without an ID: that event is not a broadcast, so it must not be replaced", "~a:x, a:2")
	l.taken().broadcast("price:1", "Price:2", "prices:3", "price :4").want("the types of four broadcasts differ in one character: none of the four may replace another", "price:1, Price:2, prices:3, price :4")

	limit := &backpressure.Limit{Size: 4, Key: func(frame []byte) string {
		if bytes.Contains(frame, []byte("EUR")) {
			return "EUR"
		}
		return ""
	}}
	l = newLine(t, limit.KeepLatest).broadcast("a:EUR 1", "a:USD 2", "b:EUR 3", "a:USD 4")
	l.want("Key returns EUR or an empty string: broadcasts with EUR must replace each other, whatever their type, and the others must replace nothing", "a:USD 2, b:EUR 3, a:USD 4")
}

// A limit that counts on few keys has to hold for many.
func TestTooManyKeysLeaveAGap(t *testing.T) {
	defer step.Begin(t)()
	limit := &backpressure.Limit{Size: 3}
	l := newLine(t, limit.KeepLatest)
	l.broadcast("a:1", "b:2", "c:3", "d:4").want("Size is 3, and broadcasts of four types came: the oldest must be dropped, and leave a gap", "gap of 1, b:2, c:3, d:4")
	l.broadcast("c:5").want("a new broadcast replaced one of the three that wait: it must not drop another", "gap of 1, b:2, d:4, c:5")
	l.broadcast("e:6").want("a broadcast of another type came: the oldest must be dropped, and the gap must grow", "gap of 2, d:4, c:5, e:6")
	l.send("p").broadcast("d:7", "f:8", "e:9", "g:10").want("more broadcasts came: a replaced one must leave no gap, and a dropped one must leave a gap in its place", "gap of 3, ~p, gap of 1, f:8, e:9, g:10")
	l.taken()
	for n := range 20 {
		l.broadcast(fmt.Sprint(n))
	}
	l.want("Size is 3, and 20 broadcasts without a type came: the newest three must wait behind a gap", "gap of 17, 17, 18, 19")
	wantFull(t, "KeepLatest", limit.KeepLatest)
}

// Whoever runs a server wants to see that its clients miss something.
func TestWhatIsDroppedIsCounted(t *testing.T) {
	defer step.Begin(t)()
	limit := &backpressure.Limit{Size: 2}
	wantCounts(t, limit, "nothing came", backpressure.Counts{})
	newLine(t, limit.Refuse).numbers(1, 5).send("a")
	wantCounts(t, limit, "Size is 2, and Refuse got five broadcasts", backpressure.Counts{Dropped: 3})
	newLine(t, limit.DropOldest).numbers(1, 6).send("a")
	wantCounts(t, limit, "then DropOldest got six", backpressure.Counts{Dropped: 7})
	newLine(t, limit.KeepLatest).broadcast("a:1", "a:2", "a:3", "b:4")
	wantCounts(t, limit, "then KeepLatest got three of one type and one of another", backpressure.Counts{Dropped: 7, Replaced: 2})
	newLine(t, limit.KeepLatest).broadcast("a:1", "b:2", "c:3", "c:4")
	wantCounts(t, limit, "then KeepLatest got broadcasts of three types, and a second one of the last type", backpressure.Counts{Dropped: 8, Replaced: 3})
	all := backpressure.Limit{Size: 1}
	var sessions sync.WaitGroup
	for range 8 {
		sessions.Go(func() {
			for _, policy := range policies(&all, "Refuse", "DropOldest", "KeepLatest") {
				var waiting [][]byte
				for n := range 101 {
					waiting, _ = policy.decide(waiting, frame(broadcast(fmt.Sprint(n))))
				}
			}
		})
	}
	sessions.Wait()
	wantCounts(t, &all, "eight goroutines used a Limit of Size 1 at the same time, and each dropped 100 broadcasts under each of three policies", backpressure.Counts{Dropped: 8 * 300})
}

func wantCounts(t *testing.T, limit *backpressure.Limit, scene string, want backpressure.Counts) {
	t.Helper()
	step.Equal(t, scene+": Counts must return how many were dropped, replaced and disconnected",
		fmt.Sprintf("%+v", want), fmt.Sprintf("%+v", limit.Counts()))
}
