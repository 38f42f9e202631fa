package tour

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// Parties are those who talk in the second act of the tour, in the order of
// their lanes.
func Parties() []string { return slices.Clone(laneNames[:]) }

// A Message is one message of the second act, for whoever draws it.
type Message struct {
	Scene    string        // the title of the scene that it is in
	At       time.Duration // since the act began, without the rests
	From, To string        // of Parties
	Text     string        // what it is, in short
	Reason   string        // of a refusal: why
	Wire     string        // its bytes; "" of the end of a connection
	Lesson   string        // whose code has sent it: "05-correlation"
	Yours    bool          // whether that is the learner's
	End      bool          // with it, a client's connection is over
}

// Converse plays the second act of the tour, over real sockets, and tells of each
// message as it has come, from this goroutine. It rests before each scene but the
// first, and ends with ctx at the latest; the lessons in yours are the learner's.
func Converse(ctx context.Context, rest time.Duration, yours []string, tell func(Message)) error {
	ctx, cancel := context.WithTimeout(ctx, tourLimit)
	defer cancel()
	c, err := newParties(ctx)
	if err != nil {
		return err
	}
	defer c.close()
	t := Tour{Pause: rest, Yours: yours}
	began := time.Now()
	for i, e := range exchanges {
		resting := time.Now()
		if i > 0 && !t.rest(ctx) {
			return fmt.Errorf("the conversation was stopped: %w", ctx.Err())
		}
		began = began.Add(time.Since(resting))
		c.noted = func(a arrow) { tell(t.message(e, a, time.Since(began))) }
		if _, err := c.play(e.play); err != nil {
			return fmt.Errorf("scene %q: %w", e.title, err)
		}
	}
	return nil
}

// message returns what an arrow of a scene is.
func (t *Tour) message(e exchange, a arrow, at time.Duration) Message {
	return Message{
		Scene: e.title, At: at, From: laneNames[a.from], To: laneNames[a.to],
		Text: a.text, Reason: a.reason, Wire: a.wire,
		Lesson: a.lesson, Yours: slices.Contains(t.Yours, a.lesson), End: a.last,
	}
}
