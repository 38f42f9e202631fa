package terminal

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"example.com/sseworkbook/harness/catalog"
	"example.com/sseworkbook/harness/progress"
	"example.com/sseworkbook/harness/watch"
)

// sayLimit is how long a terminal may take to show what is waited for.
const sayLimit = time.Minute

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A flight is a workbook of three lessons in a test, which says what happens.
type flight struct {
	t       *testing.T
	root    string
	lessons []catalog.Lesson
	rerun   chan string // the lessons that somebody wants to run again

	mu      sync.Mutex // guards the rest
	latest  watch.Snapshot
	changed chan struct{}
}

// fly returns a flight in which the tests of all lessons run.
func fly(t *testing.T) *flight {
	f := &flight{t: t, root: t.TempDir(), rerun: make(chan string, 3), changed: make(chan struct{})}
	for i, name := range []string{"01-one", "02-two", "03-three"} {
		l := catalog.Lesson{Number: i + 1, Name: name, Topic: name[3:], Dir: filepath.Join(f.root, "lessons", name)}
		require.NoError(t, os.MkdirAll(l.Dir, 0o755))
		require.NoError(t, os.WriteFile(l.File(), []byte("\tyours of "+name+"\n"), 0o644))
		f.lessons = append(f.lessons, l)
	}
	f.change(func(s *watch.Snapshot) { s.Running = true })
	return f
}

func (f *flight) change(edit func(*watch.Snapshot)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	edit(&f.latest)
	f.latest.N++
	close(f.changed)
	f.changed = make(chan struct{})
}

// Latest implements Source.
func (f *flight) Latest() (watch.Snapshot, <-chan struct{}) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.latest, f.changed
}

// Rerun implements Source.
func (f *flight) Rerun(lessons ...catalog.Lesson) {
	f.change(func(s *watch.Snapshot) {
		s.Running, s.Lesson = true, ""
		if len(lessons) == 1 {
			s.Lesson = lessons[0].Name
		}
	})
	for _, lesson := range lessons {
		f.rerun <- lesson.Name
	}
}

// save has a lesson run, as a save does.
func (f *flight) save(lesson catalog.Lesson) {
	f.change(func(s *watch.Snapshot) { s.Running, s.Lesson = true, lesson.Name })
}

// ran ends the run: nothing is done, or the run could not be made.
func (f *flight) ran(err error) {
	f.change(func(s *watch.Snapshot) {
		s.Running, s.Err = false, err
		s.Results = results(progress.Result{Lesson: f.lessons[0]}, progress.Result{Lesson: f.lessons[1]}, progress.Result{Lesson: f.lessons[2]})
	})
}

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
		Source: f, Root: f.root, Lessons: f.lessons, Out: s.screen,
		keys: read, size: func() (int, int) { return 80, int(s.height.Load()) }, resized: s.resized,
		lend: func(use func() error) error { return use() },
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
	s := fly(t).sit(50)
	first := s.await(0, "? help")
	require.Contains(t, first, "running the tests of all lessons …"+clearLine+"\r\nthe first build takes longest")
	require.True(t, strings.HasPrefix(first, toTop) && strings.HasSuffix(first, clearRest), "%q", first)
	s.ran(nil)
	s.await(0, "lesson 01-one")

	s.press("n", "lesson 02-two")
	s.press("\x1b[C", "lesson 03-three")
	s.press("n", "there is no lesson beyond this one")
	s.press("p", "lesson 02-two")
	s.press("\x1b[D", "lesson 01-one")
	require.Contains(t, s.press("l", "▸ 01-one"), "↑ ↓ choose · Enter show · q back")
	s.press("\x1b[B", "▸ 02-two")
	s.press("\x1b[5~", "▸ 01-one")
	s.press("n", "▸ 02-two")
	s.press("\r", "lesson 02-two")
	s.press("lp", "▸ 01-one")
	s.press("q", "lesson 01-one")
	s.press("?", "e      open your code at the red line")
	s.press("\x1b", "lesson 01-one")
	s.press("m", "lesson 01-one · 0 mistakes")
	s.press("mh", "no step is red")
	s.press("?d", "again to see it") // the answers are not given away from there either
	s.press("h", "no step is red")
	s.press("d", "again to see it")
	s.press("q", "? help") // no, thanks
	s.press("d", "again to see it")
	shown := s.press("d", "-    yours of 01-one")
	require.Contains(t, shown, "↑ ↓ scroll · q back")
	s.press("x", "-    yours of 01-one") // which is no key
	s.press("d", "lesson 01-one")
	s.press("o", "there is no home page")

	s.press("a", "running …")
	require.Equal(t, []string{"01-one", "02-two", "03-three"}, []string{<-s.rerun, <-s.rerun, <-s.rerun})
	s.ran(nil)
	s.press("r", "running …")
	require.Equal(t, "01-one", <-s.rerun)
	s.ran(errors.New("there is no go command"))
	s.await(0, "there is no go command")

	from := s.length()
	s.save(s.lessons[2])
	s.await(from, "lesson 03-three")
	s.ran(nil)
	s.press("q", "watch has stopped")
	require.NoError(t, <-s.ended)
	s.ended <- nil
}

