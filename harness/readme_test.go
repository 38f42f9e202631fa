package main

import (
	"context"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/sseworkbook/harness/catalog"
	"example.com/sseworkbook/harness/checksums"
	"example.com/sseworkbook/harness/process"
	"example.com/sseworkbook/harness/toolchain"
)

// pages are the README and what it sends its readers to.
var pages = []string{"README.md", "TROUBLESHOOTING.md", "CONTRIBUTING.md", "harness/bench/README.md", "harness/load/README.md",
	"harness/programs/README.md", "harness/update/README.md", "harness/verify/README.md"}

// tooLong are the commands of the pages that are not run here, since they run
// this test themselves, or take minutes, or a network. CI runs them.
var tooLong = []string{"go test -timeout 30m ./harness/... ./solutions/... ./web/...", "go run ./harness verify", "go run ./harness bench"}

// A shown is a command of a page, and the output that it shows, if any.
type shown struct{ command, output string }

// block is a block of a page that is to be typed, or that shows output.
var block = regexp.MustCompile("(?ms)^```(sh|text)\n(.*?)^```$")

// readCommands returns the commands of a page, each with the output that the
// block right after it shows.
func readCommands(text string) []shown {
	var commands []shown
	for _, found := range block.FindAllStringSubmatch(text, -1) {
		if found[1] == "text" {
			if len(commands) > 0 { // or else it shows no output
				commands[len(commands)-1].output = found[2]
			}
			continue
		}
		for line := range strings.Lines(found[2]) {
			commands = append(commands, shown{command: strings.TrimSpace(line)})
		}
	}
	return commands
}

// TestTheREADMEsCommandsDoWhatItShows runs those of all pages in order in a fresh copy of
// the workbook, and compares what they print with what is shown.
func TestTheREADMEsCommandsDoWhatItShows(t *testing.T) {
	t.Cleanup(func() {
		if edited, err := checksums.Modified(".."); t.Failed() && len(edited) > 0 && err == nil {
			t.Logf("these lesson tests are not the workbook's own any more: %s", strings.Join(edited, ", "))
		}
	})
	r := reader{dir: filepath.Join(t.TempDir(), "workbook"), env: append(toolchain.Environ(), sharedBuilds())}
	require.NoError(t, freshWorkbook(r.dir))
	defer r.stop(t)
	for _, page := range pages {
		text, err := readText(filepath.Join("..", page))
		require.NoError(t, err)
		commands := readCommands(string(text))
		for _, c := range commands {
			t.Run(c.command, func(t *testing.T) { r.follow(t, c) })
		}
		r.stop(t)
	}
}

// A reader types what the README says.
type reader struct {
	dir    string
	env    []string
	server *program // the last one that was started
	client *program // one that goes on answering, if any
	shown  shown    // what the README shows of the client
}

// follow does what a person would do with one command.
func (r *reader) follow(t *testing.T, c shown) {
	switch {
	case slices.Contains(tooLong, c.command):
		ci, err := readText("../.ci/run")
		require.NoError(t, err)
		require.True(t, regexp.MustCompile(`(?m)^\s*`+regexp.QuoteMeta(c.command)).Match(ci), "no line of .ci/run runs it")
	case strings.HasSuffix(c.command, " watch"):
		r.stop(t)
		r.start(t, c, "hint  ")
	case strings.Contains(c.command, "-server"), strings.HasSuffix(c.command, " serve"):
		r.stop(t)
		r.start(t, c, "listening on")
	case strings.Contains(c.command, "bidirectional-client"):
		r.answer(t, c)
	case strings.Contains(c.command, "-client"):
		r.runToEnd(t, c, r.at(t, "/events"), 0)
	case strings.Contains(c.command, "demo-trigger"):
		r.runToEnd(t, c, r.at(t, "/trigger"), 0)
	case strings.HasPrefix(c.command, "go test ./lessons/"):
		r.runToEnd(t, c, "", 1) // red until its learner has done it
	default:
		r.runToEnd(t, c, "", 0)
	}
}

// shell returns the command line as a shell would run it in the workbook: words,
// of which one may be in single quotes, and one may be a pattern.
func (r *reader) shell(line string) *exec.Cmd {
	words := strings.Fields(line)
	for i, word := range words {
		words[i] = strings.Trim(word, "'")
		if matches, err := fs.Glob(os.DirFS(r.dir), path.Clean(word)); strings.HasSuffix(word, "*") && err == nil && len(matches) == 1 {
			words[i] = "./" + matches[0]
		}
	}
	cmd := process.Command(context.Background(), words[0], words[1:]...)
	cmd.Dir = r.dir
	cmd.Env = r.env
	return cmd
}

// start starts a server on a free port, and waits until it says word.
func (r *reader) start(t *testing.T, c shown, word string) {
	p, err := startProgram(r.shell(c.command+" -addr localhost:0"), word)
	require.NoError(t, err)
	r.server = p
	requireShown(t, c, p.read)
}

