package tour

import (
	"net/http"
	"slices"

	"example.com/sseworkbook/harness/programs"
	"example.com/sseworkbook/harness/visible"
	framing "example.com/sseworkbook/solutions/01-framing"
	flushing "example.com/sseworkbook/solutions/02-flushing"
)

// The events of the story. The client gets each of them once, whatever happens.
var (
	hello   = framing.Event{Type: "tick", ID: "1", Data: `{"n":1,"text":"hello"}`}
	hostile = framing.Event{Type: "tick", ID: "2", Data: "hi!\n\nevent: forged"}
	quiet   = framing.Event{Type: "tick", ID: "3", Data: `{"n":3}`}
	broken  = framing.Event{Type: "tick", ID: "4", Data: `{"n":4,"text":"whole"}`}
	missed  = framing.Event{Type: "tick", ID: "5", Data: `{"n":5}`}

	story = []framing.Event{hello, hostile, quiet, broken, missed}
)

// scenes is the tour, in order.
var scenes = []scene{
	{
		title: "The client connects",
		words: []string{"Status and headers are there before any event is."},
		play:  (*Tour).connecting,
		parts: []credits{{{"opened", flushingLesson}, {"checked", parsingLesson}}},
	},
	{
		title: "An event",
		words: []string{"Fields, one a line. The blank line sends it off: without it,", "a browser would hold the event back."},
		play:  func(t *Tour) ([]row, error) { return t.sending(hello) },
		parts: []credits{{{"framed", framingLesson}, {"parsed", parsingLesson}}, {{"flushed", flushingLesson}, {}}},
	},
	{
		title: "A payload that tries to break out",
		words: []string{`The data is "hi!", a blank line, and "event: forged".`, "Each of its lines gets a field of its own, so it stays data."},
		play:  func(t *Tour) ([]row, error) { return t.sending(hostile) },
		parts: []credits{{{"framed", framingLesson}, {"parsed", parsingLesson}}},
	},
	{
		title: "A heartbeat",
		words: []string{"A line that starts with a colon is a comment: it keeps a quiet", "connection alive, and the client reads past it."},
		play:  (*Tour).heartbeat,
		parts: []credits{{{"framed", framingLesson}, {"read past", parsingLesson}}},
	},
	{
		title: "The connection breaks in the middle of an event",
		words: []string{"Half an event is no event: its blank line never came."},
		play:  (*Tour).breaking,
		parts: []credits{{{}, {"dropped", parsingLesson}}},
	},
	{
		title: "The client comes back",
		words: []string{"It says which event it had last. The server goes on from there,", "and what was missed comes now."},
		play:  (*Tour).comingBack,
		parts: []credits{{{"framed", framingLesson}, {"remembered", parsingLesson}}, {{"flushed", flushingLesson}, {}}},
	},
	{
		title: "The server ends the stream",
		words: []string{"A browser would now reconnect by itself, until it is told", "204 No Content."},
		play:  (*Tour).ending,
		parts: []credits{{{}, {"noticed", parsingLesson}}},
	},
}

// connecting opens the first stream and shows both sides' headers.
func (t *Tour) connecting() ([]row, error) {
	asked, err := t.server.connect("")
	if err != nil {
		return nil, err
	}
	answer := t.server.response
	rows := []row{
		{"→ GET /events HTTP/1.1", ""},
		{"→ Accept: " + visible.Text(asked.Get("Accept")), ""},
		{"← " + answer.Proto + " " + answer.Status, ""},
		{"← Content-Type: " + visible.Text(answer.Header.Get("Content-Type")), "connected: this is an event stream"},
	}
	return rows, nil
}

// sending sends one event and shows what became of it.
func (t *Tour) sending(event framing.Event) ([]row, error) {
	if err := t.server.send(event); err != nil {
		return nil, err
	}
	events, err := t.server.understood(1)
	return incoming(t.server.look(), events), err
}

// heartbeat sends a comment, and an event after it.
func (t *Tour) heartbeat() ([]row, error) {
	comment := func(s *flushing.Stream) error { return s.Comment("still here") }
	if err := t.server.perform(goOn, comment); err != nil {
		return nil, err
	}
	return t.sending(quiet)
}

// breaking sends an event up to the middle of its data, and breaks off.
func (t *Tour) breaking() ([]row, error) {
	half, err := broken.AppendText(nil)
	if err != nil {
		return nil, err
	}
	half = half[:len(half)-len("whole\"}\n\n")]
	err = t.server.perform(cut, func(s *flushing.Stream) error { return s.SendFrames(half) })
	if err != nil {
		return nil, err
	}
	outcome, stopped := t.outcome()
	lines := []string{outcome, "last event ID: still " + visible.Text(t.server.source.LastEventID())}
	rows := incoming(append(t.server.look(), "✕"), nil)
	return endWith(rows, 0, lines), stopped
}

// outcome reads on where no event is to come, and says what came.
func (t *Tour) outcome() (what string, stopped error) {
	event, ended, stopped := t.server.receive()
	if ended == nil {
		return "an event: " + programs.Describe(event), stopped
	}
	return "no event: " + programs.Explain(ended).Error(), stopped
}

// comingBack reconnects with what the client remembers, and the server sends
// what came after that.
func (t *Tour) comingBack() ([]row, error) {
	lastID := t.server.source.LastEventID()
	t.server.source.Close()
	asked, err := t.server.connect(lastID)
	if err != nil {
		return nil, err
	}
	missed := after(asked)
	if err := t.server.send(missed...); err != nil {
		return nil, err
	}
	events, err := t.server.understood(len(missed))
	rows := []row{
		{"→ GET /events HTTP/1.1", ""},
		{"→ Last-Event-ID: " + visible.Text(asked.Get("Last-Event-ID")), ""},
	}
	return append(rows, incoming(t.server.look(), events)...), err
}

// after returns the events that come after the one that a client had last.
func after(asked http.Header) []framing.Event {
	lastID := asked.Get("Last-Event-ID")
	i := slices.IndexFunc(story, func(e framing.Event) bool { return e.ID == lastID })
	return story[i+1:]
}

// ending has the server end its response.
func (t *Tour) ending() ([]row, error) {
	err := t.server.perform(leave, func(*flushing.Stream) error { return nil })
	if err != nil {
		return nil, err
	}
	outcome, stopped := t.outcome()
	return []row{{"← (end of the response)", outcome}}, stopped
}