// Ctrl-C is a key like others, and so is the end of what is typed.
func TestQuitting(t *testing.T) {
	f := fly(t)
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

// What is higher than the terminal scrolls, and says how much there is. When the
// terminal grows, all of it is there.
func TestAHighScreenScrolls(t *testing.T) {
	s := fly(t).sit(10)
	s.await(0, toTop)
	first := s.press("?", "↑ 0 · ↓")
	require.Contains(t, first, toTop+"watch runs a lesson when you save one of its files")
	require.NotContains(t, first, "^Z")
	s.press("\x1b[B", "↑ 1 · ↓")
	s.press(strings.Repeat(" ", 5), "· ↓ 0 more lines")
	s.press("\x1b[A", "· ↓ 1 more lines")
	s.press("qq", "")
	require.NoError(t, <-s.ended)
	s.ended <- nil

	s = fly(t).sit(10)
	s.press("?", "↑ 0 · ↓")
	from := s.length()
	s.height.Store(50)
	s.resized <- os.Interrupt // any signal
	require.NotContains(t, s.await(from, "^Z"), "more lines")
}

// Where no editor is known, and where it cannot be started, a note says so.
func TestAnEditorThatIsNotThere(t *testing.T) {
	for _, name := range []string{"VISUAL", "EDITOR", "TERM_PROGRAM", "TERMINAL_EMULATOR"} {
		t.Setenv(name, "")
	}
	s := fly(t).sit(50)
	s.ran(nil)
	s.await(0, "lesson 01-one")
	s.press("e", "set VISUAL or EDITOR")
	t.Setenv("EDITOR", "there-is-no-such-editor")
	s.press("e", "there-is-no-such-editor: ")
}

// Without keys there are plain lines: each run's beginning, which names the lesson,
// and its end.
func TestPlainLines(t *testing.T) {
	f := fly(t)
	out := newScreen(t)
	terminal := &Terminal{Source: f, Root: f.root, Lessons: f.lessons, Out: out, URL: "http://localhost:8090"}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- terminal.Run(ctx) }()

	require.Equal(t, `watching lessons/ · Ctrl-C stops
home page http://localhost:8090

running the tests of all lessons …
the first build takes longest
`, out.await(0, "longest\n"))
	from := out.length()
	f.ran(nil)
	require.Equal(t, "\nlesson 01-one ·\n0 of 0 steps\n\nred   all steps pass, but\n\nnext  edit lessons/01-one/one.go; the lesson runs when you save it\n"+
		"hint  go run ./harness hint 1\n", out.await(from, "hint 1\n"))

	from = out.length()
	f.save(f.lessons[1])
	out.await(from, "\nlesson 02-two · running …\n")
	f.ran(nil)
	text := out.await(from, "hint 2\n")
	require.NotContains(t, text, "\x1b")
	require.NotContains(t, text, "\r")
	stop()
	require.NoError(t, <-ended)
}

// What the race detector has found is one more verdict in plain lines, and what it has
// not changed is not said again.
func TestPlainLinesOfTheSecondVerdict(t *testing.T) {
	f := fly(t)
	v := view{root: f.root, lessons: f.lessons, width: plainWidth}
	due := green(f.lessons[1])
	due.Done, due.Race = false, progress.RaceDue
	first := watch.Snapshot{N: 2, Lesson: "01-one", Results: results(red(f.lessons[0], "wrong"), due)}
	v.now = watch.Snapshot{N: 1, Running: true, Lesson: "01-one"}
	require.Contains(t, v.since(first), "lesson 01-one")

	v.now = first
	second := watch.Snapshot{N: 3, Lesson: "01-one", Results: results(red(f.lessons[0], "wrong"), green(f.lessons[1]))}
	require.Empty(t, v.since(second), "it is about another lesson")
	v.lesson = "02-two"
	require.Contains(t, v.since(second), "1 of 1 steps · done")
}

// A place that takes nothing more ends the showing.
func TestAScreenThatIsGone(t *testing.T) {
	read, write := io.Pipe()
	read.CloseWithError(errors.New("gone"))
	terminal := &Terminal{Source: fly(t), Out: write}
	require.ErrorContains(t, terminal.Run(t.Context()), "gone")
}

// Keys that come together are told apart, and what has no meaning is nothing.
func TestKeysAreToldApart(t *testing.T) {
	for typed, want := range map[string][]key{
		"hq": {'h', 'q'}, "\x1b[C": {right}, "\x1bOD": {left}, "\x1b[Al": {up, 'l'}, "\x1b[1;5Bd\x1b[3~": {down, 'd'},
		"\x1b[5~\x1b[6~": {pageUp, pageDown}, "\x1b": {escape}, "\x1bq": {escape, 'q'}, "": nil,
	} {
		require.Equal(t, want, keysOf([]byte(typed)), "%q", typed)
	}
}
