package measure

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// module writes a small module of benchmarks, and returns its folder.
func module(t *testing.T, test string) string {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "go.mod"), []byte("module example.com/small\n\ngo 1.26\n"), 0o644))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "small_test.go"), []byte(test), 0o644))
	return dir
}

const small = `package small

import "testing"

func BenchmarkPick(b *testing.B) {
	for _, c := range []struct { name string; speed float64 }{{"ours", 6}, {"slow", 1}, {"quick", 2}, {"limit", 12}} {
		b.Run("few/"+c.name, func(b *testing.B) { b.ReportMetric(c.speed, "picks/s") })
	}
	b.Run("few/deaf", func(b *testing.B) { b.Skip("it has no ears") })
	b.Run("many/ours", func(b *testing.B) { b.ReportMetric(1, "picks/s") })
}

func BenchmarkOther(b *testing.B) { b.Run("all/ours", func(b *testing.B) {}) }
`

// The contenders of one program, with a goal for one of its cases.
func TestContendersOfOneProgramAreComparedAndJudged(t *testing.T) {
	program, err := Build(t.Context(), module(t, small), "", t.TempDir(), "")
	require.NoError(t, err)
	var seen []string
	cases, err := Run(t.Context(), []Program{program}, Options{Rounds: 2, Time: "1x", Only: []string{"Pick"},
		Progress: func(_, _ int, job string) { seen = append(seen, job) }})
	require.NoError(t, err)
	require.Equal(t, []string{"Pick", "Pick"}, seen)

	goals, err := ParseGoals("# a comment\nPick/few picks/s >= 2 x peer\nPick/few picks/s >= 1 x limit\nPick/none picks/s <= 1\n")
	require.NoError(t, err)
	open := Judge(cases, goals, "ours")
	require.Len(t, open, 1, "nothing was measured for the third goal")
	require.Equal(t, "Pick/none", open[0].Case)
	var table strings.Builder
	Table(&table, cases, "ours")
	require.Equal(t, `Pick/few                       picks/s       ours is
  ours                            6.00
  slow                            1.00        6.00 x
  quick                           2.00        3.00 x
  limit                           12.0        0.50 x
  deaf is left out: it has no ears
  goal picks/s >= 2 x peer: 3.00 (quick), reached
  goal picks/s >= 1 x limit: 0.50 (limit), not reached

Pick/many                      picks/s       ours is
  ours                            1.00
`, table.String())
}

// One case alone, and one that there is not.
func TestASingleCaseCanBeMeasured(t *testing.T) {
	program, err := Build(t.Context(), module(t, small), "", t.TempDir(), "")
	require.NoError(t, err)
	cases, err := Run(t.Context(), []Program{program}, Options{Rounds: 1, Time: "1x", Only: []string{"Pick/many"}})
	require.NoError(t, err)
	require.Len(t, cases, 1)
	require.Equal(t, "Pick/many", cases[0].Name)

	_, err = Run(t.Context(), []Program{program}, Options{Rounds: 1, Time: "1x", Only: []string{"Pock"}})
	require.EqualError(t, err, `there is no benchmark "Pock"; there are Pick, Other`)
	_, err = Run(t.Context(), []Program{program}, Options{Rounds: 1, Time: "1x", Only: []string{"Pick/none"}})
	require.EqualError(t, err, `there is no case "Pick/none"`)
}

// Two programs take turns at the same benchmarks.
func TestProgramsTakeTurns(t *testing.T) {
	const text = `package small

import "testing"

func BenchmarkCount(b *testing.B) { b.ReportMetric(FIGURE, "counts") }
`
	var programs []Program
	out := t.TempDir()
	for name, figure := range map[string]string{"mine": "2", "reference": "4"} {
		p, err := Build(t.Context(), module(t, strings.ReplaceAll(text, "FIGURE", figure)), "", out, name)
		require.NoError(t, err)
		programs = append(programs, p)
	}
	cases, err := Run(t.Context(), programs, Options{Rounds: 3, Time: "1x"})
	require.NoError(t, err)
	require.Len(t, cases, 1)
	require.Equal(t, "Count", cases[0].Name)
	got, ok := ratio(cases[0].Values("mine", "counts"), cases[0].Values("reference", "counts"))
	require.True(t, ok)
	require.Equal(t, 0.5, got)
}

