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

// take records what was read, as far as the connection was to last.
func (s *Stream) take(p []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.waitForPace()
	if s.allowed != unlimited {
		p = p[:min(len(p), s.allowed)]
		s.allowed -= len(p)
	}
	s.received = append(s.received, p...)
	if s.allowed == 0 {
		s.conn.cut()
	}
	if s.every > 0 {
		s.resting = true
		time.AfterFunc(s.every, func() { s.change(func() { s.resting = false }) })
	}
	s.changed.Broadcast()
}

// waitForPace waits while the client is paused or rests. The caller holds s.mu.
func (s *Stream) waitForPace() {
	for (s.paused || s.resting) && !s.left {
		s.changed.Wait()
	}
}
