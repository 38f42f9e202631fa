package step

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"example.com/sseworkbook/harness/inspect"
)

// supervise runs the steps, of which it gets all names, in a child and returns the
// exit status. A crash of the learner's code (a panic on a goroutine of its own, two
// writes to a map at once) takes its process along, and the runtime prints pages of
// stacks. These become the failure of one step here.
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
	exit, ended := errors.AsType[*exec.ExitError](err)
	if ended && dump != "" && exit.ExitCode() == 2 {
		step, _ := os.ReadFile(state.Name())
		current.crashed(string(step), dump, time.Since(began))
		return 1
	}
	fmt.Print(dump)
	switch {
	case ended && exit.ExitCode() > 0:
		return exit.ExitCode()
	case err != nil:
		fmt.Fprintln(os.Stderr, "running the steps:", err)
		return 1
	}
	return 0
}

// runChild runs the child and passes on what it says, up to the first line of a
// crash. It returns the rest.
func runChild(stateFile string, names []string) (dump string, err error) {
	signal.Notify(make(chan os.Signal, 1), syscall.SIGQUIT) // a terminal sends it to the child too, which says where it is
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	cmd := thisBinary(ctx, os.Args[1:], stateVar+"="+stateFile, namesVar+"="+strings.Join(names, " "), "GOTRACEBACK=all")
	alive, err := cmd.StdinPipe()
	if err != nil {
		return "", err
	}
	cmd.Cancel = alive.Close
	said, err := cmd.StdoutPipe()
	if err != nil {
		return "", err
	}
	cmd.Stderr = cmd.Stdout // one pipe for both, which keeps their order
	if err := cmd.Start(); err != nil {
		return "", err
	}
	dump = passOn(said, os.Stdout)
	return dump, cmd.Wait()
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
	l.printFailure(took, sentence+"\nthe whole process ended with it, and so did everything that others were waiting for")
}

// crashSentence says in one line what the runtime says in pages.
func crashSentence(dump string) string {
	reason, stacks := inspect.Crash(dump)
	crashed := stacks[:min(1, len(stacks))]
	if _, ok := ownPlace(crashed); ok || strings.HasPrefix(reason, "panic: ") {
		stacks = crashed // nobody else is to blame for a panic
	}
	return at(reason, stacks)
}
