package step

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strings"
)

// What the child that runs the steps finds in its environment: the file in which it
// is to note the step that it is at, and the names of all steps.
const (
	stateVar = "STEP_STATE"
	namesVar = "STEP_NAMES"
)

var stateFile = os.Getenv(stateVar)

// supervised reports whether this process is such a child.
func supervised() bool { return stateFile != "" }

// tellSupervisor notes the step that begins, or "" when none runs.
func tellSupervisor(step string) {
	if supervised() {
		os.WriteFile(stateFile, []byte(step), 0o600)
	}
}

// endWithSupervisor ends the child when its parent is gone, or says so by closing
// the other end of this pipe.
func endWithSupervisor() {
	io.Copy(io.Discard, os.Stdin)
	os.Exit(2)
}

// stepNames returns the names of the lesson's tests and fuzz targets, in the order in
// which they run: that of the source, file by file. [testing.M] knows it and does not
// tell, but the test binary lists it. Where that fails, the run goes on without: then
// no step waits for an earlier one.
func stepNames() []string {
	if names, told := os.LookupEnv(namesVar); told {
		return strings.Fields(names)
	}
	out, err := thisBinary(context.Background(), []string{"-test.list=."}).Output()
	if err != nil {
		fmt.Fprintln(os.Stderr, "listing the steps, which now run in no particular order:", err)
		return nil
	}
	return stepName.FindAllString(string(out), -1)
}

// stepName finds a line with the name of a step: there may be benchmarks, and what
// the learner's code prints when it is loaded.
var stepName = regexp.MustCompile(`(?m)^(Test|Fuzz)\w*$`)

// thisBinary returns a command that runs this test binary once more. The race
// detector does not let it sleep for a second when it ends.
func thisBinary(ctx context.Context, args []string, env ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, os.Args[0], args...)
	cmd.Env = append(os.Environ(), "GORACE="+os.Getenv("GORACE")+" atexit_sleep_ms=0")
	cmd.Env = append(cmd.Env, env...)
	return cmd
}
