// Package toolchain is how the harness runs the go command: with flags and a
// module of the harness's own, whatever the learner has set for their own runs.
// All that builds or tests something uses it.
package toolchain

import (
	"context"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"sync"

	"example.com/sseworkbook/harness/process"
)

// Command returns the go command with these arguments, to be run in dir, which is
// in the module that is meant. When ctx ends, it is interrupted with what it has
// started, as [process.Command] says.
func Command(ctx context.Context, dir string, args ...string) *exec.Cmd {
	cmd := process.Command(ctx, "go", args...)
	cmd.Dir = dir
	cmd.Env = Environ()
	return cmd
}

// Environ returns the environment in which the harness runs the go command: that
// of this process, with [Flags] and without a workspace, which could be anybody's
// go.work in a folder above.
func Environ() []string {
	return append(os.Environ(), "GOFLAGS="+Flags(), "GOWORK=off")
}

// kept are the flags of a learner's GOFLAGS that a go command of the harness
// keeps: they say where modules come from, what belongs to a build, and how many
// processors it may take. All others, such as -run, -failfast, -count, -race, -v
// or -json, would change which steps run and what their output means.
var kept = []string{"mod", "modfile", "modcacherw", "tags", "trimpath", "p"}

// Flags returns the GOFLAGS of the harness: the flags of the learner's that it
// keeps; -buildvcs=false, since git refuses a folder of another user's; and no tables
// for a debugger, which takes a fifth off the time to link a lesson's tests. It is
// never empty, for then the go command would take the saved setting.
func Flags() string {
	flags := slices.DeleteFunc(field.FindAllString(learnersFlags(), -1), func(flag string) bool {
		name, _, _ := strings.Cut(strings.Trim(flag, `'"`), "=")
		return !slices.Contains(kept, strings.TrimLeft(name, "-"))
	})
	return strings.Join(append(flags, "-buildvcs=false", "-ldflags=-w"), " ")
}

// field is one flag in GOFLAGS, which may be quoted as a whole.
var field = regexp.MustCompile(`'[^']*'|"[^"]*"|\S+`)

// learnersFlags returns the GOFLAGS of the learner's, from the environment or as
// go env -w has saved it.
func learnersFlags() string {
	if flags := os.Getenv("GOFLAGS"); flags != "" {
		return flags
	}
	return savedFlags()
}

// savedFlags asks the go command once. Where it cannot be run, whoever runs it
// next is told so.
var savedFlags = sync.OnceValue(func() string {
	flags, _ := exec.Command("go", "env", "GOFLAGS").Output()
	return strings.TrimSpace(string(flags))
})
