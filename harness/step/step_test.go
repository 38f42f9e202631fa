package step_test

import (
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/sseworkbook/harness/toolchain"
)

// sampleDir holds a lesson whose steps go wrong in the way that the environment
// variable SAMPLE says.
const sampleDir = "testdata/05-sample"

// build compiles the sample lesson's test binary, once.
var build = sync.OnceValue(func() string { return compile("sample.test") })

func compile(name string, flags ...string) string {
	binary := filepath.Join(binaries, name)
	args := append([]string{"test", "-c", "-o", binary}, flags...)
	if out, err := toolchain.Command(context.Background(), "", append(args, "./"+sampleDir)...).CombinedOutput(); err != nil {
		panic(string(out))
	}
	return binary
}

var binaries string // the folder of the compiled tests

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "step-test-*")
	if err != nil {
		panic(err)
	}
	binaries = dir
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

// run runs the sample lesson as go test would, with SAMPLE set to sample.
func run(t *testing.T, binary, sample string, flags ...string) (out string, code int) {
	t.Helper()
	args := append([]string{"-test.timeout=1m", "-test.paniconexit0"}, flags...)
	cmd := exec.Command(binary, args...)
	cmd.Dir = sampleDir
	cmd.Env = append(os.Environ(), "SAMPLE="+sample, "STEP_LIMIT=1s")
	b, _ := cmd.CombinedOutput()
	return string(b), cmd.ProcessState.ExitCode()
}

func TestAStepThatIsRedStopsTheOthers(t *testing.T) {
	out, code := run(t, build(), "2=wrong,4=wrong,5=wrong")
	require.Equal(t, 1, code)
	require.Equal(t, `--- FAIL: TestTwo (#s)
    sample_test.go:22: the second answer is wrong
        got  "not ok"
        want "ok"
              ^
FAIL
lesson 05 sample: 1 of 5 steps · next: TestTwo · hint: go run ./harness hint 5
`, seconds.ReplaceAllString(out, "(#s)"))
}

// seconds is how long a test took.
var seconds = regexp.MustCompile(`\(\d+\.\d\ds\)`)

func TestALessonThatIsGreenSaysNothingOfItself(t *testing.T) {
	out, code := run(t, build(), "")
	require.Equal(t, 0, code)
	require.Equal(t, "PASS\n", out)
}

