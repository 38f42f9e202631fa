package step

import (
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"
)

// namesVar has, in the child's environment, the names of the steps.
const namesVar = "STEP_NAMES"

// stepNames returns the names of the lesson's tests and fuzz targets, in the order in
// which they run: that of the source, file by file. [testing.M] knows it and does not
// tell, but the test binary lists it. Where that fails, the run goes on without: then
// no step waits for an earlier one.
func stepNames() []string {
	if names, told := os.LookupEnv(namesVar); told {
		return strings.Fields(names)
	}
	cmd := exec.Command(os.Args[0], "-test.list=.")
	cmd.Env = append(os.Environ(), noRaceSleep())
	out, err := cmd.Output()
	if err != nil {
		fmt.Fprintln(os.Stderr, "listing the steps, which now run in no order:", err)
		return nil
	}
	return stepName.FindAllString(string(out), -1)
}

// stepName finds a line with the name of a step: there may be benchmarks, and what
// the learner's code prints when it is loaded.
var stepName = regexp.MustCompile(`(?m)^(Test|Fuzz)\w*$`)

// noRaceSleep is the setting by which the race detector does not let a process sleep
// for a second when it ends.
func noRaceSleep() string { return "GORACE=" + os.Getenv("GORACE") + " atexit_sleep_ms=0" }
