package tour

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// A Party is one of those who talk in the second act.
type Party int

const (
	shop Party = iota
	server
	alice
	bob
)

var names = [...]string{"shop", "server", "alice", "bob"}

// String returns the party's name.
func (p Party) String() string { return names[p] }

// Parties returns the names of all parties, in the order of their lanes.
func Parties() []string { return slices.Clone(names[:]) }

// A Message is one message of the second act.
type Message struct {
	From, To Party
	Text     string // what it is, in short
	Reason   string // of a refusal: why
	Wire     string // its bytes; "" of the end of a connection
	Lesson   string // whose code has sent it: "05-correlation"
	End      bool   // with it, a client's connection is over

	// What PlayConversation adds.
	Scene string        // the title of the scene that it is in
	At    time.Duration // since the act began, without the rests
	Yours bool          // whether it is the learner's code that has sent it

	present []Party // who was there before it
}

// PlayConversation plays the second act of the tour, over real sockets, and tells
// of each message as it has come, from this goroutine. It pauses before each scene
// but the first, and ends with ctx at the latest; the lessons in yours are the
// learner's.
func PlayConversation(ctx context.Context, pause time.Duration, yours []string, tell func(Message)) error {
	ctx, cancel := context.WithTimeout(ctx, tourLimit)
	defer cancel()
	var scene string
	began := time.Now() // or later, by what the rests took
	c, err := newConversation(ctx, func(m Message) {
		m.Scene, m.At, m.Yours = scene, time.Since(began), slices.Contains(yours, m.Lesson)
		tell(m)
	})
	if err != nil {
		return err
	}
	defer c.close()
	for i, s := range twoWayScenes {
		scene = s.title
		if i > 0 {
			resting := time.Now()
			if !rest(ctx, pause) {
				return fmt.Errorf("the conversation was stopped: %w", ctx.Err())
			}
			began = began.Add(time.Since(resting))
		}
		if err := c.play(s); err != nil {
			return fmt.Errorf("scene %q: %w", scene, err)
		}
	}
	return nil
}
