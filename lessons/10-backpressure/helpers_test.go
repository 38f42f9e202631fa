package backpressure_test

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"example.com/sseworkbook/harness/step"
	backpressure "example.com/sseworkbook/lessons/10-backpressure"
	framing "example.com/sseworkbook/solutions/01-framing"
	parsing "example.com/sseworkbook/solutions/03-parsing"
	sessions "example.com/sseworkbook/solutions/04-sessions"
)

func TestMain(m *testing.M) { step.Main(m) }

// A line is what waits for one client. It asks its policy before anything joins it, as
// the queue of a session does.
type line struct {
	t      testing.TB
	policy sessions.Policy
	frames [][]byte
	err    error // of the policy; then nothing joins any more
}

func newLine(t testing.TB, policy sessions.Policy) *line { return &line{t: t, policy: policy} }

// broadcast adds an event with an ID for each of these texts. Its data is the text, and
// so is its ID. What comes before a colon is its type: "price:1".
func (l *line) broadcast(texts ...string) *line {
	for _, text := range texts {
		l.put(broadcast(text))
	}
	return l
}

// numbers adds the broadcasts first to last.
func (l *line) numbers(first, last int) *line {
	for n := first; n <= last; n++ {
		l.broadcast(fmt.Sprint(n))
	}
	return l
}

// send adds an event without an ID, which is for this client alone. It is shown with a ~
// before it.
func (l *line) send(texts ...string) *line {
	for _, text := range texts {
		l.put(private(text))
	}
	return l
}

func (l *line) put(e framing.Event) {
	if l.err != nil {
		return
	}
	next := frame(e)
	all := append(slices.Clone(l.frames), next)
	var before []string
	for _, f := range all {
		before = append(before, string(f))
	}
	frames, err := l.policy(slices.Clone(l.frames), next)
	for i, f := range all {
		step.Equal(l.t, "the policy changed the bytes of a frame, but must not: other sessions share it, and the queue may refuse the result and keep the old frames", before[i], string(f))
	}
	if l.err = err; err == nil {
		l.frames = frames
	}
}

// taken empties the line, because the client reads all that waits.
func (l *line) taken() *line {
	l.frames = nil
	return l
}

// shown returns what waits.
func (l *line) shown() string {
	if l.err != nil {
		return "the error " + l.err.Error()
	}
	return shown(read(bytes.Join(l.frames, nil)))
}

// broadcasts returns the broadcasts that wait, without anything else.
func (l *line) broadcasts() string {
	if l.err != nil {
		return l.shown()
	}
	return shown(slices.DeleteFunc(read(bytes.Join(l.frames, nil)), func(e framing.Event) bool { return e.ID == "" }))
}

// want checks what waits.
func (l *line) want(sentence, want string) {
	l.t.Helper()
	step.Equal(l.t, sentence, want, l.shown())
}

func broadcast(text string) framing.Event {
	e := private(text)
	e.ID = e.Data
	return e
}

func private(text string) framing.Event {
	if typ, data, ok := strings.Cut(text, ":"); ok {
		return framing.Event{Type: typ, Data: data}
	}
	return framing.Event{Data: text}
}

func frame(e framing.Event) []byte {
	frame, err := e.AppendText(nil)
	if err != nil {
		panic(err)
	}
	return frame
}

// read returns the events in wire, with the IDs that they themselves have.
func read(wire []byte) []framing.Event {
	var all []framing.Event
	for _, part := range bytes.SplitAfter(wire, []byte("\n\n")) {
		all = append(all, step.Values(parsing.NewDecoder(bytes.NewReader(part)).Events())...)
	}
	return all
}

// shown returns the data of each event. Of a gap it says how many are missing.
func shown(events []framing.Event) string {
	var texts []string
	for _, e := range events {
		text := e.Data
		switch {
		case e.Type == "gap" && e.ID == "":
			text = "gap of " + e.Data
		case e.Type == "gap" && e.ID != e.Data:
			text = "gap of " + e.Data + " with an ID"
		case e.Type != "message":
			text = e.Type + ":" + e.Data
		}
		if e.ID == "" && e.Type != "gap" {
			text = "~" + text
		}
		texts = append(texts, text)
	}
	return cmp.Or(strings.Join(texts, ", "), "nothing")
}

// span returns the numbers from first to last.
func span(first, last int) string {
	var all []string
	for n := first; n <= last; n++ {
		all = append(all, fmt.Sprint(n))
	}
	return strings.Join(all, ", ")
}

// A policy has its name.
type policy struct {
	name   string
	decide sessions.Policy
}

// policies returns the policies of a limit that have these names, or all.
func policies(l *backpressure.Limit, names ...string) []policy {
	all := []policy{{"Refuse", l.Refuse}, {"DropOldest", l.DropOldest}, {"KeepLatest", l.KeepLatest}, {"Disconnect", l.Disconnect}}
	return slices.DeleteFunc(all, func(p policy) bool { return len(names) > 0 && !slices.Contains(names, p.name) })
}

// A client reads what its session hands over.
type client struct {
	session *sessions.Session
	pace    chan struct{} // each call of SendFrames waits for one; nil: none waits
	got     step.List[[]byte]
}

// connect opens a session. The client reads at once, unless pace holds it up.
func connect(t *testing.T, registry *sessions.Registry, pace chan struct{}) *client {
	t.Helper()
	session, err := registry.Open(context.Background())
	if err != nil {
		step.Fail(t, "a session could not be opened", err.Error())
	}
	c := &client{session: session, pace: pace}
	done := make(chan struct{})
	go func() {
		defer close(done)
		session.Pump(c)
	}()
	t.Cleanup(func() {
		session.Close()
		<-done
	})
	return c
}

// SendFrames is what Pump calls.
func (c *client) SendFrames(frames ...[]byte) error {
	if c.pace != nil {
		select {
		case <-c.pace:
		case <-c.session.Done():
			return nil
		}
	}
	for _, f := range frames {
		c.got.Add(f)
	}
	return nil
}

func (c *client) events() []framing.Event { return read(bytes.Join(c.got.All(), nil)) }

// ended reports whether the client's session has ended.
func (c *client) ended() bool {
	select {
	case <-c.session.Done():
		return true
	default:
		return false
	}
}
