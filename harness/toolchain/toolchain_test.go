package toolchain_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/sseworkbook/harness/toolchain"
)

// What decides which tests run, and what they print, is the harness's own; what a
// learner needs to build at all stays theirs.
func TestALearnersFlagsStayWhereTheyServeTheBuild(t *testing.T) {
	const own = "-buildvcs=false -ldflags=-w"
	for set, want := range map[string]string{
		"-failfast":                               own,
		"-run=Foo -race -count=3":                 own,
		"--run=Foo":                               own,
		"-buildvcs=true":                          own,
		"-v -json -n -x -short -shuffle=on":       own,
		"-mod=vendor -failfast -tags=integration": "-mod=vendor -tags=integration " + own,
		`'-ldflags=-s -w' "-modfile=/a b/go.mod"`: `"-modfile=/a b/go.mod" ` + own,
		"-trimpath -p=1 -modcacherw":              "-trimpath -p=1 -modcacherw " + own,
	} {
		t.Setenv("GOFLAGS", set)
		require.Equal(t, want, toolchain.Flags(), set)
	}
}

// A setting of go env -w counts for every go command whose environment has none.
// A go.work above the folder would make it refuse.
func TestTheGoCommandHasSettingsOfItsOwn(t *testing.T) {
	dir := t.TempDir()
	module := filepath.Join(dir, "module")
	require.NoError(t, os.Mkdir(module, 0o755))
	for file, text := range map[string]string{
		"go.work": "go 1.26\n", "env": "GOFLAGS=-run=Foo -mod=mod\n",
		"module/go.mod": "module example.com/m\n\ngo 1.26\n", "module/m.go": "package m\n",
	} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, file), []byte(text), 0o644))
	}
	t.Setenv("GOENV", filepath.Join(dir, "env"))
	t.Setenv("GOFLAGS", "")
	output, err := toolchain.Command(t.Context(), module, "env", "GOFLAGS", "GOWORK").Output()
	require.NoError(t, err)
	require.Equal(t, "-mod=mod -buildvcs=false -ldflags=-w\noff\n", string(output))
	text, err := toolchain.Command(t.Context(), module, "list", "./...").CombinedOutput()
	require.NoError(t, err, string(text))
}

// A test that needs the race detector says so where there is none, and where CI
// has none it fails.
func TestWhereThereIsNoRaceDetector(t *testing.T) {
	t.Setenv("CGO_ENABLED", "0")
	if toolchain.CanRace(t.Context()) {
		t.Skip("this system needs no C compiler for it")
	}
	for ci, want := range map[string]string{"": "skipped: ", "true": "failed: "} {
		t.Setenv("CI", ci)
		said := &verdict{ctx: t.Context()}
		toolchain.NeedRace(said)
		require.Equal(t, want+toolchain.NoRace, said.text)
	}
}

// A verdict is what a test was told.
type verdict struct {
	ctx  context.Context
	text string
}

func (v *verdict) Helper()                  {}
func (v *verdict) Context() context.Context { return v.ctx }
func (v *verdict) Skip(said ...any)         { v.text = "skipped: " + said[0].(string) }
func (v *verdict) Fatal(said ...any)        { v.text = "failed: " + said[0].(string) }
