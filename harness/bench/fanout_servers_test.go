package bench

import (
	"context"
	"net/http"

	donovanhide "github.com/donovanhide/eventsource"
	launchdarkly "github.com/launchdarkly/eventsource"
	r3labs "github.com/r3labs/sse/v2"
	gosse "github.com/tmaxmax/go-sse"

	framing "example.com/sseworkbook/solutions/01-framing"
	sessions "example.com/sseworkbook/solutions/04-sessions"
	cleanup "example.com/sseworkbook/solutions/07-cleanup"
)

// A broadcaster is a contender as a server that sends events to all its clients.
type broadcaster struct {
	handler  http.Handler
	path     string // of the stream
	greeting string // what a client gets in the body when it is about to hear the next event

	// publish sends an event to all clients. It is for one goroutine.
	publish func(data string) error

	// ahead is how many events the publisher may send that not all clients have got,
	// a multiple of chunk.
	ahead int

	close func() // once all handlers have returned
}

// broadcasters are the contenders.
var broadcasters = []struct {
	name string
	open func() broadcaster
}{
	{"ours", broadcastOurs},
	{"go-sse", broadcastGoSSE},
	{"launchdarkly", broadcastLaunchDarkly},
	{"r3labs", broadcastR3labs},
	{"donovanhide", broadcastDonovanhide},
	{"limit-flush", broadcastEachFlushed},
	{"limit-coalesced", broadcastCoalesced},
}

func broadcastOurs() broadcaster {
	s := cleanup.NewServer()
	return broadcaster{
		handler: s, path: "/events", greeting: "\n\n", // the endpoint event
		publish: func(data string) error { return s.Sessions.Broadcast(framing.Event{Data: data}) },
		ahead:   queueOf(s.Sessions) / chunk * chunk,
		close:   func() { s.Shutdown(context.Background()) },
	}
}

// queueOf returns how many events may wait for a client of r.
func queueOf(r *sessions.Registry) int {
	s, err := r.Open(context.Background())
	if err != nil {
		return 0
	}
	defer s.Close()
	n := 0
	for s.Send(framing.Event{}) == nil {
		n++
	}
	return n
}

// broadcastGoSSE has no queues: its Publish returns when the event is on its way
// to the clients, one after the other. By itself it sends the headers with the
// first event; here a client has to know when it may begin, and so its replayer,
// which is told of each subscription, has none to replay and sends the headers.
func broadcastGoSSE() broadcaster {
	s := &gosse.Server{Provider: &gosse.Joe{Replayer: greeter{}}}
	return broadcaster{
		handler: s, path: "/events",
		publish: func(data string) error {
			m := &gosse.Message{}
			m.AppendData(data)
			return s.Publish(m)
		},
		ahead: fanOut,
		close: func() { s.Shutdown(context.Background()) },
	}
}

type greeter struct{}

func (greeter) Put(m *gosse.Message, _ []string) (*gosse.Message, error) { return m, nil }

func (greeter) Replay(s gosse.Subscription) error { return s.Client.Flush() }

// dataEvent is an event for launchdarkly and donovanhide.
type dataEvent string

func (dataEvent) Id() string     { return "" }
func (dataEvent) Event() string  { return "" }
func (e dataEvent) Data() string { return string(e) }

// broadcastLaunchDarkly has queues for all events of an operation. With the 128
// places that it has by itself, it cuts those off who are further behind.
func broadcastLaunchDarkly() broadcaster {
	s := launchdarkly.NewServer()
	s.BufferSize = fanOut
	return broadcaster{
		handler: s.Handler("all"), path: "/events",
		publish: func(data string) error {
			s.Publish([]string{"all"}, dataEvent(data))
			return nil
		},
		ahead: fanOut,
		close: s.Close,
	}
}

// broadcastDonovanhide has queues for all events of an operation, as launchdarkly.
func broadcastDonovanhide() broadcaster {
	s := donovanhide.NewServer()
	s.BufferSize = fanOut
	return broadcaster{
		handler: s.Handler("all"), path: "/events",
		publish: func(data string) error {
			s.Publish([]string{"all"}, dataEvent(data))
			return nil
		},
		ahead: fanOut,
		close: s.Close,
	}
}

// broadcastR3labs has queues of 64 events, which cannot be set. Where one is full, the
// next event waits for it.
func broadcastR3labs() broadcaster {
	s := r3labs.New()
	s.AutoReplay = false // or it keeps all events
	s.CreateStream("all")
	return broadcaster{
		handler: s, path: "/events?stream=all",
		publish: func(data string) error {
			s.Publish("all", &r3labs.Event{Data: []byte(data)})
			return nil
		},
		ahead: fanOut,
		close: s.Close,
	}
}