// What goes wrong says where.
func TestABenchmarkThatCannotRunSaysWhy(t *testing.T) {
	_, err := Build(t.Context(), module(t, "package small\n\nimport \"testing\"\n\nfunc BenchmarkX(b *testing.B) { x }\n"), "", t.TempDir(), "")
	require.ErrorContains(t, err, "undefined: x")

	program, err := Build(t.Context(), module(t, "package small\n\nimport \"testing\"\n\nfunc BenchmarkX(b *testing.B) { b.Fatal(\"an event is missing\") }\n"), "", t.TempDir(), "")
	require.NoError(t, err)
	_, err = Run(t.Context(), []Program{program}, Options{Rounds: 1, Time: "1x"})
	require.ErrorContains(t, err, "an event is missing")

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = Run(ctx, []Program{program}, Options{Rounds: 1, Time: "1x"})
	require.ErrorIs(t, err, context.Canceled)
}

// A ratio is taken in the same round: a machine that is at half its speed in one
// of them changes nothing.
func TestRatiosArePaired(t *testing.T) {
	got, ok := ratio([]float64{30, 15, 30}, []float64{10, 5, 10})
	require.True(t, ok)
	require.Equal(t, 3.0, got)

	_, ok = ratio(nil, []float64{1})
	require.False(t, ok)
	_, ok = ratio([]float64{1}, []float64{0})
	require.False(t, ok)

	got, ok = difference([]float64{5, 9, 7, 7}, []float64{4, 4, 4, 4})
	require.True(t, ok)
	require.Equal(t, 3.0, got)
}

func TestAGoalThatIsNoneIsRefused(t *testing.T) {
	for text, want := range map[string]string{
		"Parse/json MB/s":                   "is no goal",
		"\nParse/json MB/s > 3 x peer":      `line 2 of the goals: "Parse/json MB/s > 3 x peer" is no goal; one is: Parse/json MB/s >= 3 x peer`,
		"Parse/json MB/s >= three":          `line 1 of the goals: "Parse/json MB/s >= three" is no goal`,
		"Parse/json MB/s >= 3.3.3":          "line 1 of the goals: ",
		"Parse/json MB/s >= 3 times a peer": "is no goal",
		"Parse/json MB/s >= 3 times peer":   "is no goal",
	} {
		_, err := ParseGoals(text)
		require.ErrorContains(t, err, want, text)
	}
}

// Less is better where a goal says so.
func TestAGoalForLess(t *testing.T) {
	cases := []Case{{Name: "Idle/10", Contenders: []Contender{
		{"ours", []Figure{{"KiB/conn", 26, []float64{26}}}},
		{"big", []Figure{{"KiB/conn", 50, []float64{50}}}},
		{"small", []Figure{{"KiB/conn", 30, []float64{30}}}},
		{"limit-bare", []Figure{{"KiB/conn", 24, []float64{24}}}},
	}}}
	goals, err := ParseGoals("Idle/10 KiB/conn <= 2 + limit-bare\nIdle/10 KiB/conn <= 0.5 x peer\nIdle/10 KiB/conn <= 25")
	require.NoError(t, err)
	require.Empty(t, Judge(cases, goals, "ours"))
	var got []string
	for _, v := range cases[0].Verdicts {
		got = append(got, v.String())
	}
	require.Equal(t, []string{
		"goal KiB/conn <= 2 + limit-bare: 2.00 (limit-bare), reached",
		"goal KiB/conn <= 0.5 x peer: 0.87 (small), not reached",
		"goal KiB/conn <= 25: 26.0, not reached",
	}, got)
}

func TestNumbers(t *testing.T) {
	for x, want := range map[float64]string{0: "0", 0.123: "0.12", 9.99: "9.99", 12.34: "12.3", 999.6: "1,000", 1234567: "1,234,567", -1234.5: "-1,234"} {
		require.Equal(t, want, number(x))
	}
}
