package cockpit

import (
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/sseworkbook/harness/catalog"
)

// sayLimit is how long a terminal may take to show what is waited for.
const sayLimit = time.Minute

// A screen is what a terminal has been told to show, so far.
type screen struct {
	t    *testing.T
	mu   sync.Mutex // guards the rest
	text strings.Builder
	more chan struct{} // closed when there is more
}

func newScreen(t *testing.T) *screen { return &screen{t: t, more: make(chan struct{})} }

func (s *screen) Write(text []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	close(s.more)
	s.more = make(chan struct{})
	return s.text.Write(text)
}

// await returns what was written from here on, once word is in it.
func (s *screen) await(from int, word string) string {
	late := time.After(sayLimit)
	for {
		s.mu.Lock()
		text, more := s.text.String()[from:], s.more
		s.mu.Unlock()
		if strings.Contains(text, word) {
			return text
		}
		select {
		case <-more:
		case <-late:
			s.t.Fatalf("the terminal never showed %q, only:\n%s", word, text)
		}
	}
}

// length returns how much was written.
func (s *screen) length() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Len()
}

// A seat is somebody's before a terminal that shows a flight.
type seat struct {
	*screen
	*flight
	keyboard *os.File
	height   *atomic.Int64  // in lines
	resized  chan os.Signal // says that height is another
	ended    chan error
}

// sit has somebody sit down before a terminal of so many lines. Whoever sits has to
// get up again.
func (f *flight) sit(height int64) seat {
	read, write, err := os.Pipe()
	require.NoError(f.t, err)
	s := seat{newScreen(f.t), f, write, &atomic.Int64{}, make(chan os.Signal), make(chan error, 1)}
	s.height.Store(height)
	terminal := &Terminal{
		Cockpit: f.Cockpit, Out: s.screen, Keys: read,
		Size: func() (int, int) { return 80, int(s.height.Load()) }, Resized: s.resized,
		Diff: func(l catalog.Lesson, _ bool) (string, error) { return "-\tyours of " + l.Name + "\n", nil },
	}
	go func() { // ends when its user gets up
		defer read.Close()
		s.ended <- terminal.Run(f.t.Context())
	}()
	f.t.Cleanup(func() {
		write.Close()
		<-s.ended
	})
	return s
}

// press presses keys, and returns what was written from there on, once word is in
// it.
func (s seat) press(keys, word string) string {
	from := s.length()
	_, err := s.keyboard.WriteString(keys)
	require.NoError(s.flight.t, err)
	return s.await(from, word)
}

// Each key does what the help says, and the next save brings its lesson up.
func TestEachKeyDoesWhatTheHelpSays(t *testing.T) {
	s := fly(t, false).sit(50)
	first := s.await(0, "? help")
	require.Contains(t, first, "running the tests of all lessons …"+clearLine+"\r\nthis first build takes longest")
	require.True(t, strings.HasPrefix(first, toTop) && strings.HasSuffix(first, clearRest), "%q", first)
	<-s.begun
	s.verdict <- nil
	s.await(0, "lesson 01-one")

	s.press("n", "lesson 02-two")
	s.press("\x1b[C", "lesson 03-three")
	s.press("n", "there is no lesson beyond this one")
	s.press("p", "lesson 02-two")
	s.press("\x1b[A", "") // up is nothing
	s.press("l", "▸ 02-two")
	s.press("p", "▸ 01-one")
	s.press("l", "lesson 01-one")
	s.press("?", "p  show the previous lesson")
	s.press("x", "lesson 01-one")
	s.press("h", "no step is red")
	s.press("d", "d again shows it")
	shown := s.press("d", "-    yours of 01-one")
	require.Contains(t, shown, "any key goes back")
	s.press("d", "lesson 01-one")

	s.press("r", "running …")
	require.Equal(t, []string{"01-one"}, <-s.begun)
	s.verdict <- errors.New("there is no go command")
	s.await(0, "there is no go command")

	from := s.length()
	s.save(2, "package three // saved\n")
	require.Equal(t, []string{"03-three"}, <-s.begun)
	s.await(from, "lesson 03-three")
	s.verdict <- nil
	s.press("q", "")
	require.NoError(t, <-s.ended)
	s.ended <- nil
}

// Ctrl-C is a key like others, and so is the end of what is typed.
func TestQuitting(t *testing.T) {
	f := fly(t, false)
	for _, keys := range []string{"\x03", "\x04", "q", ""} {
		s := f.sit(50)
		s.await(0, "? help")
		_, err := s.keyboard.WriteString(keys)
		require.NoError(t, err)
		if keys == "" {
			s.keyboard.Close()
		}
		require.NoError(t, <-s.ended)
		s.ended <- nil
	}
}

// What is higher than the terminal scrolls, from a clean screen on, and when the
// terminal grows, what is there is drawn anew.
func TestAHighScreenScrolls(t *testing.T) {
	s := fly(t, false).sit(10)
	s.await(0, toTop)
	require.Contains(t, s.press("?", "q  quit"), clearAll+"watch runs a lesson when you save a file of it")

	from := s.length()
	s.height.Store(50)
	s.resized <- os.Interrupt // any signal
	s.await(from, toTop+"watch runs a lesson when you save a file of it")
}

// Without keys there are plain lines: each run's beginning, which names the lesson,
// and its end.
func TestPlainLines(t *testing.T) {
	f := fly(t, false)
	out := newScreen(t)
	terminal := &Terminal{Cockpit: f.Cockpit, Out: out, Page: "home page http://localhost:8090"}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- terminal.Run(ctx) }()

	require.Equal(t, `watching lessons/ · Ctrl-C stops
home page http://localhost:8090

running the tests of all lessons …
this first build takes longest
`, out.await(0, "longest\n"))
	<-f.begun
	from := out.length()
	f.verdict <- nil
	require.Equal(t, "\nlesson 01-one ·\n0 of 0 steps\n\nred   all steps pass, but\n\nnext  edit lessons/01-one/one.go; its lesson runs when you save it\n"+
		"hint  go run ./harness hint 1\n", out.await(from, "hint 1\n"))

	from = out.length()
	f.save(1, "package two // saved\n")
	<-f.begun
	out.await(from, "\nlesson 02-two · running …\n")
	f.verdict <- nil
	text := out.await(from, "hint 2\n")
	require.NotContains(t, text, "\x1b")
	require.NotContains(t, text, "\r")
	stop()
	require.NoError(t, <-ended)
}

// A place that takes nothing more ends the showing.
func TestAScreenThatIsGone(t *testing.T) {
	read, write := io.Pipe()
	read.CloseWithError(errors.New("gone"))
	terminal := &Terminal{Cockpit: fly(t, false).Cockpit, Out: write}
	require.ErrorContains(t, terminal.Run(t.Context()), "gone")
}

// Keys that come together are told apart, and what is none is nothing.
func TestKeysAreToldApart(t *testing.T) {
	for typed, want := range map[string]string{
		"hq": "hq", "\x1b[C": "n", "\x1bOD": "p", "\x1b[Al": "l", "\x1b[1;5Cd\x1b[3~": "nd", "\x1b": "", "": "",
	} {
		var got strings.Builder
		for _, k := range keysOf([]byte(typed)) {
			got.WriteByte(byte(k))
		}
		require.Equal(t, want, got.String(), "%q", typed)
	}
}
