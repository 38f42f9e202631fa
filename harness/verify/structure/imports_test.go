package structure_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/sseworkbook/harness/catalog"
	"example.com/sseworkbook/harness/verify/structure"
)

// The workbook itself keeps to the rules of who may import whom.
func TestTheWorkbookKeepsTheImportRules(t *testing.T) {
	root, err := catalog.Root(".")
	require.NoError(t, err)
	require.Empty(t, imports(root))
}

// imports returns each import that breaks a rule.
func imports(root string) string { return strings.Join(structure.Imports(root), "\n") }

// Each of these imports breaks a rule, and each of them alone is found.
func TestABrokenImportRuleIsFound(t *testing.T) {
	const (
		ours   = "example.com/sseworkbook/"
		greet  = "solutions/01-greeting/greeting.go"
		shout  = "solutions/02-shouting/shouting.go"
		tour   = "harness/tour/tour.go"
		tested = "lessons/01-greeting/part1_test.go"
	)
	for _, test := range []struct{ file, imported, want string }{
		{greet, ours + "solutions/02-shouting", "only lower-numbered solutions"},
		{greet, ours + "solutions/01-greeting", "only lower-numbered solutions"},
		{greet, ours + "harness/step", "only lower-numbered solutions"},
		{shout, ours + "lessons/01-greeting", "only lower-numbered solutions"},
		{"solutions/02-shouting/shouting_test.go", ours + "harness/step", "only lower-numbered solutions"},
		{shout, "golang.org/x/text", "the core track may import only the standard library"},
		{shout, "github.com/stretchr/testify/require", "the core track may import only the standard library"},
		{"solutions/02-shouting/shouting_test.go", "golang.org/x/text", "the core track may import only the standard library"},
		{tested, ours + "lessons/02-shouting", "a lesson's test may import only its lesson"},
		{tested, ours + "harness/verify", "a lesson's test may import only its lesson"},
		{tested, "golang.org/x/text", "may import only testify, goleak"},
		{tested, ours + "harness/inspect", "a lesson's test may import only its lesson"},
		{"harness/inspect/look.go", ours + "harness/step", "may import nothing else from the workbook"},
		{"harness/inspect/look.go", "golang.org/x/net/http2", "may import only testify, goleak"},
		{"harness/step/watch.go", ours + "harness/pair", "may import only harness/inspect"},
		{"harness/step/watch.go", ours + "solutions/01-greeting", "may import only harness/inspect"},
		{"harness/pair/wire.go", ours + "solutions/01-greeting", "may import only harness/step and harness/inspect"},
		{"harness/pair/wire.go", ours + "lessons/01-greeting", "may import only harness/step and harness/inspect"},
		{"harness/pair/wire.go", "golang.org/x/net/http2", "may import only testify, goleak"},
		{tour, ours + "lessons/01-greeting", "only a lesson's own test may import a lesson"},
		{tour, ours + "harness/verify", "only the command line may import harness/verify"},
		{tour, ours + "harness/status", "only the command line may import harness/status"},
		{tour, ours + "harness/site", "only the command line may import harness/site"},
		{"harness/site/site.go", ours + "harness/verify", "only the command line may import harness/verify"},
		{"web/web.go", ours + "lessons/01-greeting", "only a lesson's own test may import a lesson"},
	} {
		t.Run(test.file+" "+test.imported, func(t *testing.T) {
			root := write(t, map[string]string{test.file: source(test.imported)})
			require.Contains(t, imports(root), test.file+" imports "+test.imported+": ")
			require.Contains(t, imports(root), test.want)
		})
	}
}

// A solution's own tests stand beside it, and may use what all tests here use.
func TestASolutionsOwnTestsImportIt(t *testing.T) {
	const ours = "example.com/sseworkbook/solutions/"
	root := write(t, map[string]string{"solutions/02-shouting/bench_test.go": source(ours+"02-shouting", ours+"01-greeting",
		"github.com/stretchr/testify/require", "go.uber.org/goleak")})
	require.Empty(t, imports(root))
}

// From lesson 08 on, a solution may use one library, and its test with it.
func TestTheProductionTrackMayUseTheLibraryThatALessonIsAbout(t *testing.T) {
	const solution, test = "solutions/08-scaling/scaling.go", "lessons/08-scaling/part1_test.go"
	const client, server = "github.com/nats-io/nats.go", "github.com/nats-io/nats-server/v2/server"
	root := write(t, map[string]string{solution: source(client, server), test: source(client)})
	require.Empty(t, imports(root))

	root = write(t, map[string]string{solution: source(client, "github.com/redis/go-redis/v9")})
	require.Contains(t, imports(root), "a lesson is about one library, and this one's is github.com/nats-io")

	root = write(t, map[string]string{solution: source(), test: source(client)})
	require.Contains(t, imports(root), "may import only testify, goleak and its solution's library")
}

// What a learner imports is their own affair, in a lesson's test too once they
// have edited it; testdata holds anything.
func TestLearnersImportWhatTheyLike(t *testing.T) {
	anything := source("golang.org/x/text", "example.com/sseworkbook/harness/verify")
	root := write(t, map[string]string{
		"lessons/01-greeting/greeting.go":   anything,
		"lessons/01-greeting/more.go":       "package {",
		"lessons/scratch/x_test.go":         anything,
		"harness/tour/testdata/old/code.go": "package {",
	})
	test := filepath.Join(root, "lessons/02-shouting/part1_test.go")
	require.NoError(t, os.WriteFile(test, []byte(anything), 0o644))
	require.Empty(t, imports(root))
}

// source returns a Go file with these imports.
func source(imports ...string) string {
	text := "package p\n"
	for _, imported := range imports {
		text += fmt.Sprintf("\nimport _ %q\n", imported)
	}
	return text
}
