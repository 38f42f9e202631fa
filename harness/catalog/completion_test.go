package catalog_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/sseworkbook/harness/catalog"
)

// What a README says to who is done is found where authors write it, and in the
// form in which a terminal shows it.
func TestWhatTheREADMESaysToWhoIsDone(t *testing.T) {
	said, err := find(t, write(t, nil))[0].Completion()
	require.NoError(t, err)
	require.Equal(t, catalog.Completion{
		Can: "You can now greet anybody. Nobody feels left out.",
		KnownMistakes: []catalog.KnownMistake{
			{Title: "No name", Sources: []string{"one/hello#12", "two/hi v1.2.0"}},
			{Title: "A name with spaces, cut", Sources: []string{"three/hey 0a8fe40", "one/hello#7"}},
		},
		Experiment: "Say it backwards, and see who minds:\n    echo olleh",
	}, said)
}

// A README that lacks something still says the rest.
func TestWhatTheREADMELacks(t *testing.T) {
	readme := "# 01 · Hi\n\n## When it is green\n\nYou can now greet. Nobody minds.\n"
	said, err := find(t, write(t, map[string]string{"lessons/01-greeting/README.md": readme}))[0].Completion()
	require.NoError(t, err)
	require.Empty(t, said.Experiment)
	require.Equal(t, "You can now greet. Nobody minds.", said.Can)
}
