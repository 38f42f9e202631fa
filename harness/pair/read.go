package pair

import "time"

// read is the stream's goroutine. It owns the body.
func (s *Stream) read() {
	defer close(s.done)
	buf := make([]byte, 32<<10)
	var err error
	for err == nil {
		var n int
		n, err = s.response.Body.Read(buf[:s.next(len(buf))])
		s.take(buf[:n])
	}
	s.change(func() { s.err = err })
	_ = s.response.Body.Close()
	s.cancel()
}

// next waits until the client may read, and says how many bytes at most. A
// client that has left reads on, to meet the error.
func (s *Stream) next(most int) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.waitForPace()
	if s.size > 0 {
		return min(s.size, most)
	}
	return most
}

// take records what was read, at the client's pace. Once the client has left it
// records nothing more.
func (s *Stream) take(p []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(p) > 0 {
		s.waitForPace()
		if s.left {
			return
		}
		p = p[s.record(p):]
	}
}

// record takes one portion of p, as far as the connection was to last, and says
// how much of p that was. The caller holds s.mu.
func (s *Stream) record(p []byte) int {
	if s.size > 0 {
		p = p[:min(len(p), s.size)]
	}
	kept := p
	if s.allowed != unlimited {
		kept = p[:min(len(p), s.allowed)]
		s.allowed -= len(kept)
	}
	s.received = append(s.received, kept...)
	if s.allowed == 0 {
		s.conn.cut()
	}
	s.rest()
	s.changed.Broadcast()
	return len(p)
}

// rest begins a pause of a slow client. The timer may outlive the stream: it
// then wakes nobody. The caller holds s.mu.
func (s *Stream) rest() {
	if s.every <= 0 {
		return
	}
	s.resting = true
	time.AfterFunc(s.every, func() { s.change(func() { s.resting = false }) })
}

// waitForPace waits while the client is paused or rests. The caller holds s.mu.
func (s *Stream) waitForPace() {
	for (s.paused || s.resting) && !s.left {
		s.changed.Wait()
	}
}
