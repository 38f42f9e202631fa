package pair

import (
	"strings"

	"example.com/sseworkbook/harness/pair/record"
	"example.com/sseworkbook/harness/step"
)

// NextFrame waits for the next whole frame, through its blank line, and returns it
// unchanged. The test fails with sentence if the stream ends first.
func (s *Stream) NextFrame(sentence string) string {
	s.pair.tb.Helper()
	compare := func(got string) []string { return awaited("a frame, through its blank line", got) }
	s.await(sentence, compare, func(got []byte) bool { return record.FrameEnd(got) > 0 })
	got := s.unread()
	end := record.FrameEnd([]byte(got))
	if end == 0 {
		step.Fail(s.pair.tb, sentence, s.failure(compare(got))...)
	}
	s.consume(end)
	return got[:end]
}

// Expect waits for the next bytes, which must be want. The test fails with
// sentence as soon as one of them differs, or if the stream ends first.
func (s *Stream) Expect(sentence, want string) {
	s.pair.tb.Helper()
	compare := func(got string) []string { return differing(want, got) }
	s.await(sentence, compare, func(got []byte) bool {
		return len(got) >= len(want) || !strings.HasPrefix(want, string(got))
	})
	if got := s.unread(); !strings.HasPrefix(got, want) {
		step.Fail(s.pair.tb, sentence, s.failure(compare(got))...)
	}
	s.consume(len(want))
}

// WaitEnd waits for the end of the stream and returns the reader's error: io.EOF
// for a clean end. The test need not have asked for the bytes before the end.
func (s *Stream) WaitEnd(sentence string) error {
	s.pair.tb.Helper()
	compare := func(got string) []string { return awaited("the end of the stream", got) }
	s.await(sentence, compare, func([]byte) bool { return false })
	return s.ending()
}

// WaitHandler waits for the server's handler of this stream to return. If it never
// does, the test fails with sentence and the line where the handler waits.
func (s *Stream) WaitHandler(sentence string) {
	s.pair.tb.Helper()
	defer step.OnHang(s.pair.tb, func() (string, []string) {
		return sentence, []string{"handler     " + s.exchange.where(), s.pair.again(s.request)}
	})()
	<-s.exchange.done
}

// await waits until ready, which gets what came and was not asked for yet, or
// until the body has ended. If that never comes, the step fails with sentence and
// what compare makes of what came.
func (s *Stream) await(sentence string, compare func(got string) []string, ready func(got []byte) bool) {
	defer step.OnHang(s.pair.tb, func() (string, []string) { return sentence, s.failure(compare(s.unread())) })()
	s.mu.Lock()
	defer s.mu.Unlock()
	for !ready(s.received[s.consumed:]) && s.err == nil {
		s.changed.Wait()
	}
}

// unread is what came and was not asked for yet.
func (s *Stream) unread() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return string(s.received[s.consumed:])
}

func (s *Stream) consume(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.consumed += n
}

// ending is why the body ended, nil while it goes on.
func (s *Stream) ending() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}
