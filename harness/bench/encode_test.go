package bench

import (
	"bytes"
	"testing"

	donovanhide "github.com/donovanhide/eventsource"
	launchdarkly "github.com/launchdarkly/eventsource"
	gosse "github.com/tmaxmax/go-sse"

	framing "example.com/sseworkbook/solutions/01-framing"
)

// An encoder writes events one after the other into the same memory, by the API
// of one library, and returns the bytes of all of them taken together. It starts
// from the payload as a program has it: a string.
type encoder struct {
	name string
	new  func([]framing.Event) (encode func() (size int, err error))
}

var encoders = []encoder{
	{"ours", encodeOurs},
	{"go-sse", encodeGoSSE},
	{"launchdarkly", encodeLaunchDarkly},
	{"donovanhide", encodeDonovanhide},
	{"limit-copy", limitCopy},
}

// BenchmarkEncode writes 100 events: few enough that their payloads are in the
// processor's cache, as one is that was made just now.
func BenchmarkEncode(b *testing.B) {
	for _, s := range shapes {
		events := s.events(100)
		want := len(wireOf(events))
		b.Run(s.name, func(b *testing.B) {
			for _, e := range encoders {
				b.Run(e.name, func(b *testing.B) {
					encode := e.new(events)
					pass := func() {
						if size, err := encode(); size != want || err != nil {
							b.Fatalf("%d bytes, then %v; want %d", size, err, want)
						}
					}
					pass() // the memory grows now
					measure(b, len(events), want, pass)
				})
			}
			cannot(b, "r3labs", "its encoder is part of its handler")
			cannot(b, "mcp", "its encoder is not exported")
		})
	}
}

func encodeOurs(events []framing.Event) func() (int, error) {
	var buf []byte
	return func() (size int, err error) {
		for _, e := range events {
			if buf, err = e.AppendText(buf[:0]); err != nil {
				return size, err
			}
			size += len(buf)
		}
		return size, nil
	}
}

// goSSEMessage looks for the lines of the payload. Whoever sends a message to
// many calls it once, as they call AppendText once with ours: that is FanOut.
func goSSEMessage(e framing.Event) *gosse.Message {
	m := &gosse.Message{}
	if e.ID != "" {
		m.ID = gosse.ID(e.ID)
	}
	if e.Type != "" {
		m.Type = gosse.Type(e.Type)
	}
	m.AppendData(e.Data)
	return m
}

func encodeGoSSE(events []framing.Event) func() (int, error) {
	var buf bytes.Buffer
	return func() (size int, err error) {
		for _, e := range events {
			buf.Reset()
			if _, err := goSSEMessage(e).WriteTo(&buf); err != nil {
				return size, err
			}
			size += buf.Len()
		}
		return size, nil
	}
}

// A peerEvent is an event as launchdarkly and donovanhide want it.
type peerEvent struct{ e *framing.Event }

func (m peerEvent) Id() string    { return m.e.ID }
func (m peerEvent) Event() string { return m.e.Type }
func (m peerEvent) Data() string  { return m.e.Data }

func encodeLaunchDarkly(events []framing.Event) func() (int, error) {
	var buf bytes.Buffer
	e := launchdarkly.NewEncoder(&buf, false)
	return func() (size int, err error) {
		for i := range events {
			buf.Reset()
			if err := e.Encode(peerEvent{&events[i]}); err != nil {
				return size, err
			}
			size += buf.Len()
		}
		return size, nil
	}
}

func encodeDonovanhide(events []framing.Event) func() (int, error) {
	var buf bytes.Buffer
	e := donovanhide.NewEncoder(&buf, false)
	return func() (size int, err error) {
		for i := range events {
			buf.Reset()
			if err := e.Encode(peerEvent{&events[i]}); err != nil {
				return size, err
			}
			size += buf.Len()
		}
		return size, nil
	}
}

func limitCopy(events []framing.Event) func() (int, error) {
	var wires [][]byte
	for i := range events {
		wires = append(wires, wireOf(events[i:i+1]))
	}
	var buf []byte
	return func() (size int, err error) {
		for _, wire := range wires {
			buf = append(buf[:0], wire...)
			size += len(buf)
		}
		return size, nil
	}
}