// at returns the flag for a path of the server that runs.
func (r *reader) at(t *testing.T, path string) string {
	require.NotNil(t, r.server, "the README starts a client without a server")
	return " -url " + r.server.url() + path
}

// answer starts a client that goes on until the server is stopped.
func (r *reader) answer(t *testing.T, c shown) {
	p, err := startProgram(r.shell(c.command+r.at(t, "/events")), "session ")
	require.NoError(t, err)
	r.client, r.shown = p, c
}

// stop presses Ctrl-C in the client and in the server that run.
func (r *reader) stop(t *testing.T) {
	if r.client != nil {
		requireShown(t, r.shown, end(t, r.client))
	}
	if r.server != nil {
		end(t, r.server)
	}
	r.server, r.client = nil, nil
}

// end presses Ctrl-C in a program, and returns all that it has written. By chance,
// the go command's own status is then 0 or 1; of a program that failed it prints
// the status.
func end(t *testing.T, p *program) string {
	output, _ := p.interrupt()
	require.True(t, p.cmd.ProcessState.Exited(), "Ctrl-C does not end the program; it wrote:\n%s", output)
	require.NotContains(t, output, "exit status")
	return output
}

// runToEnd runs a command that ends by itself.
func (r *reader) runToEnd(t *testing.T, c shown, more string, status int) {
	cmd := r.shell(c.command + more)
	output, err := cmd.CombinedOutput()
	require.NotNil(t, cmd.ProcessState, "%v", err)
	require.Equal(t, status, cmd.ProcessState.ExitCode(), "it printed:\n%s", output)
	require.NotEmpty(t, output)
	requireShown(t, c, string(output))
}

// chance is what differs from run to run: ports, times, sessions, how long it
// took, and how much.
var chance = regexp.MustCompile(`(localhost|127\.0\.0\.1):\d+|\b\d+(\.\d+)? (KiB|per second)\b|\d{4}-\d\d-\d\dT[\d:]+(Z|[+-]\d\d:\d\d)| *\b\d+(\.\d+)?(m|µ)?s\b|\(cached\)|\b[A-Z2-7]{26}\b`)

// requireShown fails if the output is not what the README shows. In the README,
// the line ⋮ stands for any lines.
func requireShown(t *testing.T, c shown, output string) {
	if c.output == "" {
		return
	}
	output = "\n" + chance.ReplaceAllString(output, "…")
	want := "\n" + chance.ReplaceAllString(c.output, "…")
	rest := output
	for i, part := range strings.Split(want, "⋮\n") {
		at := strings.Index(rest, part)
		require.GreaterOrEqual(t, at, 0, "the README shows for %s\n%s\nbut it prints\n%s", c.command, part, output)
		require.False(t, i == 0 && at > 0, "the README leaves out the beginning of what %s prints, without saying so", c.command)
		rest = rest[at+len(part):]
	}
	if !strings.HasSuffix(want, "⋮\n") {
		require.Empty(t, rest, "the README leaves out the end of what %s prints, without saying so", c.command)
	}
}

// lessonRow is a row of the README's tables of lessons: a number, perhaps a
// link, and what the lesson is about.
var lessonRow = regexp.MustCompile(`(?m)^\| (?:\[(\d\d) ([^]]+)\]\(([^)]+)\)|(\d\d) ([^|]+?)) \| (.+?) \|$`)

// TestTheREADMEKnowsTheLessons compares its tables with the folders.
func TestTheREADMEKnowsTheLessons(t *testing.T) {
	text, err := readText("../README.md")
	require.NoError(t, err)
	lessons, err := catalog.Find("..")
	require.NoError(t, err)

	rows := lessonRow.FindAllStringSubmatch(string(text), -1)
	require.Len(t, rows, 16)
	for i, row := range rows {
		if i >= len(lessons) {
			require.Empty(t, row[3], "the README links lesson %s, which is not there yet", row[4])
			continue
		}
		lesson := lessons[i]
		require.Equal(t, "lessons/"+lesson.Name+"/README.md", row[3])
		require.Equal(t, lesson.Name[:2], row[1])
		require.Equal(t, lesson.Title, row[2]+": "+row[6], "the title in %s, and the README's", lesson.Readme())
	}
}

// link is a link to a file of the workbook.
var link = regexp.MustCompile(`\]\(([^):]+)\)`)

func TestTheREADMEsLinksLeadSomewhere(t *testing.T) {
	for _, page := range pages {
		text, err := readText(filepath.Join("..", page))
		require.NoError(t, err)
		for _, found := range link.FindAllStringSubmatch(string(text), -1) {
			_, err := os.Stat(filepath.Join("..", filepath.Dir(page), found[1]))
			require.NoError(t, err, "%s links it", page)
		}
	}
}

// A newcomer reads it to the end.
func TestTheREADMEIsShort(t *testing.T) {
	text, err := readText("../README.md")
	require.NoError(t, err)
	require.LessOrEqual(t, strings.Count(string(text), "\n"), 200)
}
