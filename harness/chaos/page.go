package chaos

import (
	"fmt"
	"strings"
	"time"

	"example.com/sseworkbook/harness/trace"
)

// drawnAtMost is how many messages of one client are drawn.
const drawnAtMost = 500

// pageHint says how the page is to be read.
const pageHint = "Events that follow on each other on one connection are one arrow, at the time of the first one. " +
	"The bytes of what a proxy did are the last ones that it let through. " +
	"Times are measured from the start of the run."

// Page returns a page that shows what happened to each client.
func (r *Report) Page() trace.Page {
	page := trace.Page{
		Title:   fmt.Sprintf("Chaos with seed %d: what happened to each client", r.o.Seed),
		Lead:    r.lead(),
		Command: r.o.Command(),
		Made:    time.Now(),
		Hint:    pageHint,
	}
	for _, a := range r.clients {
		page.Steps = append(page.Steps, a.step())
	}
	return page
}

// lead says in a sentence or two what the run has shown.
func (r *Report) lead() string {
	if r.Err() != nil {
		return "Something is wrong with what the clients got. Those that it happened to come first."
	}
	var b strings.Builder
	r.verdict(&b)
	return strings.Join(strings.Fields(b.String()), " ")
}

// step returns what happened to a client, as a diagram.
func (a account) step() trace.Step {
	var findings []string
	for _, f := range a.findings[:min(findingsAtMost, len(a.findings))] {
		findings = append(findings, a.words(f))
	}
	pair := trace.Pair{Diagram: trace.Diagram{Lanes: []string{"client", "proxy", "server"}, Messages: []trace.Message{}}}
	for i, e := range a.entries {
		if i == drawnAtMost {
			pair.Left = fmt.Sprintf("What came later was left out: %d more.", len(a.entries)-i)
			break
		}
		m := e.message()
		m.At, m.Chapter = float64(e.At.Microseconds())/1000, fmt.Sprintf("Connection %d", e.Connection)
		pair.Messages = append(pair.Messages, m)
	}
	pair.Failed = len(findings) > 0
	return trace.Step{
		Name:    fmt.Sprintf("client %d", a.number),
		Pairs:   []trace.Pair{pair},
		Failed:  pair.Failed,
		Message: strings.Join(findings, "\n"),
	}
}

// message returns the arrow for an entry.
func (e Entry) message() trace.Message {
	switch e.What {
	case Opened:
		m := trace.Message{From: "client", To: "server", Label: "GET /events"}
		if e.Text != "" {
			m.Label += " · Last-Event-ID: " + e.Text
		}
		return m
	case Faulted:
		return e.faultMessage()
	case Received:
		label := fmt.Sprintf("event %d", e.From)
		if e.To > e.From {
			label = fmt.Sprintf("events %d to %d", e.From, e.To)
		}
		return trace.Message{From: "server", To: "client", Label: label}
	case Reset:
		label := fmt.Sprintf("reset: events %d to %d are missing", e.From, e.To)
		return trace.Message{From: "server", To: "client", Label: label, Kind: trace.Refusal}
	default: // Lost
		return trace.Message{From: "client", To: "client", Label: "lost: " + e.Text}
	}
}

// faultMessage returns the arrow for a fault.
func (e Entry) faultMessage() trace.Message {
	m := trace.Message{From: "proxy", To: "proxy", Label: e.fault(), Bytes: e.Tail}
	switch e.Fault.Kind {
	case Cut, Close, CloseClient:
		m.To, m.Kind = "client", trace.End
	case CloseServer:
		m.To, m.Kind = "server", trace.End
	case Stall:
		m.Note = fmt.Sprintf("for %v", e.Fault.For)
	case Delay:
		m.Note = fmt.Sprintf("each chunk of the next %s, for %v", counted(e.Fault.Bytes, "byte"), e.Fault.For)
	case Split:
		m.Note = fmt.Sprintf("the next %s", counted(e.Fault.Bytes, "byte"))
	}
	return m
}