// Whatever happens in a step, it ends within seconds, in a few lines, and with
// the learner's own line.
func TestWhateverGoesWrongIsTheFailureOfOneStep(t *testing.T) {
	binary := build()
	for name, c := range map[string]struct {
		sample, step, green string
		says                []string
	}{
		"a channel on which nobody sends": {"2=hang", "TestTwo", "1 of 5",
			[]string{"this step hangs at sample.go:37 (misbehave, chan receive), after 1s of real time"}},
		"a loop without end": {"2=spin", "TestTwo", "1 of 5",
			[]string{"this step has not ended after 1s of real time, and your code keeps running ", " (spin), called at sample.go:39 (misbehave)"}},
		"a loop that calls": {"2=work", "TestTwo", "1 of 5",
			[]string{"and your code keeps running at stuck.go:", "in each of 10 samples"}},
		"a loop that takes all memory": {"2=grow", "TestTwo", "1 of 5",
			[]string{"this step used more than 1 GiB of memory, and your code keeps running at stuck.go:1", "(stuck), called at sample.go:"}},
		"a lock that the caller has": {"4=relock", "TestFour", "3 of 5",
			[]string{"your code waits at stuck.go:27 (again, sync.Mutex.Lock) for a lock that is not released, after 1s of real time",
				"it was called at stuck.go:9 (stuck), called at sample.go:60 (misbehave), called at sample.go:26 (Do-range1): is the lock already held there, or did an earlier call return without Unlock?"}},
		"a lock that another goroutine has": {"2=held", "TestTwo", "1 of 5",
			[]string{"your code waits at stuck.go:27 (again, sync.Mutex.Lock)", "another goroutine is at stuck.go:34 (hold, chan send): does it hold the lock?"}},
		"a mutex locked twice, in a bubble": {"3=mutex", "TestThree", "2 of 5",
			[]string{"your code waits at sample.go:42 (misbehave, sync.Mutex.Lock) for a lock that is not released, after 1s of real time"}},
		"a bubble that nothing can wake": {"3=hang", "TestThree", "2 of 5",
			[]string{"sample_test.go:27: this step hangs at sample.go:37 (misbehave, chan receive), and nothing can wake it"}},
		"a wait that says what it waits for": {"4=hang", "TestFour", "3 of 5",
			[]string{"sample_test.go:37: the fourth answer never came: 0 bytes at the client", `waited for "ok"`, "your code is at sample.go:37 (misbehave, chan receive)"}},
		"the same outside a bubble": {"4=spin", "TestFour", "3 of 5",
			[]string{"and your code keeps running ", " (spin), called at sample.go:39 (misbehave)"}},
		"a panic": {"2=panic", "TestTwo", "1 of 5",
			[]string{"panic: assignment to entry in nil map, at sample.go:45 (misbehave)"}},
		"a panic in a bubble": {"3=panic", "TestThree", "2 of 5",
			[]string{"panic: assignment to entry in nil map, at sample.go:45 (misbehave)"}},
		"a panic in a fuzz target": {"5=panic", "FuzzFive", "4 of 5",
			[]string{"panic: assignment to entry in nil map, at sample.go:45 (misbehave)"}},
		"a panic on a goroutine of its own": {"2=panicgo", "TestTwo", "1 of 5",
			[]string{"panic: send on closed channel, at sample.go:63 (crash)", "the whole process ended with it"}},
		"the same in a bubble": {"3=panicgo", "TestThree", "2 of 5",
			[]string{"panic: send on closed channel, at sample.go:63 (crash)"}},
		"a map written from two goroutines": {"2=maps", "TestTwo", "1 of 5",
			[]string{"fatal error: concurrent map writes, at sample.go:67 (fill)"}},
		"a goroutine that is left": {"2=leak", "TestTwo", "1 of 5",
			[]string{"the step ended, but a goroutine that it started is still there, at sample.go:71 (wait, chan receive)"}},
		"the same in a bubble that it left": {"3=leak", "TestThree", "2 of 5",
			[]string{"the step ended, but a goroutine that it started is still there, at sample.go:71 (wait, chan receive)"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out, code := run(t, binary, c.sample)
			require.Equal(t, 1, code, out)
			require.Equal(t, 1, strings.Count(out, "--- FAIL: "+c.step+" "), out)
			for _, says := range c.says {
				require.Contains(t, out, says)
			}
			require.LessOrEqual(t, strings.Count(out, "\n"), 9, "go test adds a tenth line:\n%s", out)
			require.True(t, strings.HasSuffix(out, "FAIL\nlesson 05 sample: "+c.green+" steps · next: "+c.step+" · hint: go run ./harness hint 5\n"), out)
		})
	}
}

func TestADataRaceIsOneLine(t *testing.T) {
	toolchain.NeedRace(t)
	binary := compile("race.test", "-race")
	out, code := run(t, binary, "2=race")
	require.Equal(t, 1, code)
	require.Regexp(t, `(?m)^data race: sample\.go:\d+ \(\S+, (read|write)\) and sample\.go:\d+ \(\S+, (read|write)\): nothing orders`, out)
	require.NotContains(t, out, "WARNING: DATA RACE")

	began := time.Now()
	_, code = run(t, binary, "")
	require.Equal(t, 0, code)
	t.Logf("a lesson that is green took %v under the race detector", time.Since(began))
}

func TestOneSeedOfAFuzzTargetFailsAtATime(t *testing.T) {
	out, _ := run(t, build(), "5=wrong")
	require.Equal(t, 1, strings.Count(out, "the fifth answer is wrong"), out)
	require.Contains(t, out, "--- FAIL: FuzzFive/seed#1")
	require.NotContains(t, out, "seed#2")
}

func TestChosenStepsAreCountedAmongThemselves(t *testing.T) {
	binary := build()
	out, _ := run(t, binary, "2=wrong,4=wrong", "-test.run=TestT")
	require.Contains(t, out, "lesson 05 sample: 0 of 2 chosen steps\n")
	require.NotContains(t, out, "next:")

	out, code := run(t, binary, "2=wrong", "-test.run=TestFour$")
	require.Equal(t, 0, code, "a step that is chosen alone does not wait:\n%s", out)

	out, _ = run(t, binary, "2=wrong", "-test.skip=TestFour")
	require.Contains(t, out, "lesson 05 sample: 1 of 4 chosen steps\n")
}

