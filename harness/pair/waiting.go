package pair

import (
	"bytes"
	"strings"

	"example.com/sseworkbook/harness/step"
)

// Frame waits for the next whole frame, through its blank line, and returns it
// as it came. The test fails with sentence when the stream ends before that.
func (s *Stream) Frame(sentence string) string {
	s.pair.tb.Helper()
	const wanted = "a frame, through its blank line"
	end := 0
	s.await(func() bool {
		end = frameEnd(s.fresh())
		return end > 0
	}, func() (string, []string) {
		return sentence, s.story(awaited(wanted, s.unread()))
	})
	if end == 0 {
		step.Fail(s.pair.tb, sentence, s.story(awaited(wanted, s.unread()))...)
	}
	return s.consume(end)
}

// Want waits for the next bytes, which must be want. The test fails with
// sentence as soon as one of them differs, or when the stream ends before that.
func (s *Stream) Want(sentence, want string) {
	s.pair.tb.Helper()
	s.await(func() bool {
		got := s.fresh()
		return len(got) >= len(want) || !strings.HasPrefix(want, string(got))
	}, func() (string, []string) {
		return sentence, s.story(differing(want, s.unread()))
	})
	if got := s.unread(); !strings.HasPrefix(got, want) {
		step.Fail(s.pair.tb, sentence, s.story(differing(want, got))...)
	}
	s.consume(len(want))
}

// Ended waits for the end of the stream and returns what the reader got: io.EOF
// for a clean end. What came before the end need not have been asked for.
func (s *Stream) Ended(sentence string) error {
	s.pair.tb.Helper()
	s.await(func() bool { return false }, func() (string, []string) {
		return sentence, s.story(awaited("the end of the stream", s.unread()))
	})
	return s.ending()
}

// Returned waits for the server's handler of this stream to return. Where it
// never does, the test fails with sentence and the line where the handler waits.
func (s *Stream) Returned(sentence string) {
	s.pair.tb.Helper()
	defer step.OnHang(s.pair.tb, func() (string, []string) {
		return sentence, []string{"handler     " + s.exchange.where(), s.pair.again(s.request)}
	})()
	s.exchange.wait(0)
}

// await waits until ready, which is called with s.mu held, or until the body
// has ended.
func (s *Stream) await(ready func() bool, report func() (sentence string, details []string)) {
	defer step.OnHang(s.pair.tb, report)()
	s.mu.Lock()
	defer s.mu.Unlock()
	for !ready() && s.err == nil {
		s.changed.Wait()
	}
}

// fresh is what came and was not asked for yet. The caller holds s.mu.
func (s *Stream) fresh() []byte { return s.received[s.consumed:] }

func (s *Stream) unread() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return string(s.fresh())
}

func (s *Stream) consume(n int) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	taken := string(s.fresh()[:n])
	s.consumed += n
	return taken
}

// ending is why the body ended, nil while it goes on.
func (s *Stream) ending() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// frameEnd is the length of the first frame with its blank line, 0 where that
// has not come yet.
func frameEnd(b []byte) int {
	end := 0
	for _, blank := range []string{"\n\n", "\r\n\r\n", "\r\r"} {
		i := bytes.Index(b, []byte(blank))
		if i >= 0 && (end == 0 || i+len(blank) < end) {
			end = i + len(blank)
		}
	}
	return end
}
