//go:build unix

package cli

import (
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/creack/pty"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"golang.org/x/sync/errgroup"
	"golang.org/x/term"
)

// sayLimit is how long the harness may take to show what is waited for.
const sayLimit = time.Minute

// A sitting is a harness that was started in a terminal, with a person before it.
type sitting struct {
	t            *testing.T
	person, tty  *os.File // the two ends of the terminal
	before       *term.State
	unread       string // what the screen shows, and nobody has awaited
	ended        chan error
	interruption context.CancelFunc // what SIGTERM does
}

// sit starts the harness in the workbook in the working directory.
func sit(t *testing.T, args ...string) *sitting {
	t.Setenv("TERM", "xterm")
	t.Setenv("NO_COLOR", "")
	person, tty, err := pty.Open()
	require.NoError(t, err)
	require.NoError(t, pty.Setsize(person, &pty.Winsize{Cols: 80, Rows: 40}))
	s := &sitting{t: t, person: person, tty: tty, ended: make(chan error, 1)}
	s.before = s.state()

	ctx, stop := context.WithCancel(t.Context())
	s.interruption = stop
	go func() { s.ended <- run(ctx, args, tty, tty, os.Stderr) }()
	return s
}

// state returns how the terminal is set.
func (s *sitting) state() (state *term.State) {
	conn, err := s.tty.SyscallConn() // the method Fd would have reads block
	require.NoError(s.t, err)
	require.NoError(s.t, conn.Control(func(fd uintptr) { state, err = term.GetState(int(fd)) }))
	require.NoError(s.t, err)
	return state
}

// await reads the screen until a word comes, behind the one that was awaited last,
// and returns all that was read since then.
func (s *sitting) await(word string) string {
	late := time.AfterFunc(sayLimit, func() { s.tty.Close() }) // which ends the harness, and so the reading
	defer late.Stop()
	for buffer := make([]byte, 4096); ; {
		before, after, found := strings.Cut(s.unread, word)
		if found {
			s.unread = after
			return before + word
		}
		n, err := s.person.Read(buffer)
		require.NoError(s.t, err, "waiting for %q, after:\n%s", word, s.unread)
		s.unread += string(buffer[:n])
	}
}

// press presses a key.
func (s *sitting) press(key string) {
	_, err := s.person.WriteString(key)
	require.NoError(s.t, err)
}

// end waits for the harness to end, which has to be a good end in a terminal that
// is as it was.
func (s *sitting) end() {
	drained := make(chan struct{})
	go func() { // ends when both ends of the terminal are closed
		defer close(drained)
		_, _ = io.Copy(io.Discard, s.person)
	}()
	require.NoError(s.t, <-s.ended)
	require.Equal(s.t, s.before, s.state(), "the terminal is not as it was")
	s.tty.Close()
	s.person.Close()
	<-drained
}

// tinyWorkbook goes to a workbook of one lesson, in which nothing is done.
func tinyWorkbook(t *testing.T) {
	t.Chdir(t.TempDir())
	for path, text := range map[string]string{
		"go.mod":                            "module example.com/sseworkbook\n\ngo 1.26\n",
		"solutions/01-greeting/greeting.go": "package greeting\n\nfunc Hello() string { return \"hello\" }\n",
		"lessons/01-greeting/greeting.go":   "package greeting\n\nfunc Hello() string { return \"\" }\n",
		"lessons/01-greeting/README.md":     "# 01 · Greeting: say hello\n",
		"lessons/01-greeting/part1_test.go": "package greeting\n\nimport \"testing\"\n\nfunc TestHello(t *testing.T) {\n" +
			"\tif Hello() == \"\" {\n\t\tt.Fatal(\"nobody is greeted at greeting.go:3 (Hello)\")\n\t}\n}\n",
	} {
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
	}
}