func TestShuffledStepsDoNotWait(t *testing.T) {
	out, _ := run(t, build(), "2=wrong,4=wrong", "-test.shuffle=on")
	require.Contains(t, out, "--- FAIL: TestTwo")
	require.Contains(t, out, "--- FAIL: TestFour")
	require.Contains(t, out, "3 of 5 steps")
}

func TestEachRoundOfCountBeginsAnew(t *testing.T) {
	out, _ := run(t, build(), "3=wrong", "-test.count=3", "-test.v")
	require.Equal(t, 3, strings.Count(out, "--- PASS: TestTwo"), out)
	require.Equal(t, 3, strings.Count(out, "--- FAIL: TestThree"), out)
	require.Equal(t, 3, strings.Count(out, "--- SKIP: TestFour"), out)
	require.Contains(t, out, "waits for TestThree")
	require.Contains(t, out, "2 of 5 steps")
}

// What test2json makes of a step that hangs or takes the process along: a test
// that failed, with the message as its own output.
func TestAnEditorReadsACrashAsAFailure(t *testing.T) {
	binary := build()
	for _, what := range []string{"hang", "panicgo"} {
		out, _ := run(t, binary, "2="+what, "-test.v=test2json")
		convert := toolchain.Command(t.Context(), "", "tool", "test2json")
		convert.Stdin = strings.NewReader(out)
		events, err := convert.Output()
		require.NoError(t, err)
		require.Contains(t, string(events), `{"Action":"fail","Test":"TestTwo"`)
		require.Regexp(t, `"output","Test":"TestTwo","Output":".*at sample\.go`, string(events))
	}
}

func TestWhatTheLearnerPrintsIsShown(t *testing.T) {
	t.Setenv("SAMPLE_SAYS", "yes")
	out, _ := run(t, build(), "", "-test.v")
	require.Contains(t, out, "a line of the learner's own\n--- PASS: TestFour")
}

// A test binary that is run by hand, or by an editor, has no -test.timeout, and
// its steps end all the same.
func TestTheWatchdogIsThereWhenABinaryIsRunByHand(t *testing.T) {
	cmd := exec.Command(build())
	cmd.Dir = sampleDir
	cmd.Env = append(os.Environ(), "SAMPLE=2=hang", "STEP_LIMIT=100ms")
	cmd.WaitDelay = time.Minute
	out, err := cmd.CombinedOutput()
	require.Error(t, err)
	require.Contains(t, string(out), "this step hangs at sample.go:37 (misbehave, chan receive), after 100ms of real time")
}

// With -timeout 0 and under a debugger a step may take as long as it likes. The
// step is let hang for longer than its limit, and then the run is ended.
func TestTheWatchdogCanBeTurnedOff(t *testing.T) {
	binary := build()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, binary, "-test.timeout=0")
	cmd.Dir = sampleDir
	cmd.Env = append(os.Environ(), "SAMPLE=2=hang", "STEP_LIMIT=100ms")
	out, err := cmd.CombinedOutput()
	require.Error(t, ctx.Err(), "the run ended by itself:\n%s", out)
	require.Error(t, err)
	require.NotContains(t, string(out), "hangs")
}

func TestABadLimitIsRefused(t *testing.T) {
	cmd := exec.Command(build(), "-test.timeout=1m")
	cmd.Dir = sampleDir
	cmd.Env = append(os.Environ(), "STEP_LIMIT=soon")
	out, _ := cmd.CombinedOutput()
	require.Equal(t, 2, cmd.ProcessState.ExitCode())
	require.Contains(t, string(out), `STEP_LIMIT must be a duration such as 30s, or off (got "soon")`)
}

// The child ends with its parent, also when the parent had no time to say so.
// It holds a connection to this test, which ends with it.
func TestNoChildIsLeftBehind(t *testing.T) {
	binary := build()
	for _, end := range []os.Signal{os.Interrupt, os.Kill} {
		held, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		defer held.Close()
		cmd := exec.Command(binary, "-test.timeout=0")
		cmd.Dir = sampleDir
		cmd.Env = append(os.Environ(), "SAMPLE=2=hang", "SAMPLE_HOLDS="+held.Addr().String())
		require.NoError(t, cmd.Start())
		child, err := held.Accept()
		require.NoError(t, err)
		require.NoError(t, cmd.Process.Signal(end))
		_, err = child.Read(make([]byte, 1))
		require.Error(t, err, "the child said something")
		require.Error(t, cmd.Wait())
	}
}
