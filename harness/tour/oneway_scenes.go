package tour

import (
	"slices"

	"example.com/sseworkbook/harness/visible"
	framing "example.com/sseworkbook/solutions/01-framing"
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

// A oneWayScene is one scene of the first act.
type oneWayScene struct {
	title string
	words []string                     // what to look at, in a line or two
	play  func(*oneWay) ([]row, error) // returns what was seen
	parts []credits
}

// credits say who built what is seen in the two columns, left and right.
type credits [2]credit

// A credit says what a lesson's code has done: "framed".
type credit struct{ verb, lesson string }

// oneWayScenes is the first act, in order.
var oneWayScenes = []oneWayScene{
	{
		title: "The client connects",
		words: []string{"Status and headers arrive before any event does."},
		play:  (*oneWay).connecting,
		parts: []credits{{{"opened", flushingLesson}, {"checked", parsingLesson}}},
	},
	{
		title: "An event",
		words: []string{"One field per line. The blank line completes the event: without it,", "a browser shows nothing."},
		play:  func(o *oneWay) ([]row, error) { return o.sending(hello) },
		parts: []credits{{{"framed", framingLesson}, {"parsed", parsingLesson}}, {{"flushed", flushingLesson}, {}}},
	},
	{
		title: "A payload that tries to break out",
		words: []string{`The data is "hi!", a blank line, and "event: forged".`, "Each of its lines gets its own field, so it stays data."},
		play:  func(o *oneWay) ([]row, error) { return o.sending(hostile) },
		parts: []credits{{{"framed", framingLesson}, {"parsed", parsingLesson}}},
	},
	{
		title: "A heartbeat",
		words: []string{"A line that starts with a colon is a comment: it keeps a quiet", "connection alive, and the client skips it."},
		play:  (*oneWay).heartbeat,
		parts: []credits{{{"framed", framingLesson}, {"skipped", parsingLesson}}},
	},
	{
		title: "The connection breaks in the middle of an event",
		words: []string{"Half an event is not an event: its blank line never came."},
		play:  (*oneWay).breaking,
		parts: []credits{{{}, {"dropped", parsingLesson}}},
	},
	{
		title: "The client comes back",
		words: []string{"It names the last event that it got. The server resumes from there,", "and sends what was missed. (The client would wait for 3 s and a random", "part of a window first; here it is told to come at once.)"},
		play:  (*oneWay).comingBack,
		parts: []credits{{{"framed", framingLesson}, {"remembered", reconnectionLesson}}, {{"flushed", flushingLesson}, {}}},
	},
	{
		title: "The server ends the stream",
		words: []string{"A browser would now reconnect on its own, until it is told", "204 No Content."},
		play:  (*oneWay).ending,
		parts: []credits{{{}, {"noticed", parsingLesson}}},
	},
}

// connecting opens the first stream and shows both sides' headers.
func (o *oneWay) connecting() ([]row, error) {
	if err := o.connect(); err != nil {
		return nil, err
	}
	return []row{
		{"→ GET /events HTTP/1.1", ""},
		{"→ Accept: " + visible.Text(o.stream.request.Get("Accept")), ""},
		{"← " + o.response.Proto + " " + o.response.Status, ""},
		{"← Content-Type: " + visible.Text(o.response.Header.Get("Content-Type")), "connected: this is an event stream"},
	}, nil
}

// sending sends events and shows what became of them.
func (o *oneWay) sending(events ...framing.Event) ([]row, error) {
	if err := o.stream.Send(events...); err != nil {
		return nil, err
	}
	understood, err := o.understood(len(events))
	return incoming(o.look(), understood), err
}

// heartbeat sends a comment, and an event after it.
func (o *oneWay) heartbeat() ([]row, error) {
	if err := o.stream.Comment("still here"); err != nil {
		return nil, err
	}
	return o.sending(quiet)
}

// breaking sends an event up to the middle of its data, and breaks off.
func (o *oneWay) breaking() ([]row, error) {
	half, err := broken.AppendText(nil)
	if err != nil {
		return nil, err
	}
	half = half[:len(half)-len("whole\"}\n\n")]
	if err := o.stream.SendFrames(half); err != nil {
		return nil, err
	}
	o.stream.end <- cut
	outcome, err := o.outcome()
	lines := []string{outcome, "last event ID: still " + visible.Text(o.source.LastEventID())}
	return endWith(incoming(append(o.look(), "✕"), nil), 0, lines), err
}

// comingBack lets the client connect again, with what it remembers, and the server sends
// what came after that.
func (o *oneWay) comingBack() ([]row, error) {
	if err := o.comeBack(); err != nil {
		return nil, err
	}
	asked := o.stream.request.Get("Last-Event-ID")
	had := slices.IndexFunc(story, func(e framing.Event) bool { return e.ID == asked })
	rows, err := o.sending(story[had+1:]...)
	return append([]row{
		{"→ GET /events HTTP/1.1", ""},
		{"→ Last-Event-ID: " + visible.Text(asked), ""},
	}, rows...), err
}

// ending has the server end its response.
func (o *oneWay) ending() ([]row, error) {
	o.stream.end <- complete
	outcome, err := o.outcome()
	return []row{{"← (end of the response)", outcome}}, err
}