// In a terminal, the screen follows what is saved, keys do things, and the terminal
// is as it was in the end, whatever the end is.
func TestWatchInATerminal(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	tinyWorkbook(t)
	s := sit(t, "watch", "-addr", "localhost:0")
	s.await("the first build takes longest")
	shown := s.await("the lesson runs when you save it")
	require.Contains(t, shown, "\x1b[1;31mred   \x1b[0m")
	require.Contains(t, shown, " 3 │ func Hello() string { return \"\" }\x1b[K\r\n")

	s.await("home page ")
	url, _, _ := strings.Cut(s.await("\x1b"), "\x1b")
	response, err := http.Get(url)
	require.NoError(t, err)
	response.Body.Close()
	require.Equal(t, http.StatusOK, response.StatusCode)
	http.DefaultClient.CloseIdleConnections()

	editor := filepath.Join(t.TempDir(), "nano")
	require.NoError(t, os.WriteFile(editor, []byte("#!/bin/sh\necho \"editing $*\"\nread -r answer\necho \"got $answer\"\n"), 0o755))
	t.Setenv("VISUAL", editor)
	s.press("e")
	s.await("editing +3 ")
	require.Contains(t, s.await("\n"), filepath.FromSlash("lessons/01-greeting/greeting.go"))
	require.Equal(t, s.before, s.state(), "the editor has the terminal as it was")
	s.press("quiet\n") // a key that watch takes is lost
	s.await("got quiet")
	s.await("the lesson runs when you save it")

	s.press("d")
	s.await("again to see it")
	s.press("d")
	s.await("q back")
	s.press("q")
	s.await("the lesson runs when you save it")
	require.NoError(t, os.WriteFile("lessons/01-greeting/greeting.go", []byte("package greeting\n\nfunc Hello() string { return \"hi\" }\n"), 0o644))
	s.await("running …")
	s.await("1 of 1 steps · done")
	s.press("\x03")
	s.end()
}

// Ctrl-Z suspends it, the shell has the terminal, and fg brings it back.
func TestCtrlZSuspendsWatch(t *testing.T) {
	shell, err := exec.LookPath("sh")
	if err != nil && os.Getenv("CI") == "" {
		t.Skip("there is no sh here, which would continue what Ctrl-Z suspends")
	}
	require.NoError(t, err)
	tinyWorkbook(t)
	self, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.Command(shell, "-i")
	cmd.Env = append(os.Environ(), "TERM=xterm", "PS1=ready> ", "ENV=", childVar+"="+watchChild)
	person, err := pty.StartWithSize(cmd, &pty.Winsize{Cols: 80, Rows: 40})
	require.NoError(t, err)
	s := &sitting{t: t, person: person, tty: person, ended: make(chan error, 1)}
	defer person.Close()
	defer cmd.Process.Kill() // if it has not ended

	s.await("ready> ")
	s.press("'" + self + "' watch -addr ''\n")
	s.await("the lesson runs when you save it")
	s.press("\x1a")
	s.await("ready> ")
	s.press("echo the shell\" is \"here\n")
	s.await("the shell is here")
	s.await("ready> ")
	s.press("fg\n")
	s.await("the lesson runs when you save it")
	s.press("q")
	s.await("ready> ")
	s.press("exit\n")
	require.NoError(t, cmd.Wait())
}

// A signal while the tests run ends it as well as a key does.
func TestASignalEndsWatchInATerminal(t *testing.T) {
	tinyWorkbook(t)
	s := sit(t, "watch", "-addr", "")
	s.await("takes longest")
	s.interruption()
	s.end()
}

// A panic of one is an error of all, and the others end in good order.
func TestAPanicIsAnErrorOfAll(t *testing.T) {
	crew, ctx := errgroup.WithContext(t.Context())
	ended := false
	crew.Go(guarded(ctx, func(ctx context.Context) error { <-ctx.Done(); ended = true; return errors.New("too late") }))
	crew.Go(guarded(ctx, func(context.Context) error { panic("lost") }))
	require.ErrorContains(t, crew.Wait(), "panic: lost")
	require.True(t, ended)
}
