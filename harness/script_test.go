package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"example.com/sseworkbook/harness/catalog"
	"example.com/sseworkbook/harness/checksums"
	"example.com/sseworkbook/harness/process"
	"example.com/sseworkbook/harness/toolchain"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"harness": main})
}

// TestCommands runs the scripts: what people type, and what they then see.
func TestCommands(t *testing.T) {
	environment := goEnvironment(t)
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(env *testscript.Env) error {
			env.Vars = append(env.Vars, environment...)
			return others(env)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"workbook":  cmdWorkbook,
			"solve":     cmdSolve,
			"append":    cmdAppend,
			"replace":   cmdReplace,
			"start":     cmdStart,
			"await":     cmdAwait,
			"interrupt": cmdInterrupt,
			"sametour":  cmdSameTour,
		},
		Condition: func(name string) (bool, error) {
			if name != "race" {
				return false, fmt.Errorf("there is no condition %q", name)
			}
			return toolchain.CanRace(t.Context()), nil
		},
	})
}

// goEnvironment returns where the go command keeps things, for a script has no
// home of its own.
func goEnvironment(t *testing.T) []string {
	var vars []string
	for _, name := range []string{"GOCACHE", "GOMODCACHE", "GOPROXY"} {
		vars = append(vars, name+"="+goEnv(t, name))
	}
	return append(vars, sharedBuilds(), "GOWORK=off")
}

// sharedBuilds is the setting of GOFLAGS with which what was built of one copy of
// the workbook serves all the others, wherever they are.
func sharedBuilds() string { return "GOFLAGS=" + toolchain.Flags() + " -trimpath" }

// goEnv returns a setting of the go command.
func goEnv(t *testing.T, name string) string {
	value, err := exec.Command("go", "env", name).Output()
	if err != nil {
		t.Fatalf("go env %s: %v", name, err)
	}
	return strings.TrimSpace(string(value))
}

// others sets up the parties that the programs meet and that are not as they
// should be: $TAKEN is an address that is in use, $ODD serves what is no stream.
func others(env *testscript.Env) error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	env.Defer(func() { listener.Close() })
	env.Setenv("TAKEN", listener.Addr().String())

	mux := http.NewServeMux()
	mux.HandleFunc("/html", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "<p>Please log in.") })
	mux.HandleFunc("/gone", func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusNoContent) })
	odd := httptest.NewServer(mux)
	env.Defer(odd.Close)
	env.Setenv("ODD", odd.URL)
	env.Values[runningKey{}] = map[string]*program{}
	return nil
}

// cmdWorkbook makes a fresh copy of the workbook and goes there. "workbook 3" has
// the first three lessons only, for a script that is about those: each command
// that runs all lessons links every one of them.
func cmdWorkbook(ts *testscript.TestScript, _ bool, args []string) {
	dir := ts.MkAbs("workbook")
	ts.Check(freshWorkbook(dir))
	ts.Check(ts.Chdir(dir))
	if len(args) == 0 {
		return
	}
	n, err := strconv.Atoi(args[0])
	ts.Check(err)
	lessons, err := catalog.Find(dir)
	ts.Check(err)
	for _, lesson := range lessons[n:] {
		for _, folder := range []string{"lessons", "solutions"} {
			ts.Check(os.RemoveAll(filepath.Join(dir, folder, lesson.Name)))
		}
	}
	ts.Check(checksums.Write(dir))
}

// cmdSolve puts the solutions of the lessons in place of their stubs.
func cmdSolve(ts *testscript.TestScript, _ bool, names []string) {
	for _, name := range names {
		_, topic, _ := strings.Cut(name, "-")
		text, err := os.ReadFile(ts.MkAbs(filepath.Join("solutions", name, topic+".go")))
		ts.Check(err)
		ts.Check(os.WriteFile(ts.MkAbs(filepath.Join("lessons", name, topic+".go")), text, 0o644))
	}
}

// cmdAppend writes a text to the end of a file, "append FILE TEXT".
func cmdAppend(ts *testscript.TestScript, _ bool, files []string) {
	ts.Check(os.WriteFile(ts.MkAbs(files[0]), []byte(ts.ReadFile(files[0])+ts.ReadFile(files[1])), 0o644))
}

// cmdReplace puts a text in the place of another one that a file has once,
// "replace FILE OLD NEW".
func cmdReplace(ts *testscript.TestScript, _ bool, args []string) {
	text := ts.ReadFile(args[0])
	if n := strings.Count(text, args[1]); n != 1 {
		ts.Fatalf("%s has %q %d times", args[0], args[1], n)
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(strings.Replace(text, args[1], args[2], 1)), 0o644))
}

// runningKey is where a script keeps its programs.
type runningKey struct{}

// cmdStart starts the harness in the background, "start NAME WORD ARGUMENT…",
// and waits for a line with the word. A server's address is then in $URL, and the
// session of a client in $SESSION.
func cmdStart(ts *testscript.TestScript, _ bool, args []string) {
	cmd := process.Command(context.Background(), filepath.Join(pathOf(ts), "harness"), args[2:]...)
	cmd.Dir = ts.MkAbs(".")
	cmd.Env = append(os.Environ(), "PATH="+ts.Getenv("PATH"))
	p, err := startProgram(cmd, args[1])
	ts.Check(err)
	ts.Defer(p.kill)
	ts.Value(runningKey{}).(map[string]*program)[args[0]] = p
	if url := p.url(); url != "" {
		ts.Setenv("URL", url)
	}
	if session := p.session(); session != "" {
		ts.Setenv("SESSION", session)
	}
}

// cmdAwait waits until a program says something more, "await NAME WORD".
func cmdAwait(ts *testscript.TestScript, _ bool, args []string) {
	ts.Check(ts.Value(runningKey{}).(map[string]*program)[args[0]].await(args[1]))
}

// pathOf returns the folder in which testscript has put the harness.
func pathOf(ts *testscript.TestScript) string {
	first, _, _ := strings.Cut(ts.Getenv("PATH"), string(os.PathListSeparator))
	return first
}

// cmdInterrupt presses Ctrl-C in a program and waits for its end, which must be
// a good one, or with ! a bad one. What it wrote is then in the file NAME.out.
func cmdInterrupt(ts *testscript.TestScript, neg bool, args []string) {
	p := ts.Value(runningKey{}).(map[string]*program)[args[0]]
	output, err := p.interrupt()
	ts.Check(os.WriteFile(ts.MkAbs(args[0]+".out"), []byte(output), 0o644))
	if neg && err == nil {
		ts.Fatalf("%s ended well", args[0])
	}
	if !neg && err != nil {
		ts.Fatalf("%s ended badly, %v, after:\n%s", args[0], err, output)
	}
}

// owners is what differs from tour to tour: whose code it is, what a terminal's
// columns make of that, and what chance brings.
var owners = regexp.MustCompile(`\(?(yours|reference)\)?| +|session=\w+`)

// cmdSameTour compares what two tours have shown.
func cmdSameTour(ts *testscript.TestScript, _ bool, args []string) {
	var tours []string
	for _, name := range args {
		text := chance.ReplaceAllString(ts.ReadFile(name), "…")
		tours = append(tours, owners.ReplaceAllString(text, ""))
	}
	if tours[0] != tours[1] {
		ts.Fatalf("the tours differ:\n%s\n%s", tours[0], tours[1])
	}
}
