package step

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"example.com/sseworkbook/harness/inspect"
)

// A crash of the learner's code (a panic on a goroutine of its own, two writes
// to a map at once) takes the process along, and the runtime prints pages of
// stacks. So the steps run in a child, and its parent turns what the child
// prints last into the failure of one step.

// stateVar names, in the child's environment, the file in which the child notes
// the step that it is at.
const stateVar = "STEP_STATE"

var stateFile = os.Getenv(stateVar)

func supervised() bool { return stateFile != "" }

// canSupervise reports whether a child would be in nobody's way.
func canSupervise() bool { return !fuzzing() && !debugged() }

// tellSupervisor notes the step that begins, or "" when none runs.
func tellSupervisor(step string) {
	if supervised() {
		os.WriteFile(stateFile, []byte(step), 0o600)
	}
}

// endWithSupervisor ends the child when its parent is gone, and with it the
// other end of this pipe.
func endWithSupervisor() {
	io.Copy(io.Discard, os.Stdin)
	os.Exit(2)
}

// supervise runs the steps, of which it gets all names, in a child and returns the
// exit status.
func supervise(names []string) int {
	state, err := os.CreateTemp("", "step-*")
	if err != nil {
		fmt.Fprintln(os.Stderr, "running the steps:", err)
		return 2
	}
	state.Close()
	defer os.Remove(state.Name())

	began := time.Now()
	dump, err := runChild(state.Name(), names)
	crash, crashed := errors.AsType[*exec.ExitError](err)
	if crashed && dump != "" && crash.ExitCode() == 2 {
		step, _ := os.ReadFile(state.Name())
		current.crashed(string(step), dump, time.Since(began))
		return 1
	}
	fmt.Print(dump)
	switch {
	case crashed && crash.ExitCode() > 0:
		return crash.ExitCode()
	case err != nil:
		fmt.Fprintln(os.Stderr, "running the steps:", err)
		return 1
	}
	return 0
}

// runChild runs this test binary once more, tells it the names of the steps, and
// passes on what it says, up to the first line of a crash. It returns the rest.
func runChild(stateFile string, names []string) (dump string, err error) {
	cmd := exec.Command(os.Args[0], os.Args[1:]...)
	cmd.Env = append(os.Environ(), stateVar+"="+stateFile, namesVar+"="+strings.Join(names, " "), "GOTRACEBACK=all", noRaceSleep())
	alive, err := cmd.StdinPipe()
	if err != nil {
		return "", err
	}
	defer alive.Close()
	said, says, err := os.Pipe() // one pipe for both, which keeps their order
	if err != nil {
		return "", err
	}
	defer said.Close()
	cmd.Stdout, cmd.Stderr = says, says
	err = cmd.Start()
	says.Close()
	if err != nil {
		return "", err
	}
	defer forwardSignals(cmd.Process)()
	dump = passOn(said, os.Stdout)
	return dump, cmd.Wait()
}

// forwardSignals passes on to p what is to end this process, until stop is
// called.
func forwardSignals(p *os.Process) (stop func()) {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGQUIT)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for s := range signals {
			if p.Signal(s) != nil {
				p.Kill()
			}
		}
	}()
	return func() {
		signal.Stop(signals)
		close(signals)
		<-done
	}
}

// crashed reports that step took the process along.
func (l *lesson) crashed(step, dump string, took time.Duration) {
	sentence := crashSentence(dump)
	if step == "" {
		fmt.Println(sentence)
		return
	}
	l.red = step
	for _, earlier := range l.steps[:max(0, slices.Index(l.steps, step))] {
		l.green[earlier] = true
	}
	printFailure(step, took, sentence+"\nthe whole process ended with it: each client of a server would have lost its connection")
	fmt.Print(l.closing())
}

// crashSentence says in one line what the runtime says in pages.
func crashSentence(dump string) string {
	reason, stacks := inspect.Crash(dump)
	crashed := stacks[:min(1, len(stacks))]
	if _, ok := ownPlace(crashed); ok {
		stacks = crashed
	}
	return at(reason, stacks)
}
