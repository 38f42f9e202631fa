package bench

import (
	"net/http"
	"sync"
)

// A switchboard has a queue for each client, with room for all events of an
// operation: no ids, no deadlines, nobody who is too slow.
type switchboard struct {
	// write writes a frame that came out of queue. What it writes is flushed then.
	write func(w http.ResponseWriter, frame []byte, queue <-chan []byte)

	mu     sync.Mutex // guards queues
	queues []chan []byte
}

func (s *switchboard) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	queue := make(chan []byte, fanOut)
	s.mu.Lock()
	s.queues = append(s.queues, queue)
	s.mu.Unlock()
	w.Header().Set("Content-Type", "text/event-stream")
	flusher := w.(http.Flusher)
	flusher.Flush()
	for {
		select {
		case frame := <-queue:
			s.write(w, frame, queue)
			flusher.Flush()
		case <-r.Context().Done():
			return
		}
	}
}

// broadcaster returns s as a contender. An event that has no room in a queue is
// not for that client.
func (s *switchboard) broadcaster() broadcaster {
	return broadcaster{
		handler: s, path: "/events",
		publish: func(data string) error {
			frame := []byte("data: " + data + "\n\n")
			s.mu.Lock()
			defer s.mu.Unlock()
			for _, queue := range s.queues {
				select {
				case queue <- frame:
				default:
				}
			}
			return nil
		},
		ahead: fanOut,
		close: func() {},
	}
}

// broadcastEachFlushed flushes each event.
func broadcastEachFlushed() broadcaster {
	s := &switchboard{write: func(w http.ResponseWriter, frame []byte, _ <-chan []byte) { w.Write(frame) }}
	return s.broadcaster()
}

// broadcastCoalesced flushes whatever is queued.
func broadcastCoalesced() broadcaster {
	s := &switchboard{write: func(w http.ResponseWriter, frame []byte, queue <-chan []byte) {
		w.Write(frame)
		for range len(queue) {
			w.Write(<-queue)
		}
	}}
	return s.broadcaster()
}
