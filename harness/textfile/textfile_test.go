package textfile

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestUnixLines(t *testing.T) {
	text := []byte("a\r\nb\rc\n\r\n")
	require.Equal(t, "a\nb\rc\n\n", string(UnixLines(text)))
	require.Equal(t, "a\r\nb\rc\n\r\n", string(text), "the bytes are not touched")
}

func TestCreateOverwritesNothing(t *testing.T) {
	name := filepath.Join(t.TempDir(), "a.go")
	require.NoError(t, Create(name, []byte("mine")))
	require.ErrorIs(t, Create(name, []byte("other")), fs.ErrExist)
	text, err := os.ReadFile(name)
	require.NoError(t, err)
	require.Equal(t, "mine", string(text))
}

func TestNamesOfBackups(t *testing.T) {
	now := time.Date(2026, 11, 24, 15, 30, 59, 0, time.UTC)
	for n, want := range map[int]string{1: "a.go.orig-20261124-1530", 2: "a.go.orig-20261124-1530-2", 10: "a.go.orig-20261124-1530-10"} {
		require.Equal(t, want, BackupName("a.go", now, n))
		require.True(t, IsBackup(want))
	}
	for _, other := range []string{"a.go", "a.go.orig", "a.orig-20261124-1530.go", "a.go.orig-2026-15"} {
		require.False(t, IsBackup(other), other)
	}
}
