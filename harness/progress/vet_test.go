package progress_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/sseworkbook/harness/progress"
)

// A lesson that go test would not run because of go vet is not done, and the others are
// as they were.
func TestALessonThatVetComplainsAboutIsNotDone(t *testing.T) {
	root, lessons := writeRacy(t)
	put(t, lessons[0].File(), "package first\n\nimport \"fmt\"\n\nfunc Count() { _ = fmt.Sprintf(\"%d\", \"x\") }\n")
	results, err := progress.Judge(t.Context(), root, lessons)
	require.NoError(t, err)
	require.False(t, results[0].Done)
	require.Contains(t, results[0].BuildError, "lessons/01-first/first.go:5:")
	require.Contains(t, results[0].BuildError, "fmt.Sprintf format %d has arg \"x\" of wrong type string")
	require.Empty(t, results[1].BuildError)
	require.Equal(t, passing, results[1].Steps)
	require.Empty(t, results[2].BuildError)

	put(t, lessons[0].File(), "package first\n\nimport \"sync\"\n\nfunc Count() { var mu sync.Mutex; other := mu; _ = &other }\n")
	results, err = progress.Judge(t.Context(), root, lessons[:1])
	require.NoError(t, err)
	require.True(t, results[0].Done, "go test does not look for a copied lock")
}
