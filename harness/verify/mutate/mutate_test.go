package mutate_test

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/sseworkbook/harness/catalog"
	"example.com/sseworkbook/harness/toolchain"
	"example.com/sseworkbook/harness/verify/mutate"
)

// small is a workbook of one tiny lesson. Its instrument has the watchdog alone.
var small = map[string]string{
	"go.mod": "module example.com/sseworkbook\n\ngo 1.26\n",
	"harness/step/step.go": `package step

import (
	"fmt"
	"os"
	"time"
)

func init() {
	if limit, _ := time.ParseDuration(os.Getenv("STEP_LIMIT")); limit > 0 {
		time.AfterFunc(limit, func() { fmt.Println("a step hangs"); os.Exit(1) })
	}
}
`,
	"solutions/01-limits/limits.go": `package limits

func Most(n, most int) int {
	if n > most {
		return most
	}
	return n
}
`,
	"lessons/01-limits/limits.go": "package limits\n\nfunc Most(n, most int) int { learner }\n",
	"lessons/01-limits/part1_test.go": `package limits_test

import (
	"testing"

	_ "example.com/sseworkbook/harness/step"
	limits "example.com/sseworkbook/lessons/01-limits"
)

func TestTooMuchIsCut(t *testing.T) {
	if got := limits.Most(3, 2); got != 2 {
		t.Fatalf("of 3, at most 2, are left: %d", got)
	}
}

func TestTheRestStays(t *testing.T) {
	if got := limits.Most(1, 2); got != 1 {
		t.Fatalf("of 1, at most 2, are left: %d", got)
	}
}
`,
}

const (
	entries     = "harness/verify/mutate/equivalent/01-limits.txt"
	explanation = "boundary in Most\n- if n > most {\n+ if n >= most {\n  equivalent: where both are the same, either may be returned.\n"
	stale       = "never in Most\n- if n > most {\n+ if false && (n > most) {"
)

// run runs the mutants of the small workbook with these changes to it.
func run(t *testing.T, ctx context.Context, changes map[string]string) (mutate.Report, error) {
	t.Helper()
	t.Setenv("TMPDIR", t.TempDir()) // what is left in it is left behind
	root := t.TempDir()
	for _, files := range []map[string]string{small, changes} {
		for name, text := range files {
			file := filepath.Join(root, name)
			require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
			require.NoError(t, os.WriteFile(file, []byte(text), 0o644))
		}
	}
	lessons, err := catalog.Find(root)
	require.NoError(t, err)
	report, err := mutate.Run(ctx, root, lessons[0], io.Discard)
	left, _ := os.ReadDir(os.TempDir())
	require.Empty(t, left, "something is left behind")
	return report, err
}

// One run has it all, since each of its changes has to be built: a survivor, one
// that is explained, and an entry that explains nothing.
func TestSurvivorsAreFoundAndExplained(t *testing.T) {
	report, err := run(t, t.Context(), map[string]string{
		"solutions/01-limits/sum.go":   "package limits\n\nfunc Sum(n, m int) int { return same(n) + m }\n",
		"solutions/01-limits/given.go": "package limits\n\nfunc same(n int) int { return n + 0 }\n", // it is not changed
		"lessons/01-limits/given.go":   "package limits\n\nfunc same() { learner }\n",
		entries:                        explanation + "\n" + stale + "\n  not asked: there is no most.\n",
	})
	require.NoError(t, err)
	require.Len(t, report.Survivors, 1, "nothing tests Sum")
	c := report.Survivors[0]
	require.Equal(t, "arithmetic in Sum", strings.Split(c.String(), "\n")[0])
	require.Equal(t, "sum.go:3", fmt.Sprintf("%s:%d", c.File, c.Line))
	require.Equal(t, 1, report.Equivalent)
	require.Equal(t, []string{entries + ":6: " + stale}, report.Stale)
	require.Equal(t, []int{4, 2}, []int{report.Mutants, report.Killed})
	require.InDelta(t, 2.0/3, report.Efficacy, 0.001)
}

func TestAChangeThatHangsIsKilled(t *testing.T) {
	report, err := run(t, t.Context(), map[string]string{"solutions/01-limits/limits.go": `package limits

func Most(n, most int) int {
	for n > most {
		n--
	}
	return n
}
`})
	require.NoError(t, err)
	require.Equal(t, []int{4, 4}, []int{report.Mutants, report.Killed}, "two of them make the loop endless")
	require.Empty(t, report.Survivors)
}

// Where only the race detector sees a change, it is seen.
func TestALockIsMissedByTheRaceDetector(t *testing.T) {
	toolchain.NeedRace(t)
	report, err := run(t, t.Context(), map[string]string{
		"solutions/01-limits/limits.go": `package limits

import "sync"

type Limit struct {
	mu   sync.Mutex
	most int
}

func (l *Limit) Set(most int) {
	l.mu.Lock()
	l.most = most
	l.mu.Unlock()
}
`,
		"lessons/01-limits/part1_test.go": `package limits_test

import (
	"testing"

	limits "example.com/sseworkbook/lessons/01-limits"
)

func TestTwoSetIt(t *testing.T) {
	var limit limits.Limit
	done := make(chan bool)
	go func() { limit.Set(1); close(done) }()
	limit.Set(2)
	<-done
}
`,
	})
	require.NoError(t, err)
	require.Equal(t, 2, report.Killed, "no lock, and a write before it")
	require.Len(t, report.Survivors, 1, "nobody sees what was set")
}

func TestTestsThatFailOnTheSolutionTellNothing(t *testing.T) {
	_, err := run(t, t.Context(), map[string]string{"solutions/01-limits/limits.go": "package limits\n\nfunc Most(n, most int) int { return n }\n"})
	require.ErrorContains(t, err, "do not pass on its solution")
	require.ErrorContains(t, err, "TestTooMuchIsCut is failed: of 3, at most 2, are left: 3")
}

func TestTheEndOfTheContextEndsIt(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(os.ErrDeadlineExceeded)
	_, err := run(t, ctx, nil)
	require.ErrorIs(t, err, os.ErrDeadlineExceeded)
}
