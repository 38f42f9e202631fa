package toolchain

import (
	"context"
	"os"
)

// NoRace says why the race detector is not to be had.
const NoRace = "the race detector needs cgo and a C compiler"

// CanRace reports whether the go command can build with -race here. It builds
// the detector's own package, which asks for whatever a system asks for; the
// first time, this takes some seconds.
func CanRace(ctx context.Context) bool {
	return Command(ctx, "", "build", "-race", "runtime/race").Run() == nil
}

// MayRace is CanRace without a build, for those who cannot wait: false is certain,
// and means mostly that the go command has found no C compiler.
func MayRace(ctx context.Context) bool {
	return Command(ctx, "", "list", "-race", "runtime/race").Run() == nil
}

// NeedRace skips a test that cannot do without the race detector where there is
// none. Where CI is set, the test fails instead.
func NeedRace(t interface {
	Helper()
	Context() context.Context
	Skip(...any)
	Fatal(...any)
}) {
	t.Helper()
	switch {
	case CanRace(t.Context()):
	case os.Getenv("CI") != "":
		t.Fatal(NoRace)
	default:
		t.Skip(NoRace)
	}
}
