package progress_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/sseworkbook/harness/progress"
)

// Whatever a learner has set for the go command, a run says the same of the
// lessons.
func TestALearnersSettingsChangeNoResult(t *testing.T) {
	root, lessons := write(t)
	lessons = lessons[1:3] // one is red, one does not compile
	want, err := progress.Run(t.Context(), root, lessons, progress.Options{})
	require.NoError(t, err)
	for _, flags := range []string{"-failfast", "-run=Foo -mod=mod", "-count=2 -v", "-race"} {
		t.Run(flags, func(t *testing.T) {
			t.Setenv("GOFLAGS", flags)
			got, err := progress.Run(t.Context(), root, lessons, progress.Options{})
			require.NoError(t, err)
			require.Equal(t, want, got)
		})
	}
	t.Run("a go.work above", func(t *testing.T) {
		work := filepath.Join(filepath.Dir(root), "go.work")
		require.NoError(t, os.WriteFile(work, []byte("go 1.26\n"), 0o644))
		defer os.Remove(work)
		got, err := progress.Run(t.Context(), root, lessons, progress.Options{})
		require.NoError(t, err)
		require.Equal(t, want, got)
	})
}
