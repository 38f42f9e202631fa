package inspect

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// What this package knows of Go's insides is in no contract. When this test fails,
// this version of Go has changed them, and the words here have to follow.
func TestThisVersionOfGoIsTheOneThatWeKnow(t *testing.T) {
	version := "this is different in " + runtime.Version()
	t.Run("states", func(t *testing.T) { states(t, version) })
	t.Run("a panic", func(t *testing.T) {
		line, trace := panics()
		g := Parse(trace)
		require.Len(t, g, 1, version)
		require.NotEmpty(t, g[0].Panicked(), version)
		require.Equal(t, line, g[0].Panicked()[0].Location(), version)
	})
	t.Run("a bubble that cannot go on", func(t *testing.T) {
		deadlock, mainReturned := Deadlock(deadlocked(t, func(*testing.T) { <-make(chan int) }))
		require.True(t, deadlock, version)
		require.False(t, mainReturned, version)
		deadlock, mainReturned = Deadlock(deadlocked(t, func(*testing.T) { go func() { <-make(chan int) }() }))
		require.True(t, deadlock, version)
		require.True(t, mainReturned, version)
		deadlock, _ = Deadlock(errors.New("another"))
		require.False(t, deadlock, version)
	})
	t.Run("goroutines of a bubble", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) { require.True(t, Goroutines()[0].Bubble, version) })
		require.False(t, Goroutines()[0].Bubble, version)
	})
	dir, binary := build(t)
	t.Run("what testing prints", func(t *testing.T) {
		for _, verbose := range []string{"false", "true", "test2json"} {
			out := took.ReplaceAllString(run(t, binary, "-test.run=TestFails", "-test.v="+verbose), "(0.00s)")
			for _, line := range strings.SplitAfter(Failure("TestFails", 0, "x_test.go:7: one\ntwo", verbose), "\n") {
				require.Contains(t, out, line, version)
			}
		}
	})
	t.Run("a crash", func(t *testing.T) {
		out := run(t, binary, "-test.run=TestCrashes")
		for !StartsCrash(out) {
			_, rest, found := strings.Cut(out, "\n")
			require.True(t, found, version)
			out = rest
		}
		reason, all := Crash(out)
		require.Equal(t, "panic: on purpose", reason, version)
		require.NotEmpty(t, all, version)
		require.Equal(t, "crash", all[0].Frames[0].Name(), version)
		require.Equal(t, filepath.Join(dir, "x_test.go"), filepath.FromSlash(all[0].Frames[0].File), version)
	})
}

// states begins a goroutine for each thing that one can wait for, and looks at it
// when it waits.
func states(t *testing.T, version string) {
	var mu sync.Mutex
	var rw sync.RWMutex
	var group sync.WaitGroup
	group.Add(1)
	cond := sync.NewCond(new(sync.Mutex))
	var end bool
	mu.Lock()
	rw.Lock()
	quit := make(chan struct{})
	var all sync.WaitGroup
	for name, c := range map[string]struct {
		wait           func()
		inSync, atLock bool
	}{
		"Mutex":     {func() { mu.Lock(); defer mu.Unlock() }, true, true},
		"RLock":     {func() { rw.RLock(); defer rw.RUnlock() }, true, true},
		"RW Lock":   {func() { rw.Lock(); defer rw.Unlock() }, true, true},
		"WaitGroup": {func() { group.Wait() }, true, false},
		"Cond": {func() {
			cond.L.Lock()
			defer cond.L.Unlock()
			for !end {
				cond.Wait()
			}
		}, true, false},
		"receive": {func() { <-quit }, false, false},
		"select": {func() {
			select {
			case <-quit:
			case <-make(chan int):
			}
		}, false, false},
	} {
		id := make(chan int64, 1)
		all.Go(func() {
			id <- Self()
			c.wait()
		})
		g := waiting(t, <-id, name+": "+version)
		require.Equal(t, c.inSync, g.InSync(), "%s, %s: %s", name, g.State, version)
		require.Equal(t, c.atLock, g.AtLock(), "%s, %s: %s", name, g.State, version)
	}
	mu.Unlock()
	rw.Unlock()
	group.Done()
	cond.L.Lock()
	end = true
	cond.L.Unlock()
	cond.Broadcast()
	close(quit)
	all.Wait()

	synctest.Test(t, func(t *testing.T) { // in which a sleep lasts until we have looked
		var id atomic.Int64
		woken := make(chan struct{})
		go func() {
			defer close(woken)
			id.Store(Self())
			time.Sleep(time.Hour)
		}()
		synctest.Wait()
		g, found := Find(id.Load())
		require.True(t, found, version)
		require.True(t, g.Waits(), "sleep, %s: %s", g.State, version)
		<-woken
	})
}

// waiting returns goroutine id when it does not run any more.
func waiting(t *testing.T, id int64, message string) Goroutine {
	t.Helper()
	for {
		g, found := Find(id)
		require.True(t, found, message)
		if !g.Running() {
			require.True(t, g.Waits(), "%s: %s", g.State, message)
			return g
		}
		runtime.Gosched()
	}
}

// panics returns the line that panics, and the stack that a deferred function sees.
func panics() (line, trace string) {
	defer func() {
		recover()
		trace = string(debug.Stack())
	}()
	_, file, at, _ := runtime.Caller(0)
	line = Frame{File: file, Line: at + 2}.Location()
	panic("on purpose")
}

func deadlocked(t *testing.T, f func(t *testing.T)) (p any) {
	defer func() { p = recover() }()
	synctest.Test(t, f)
	return nil
}

// took is how long a test took, as testing prints it.
var took = regexp.MustCompile(`\(\d+\.\d\ds\)`)

// build compiles a test, in a folder with a space in its name.
func build(t *testing.T) (dir, binary string) {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	require.NoError(t, err)
	dir = filepath.Join(dir, "a folder")
	require.NoError(t, os.Mkdir(dir, 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "go.mod"), []byte("module example.com/x\n\ngo 1.26\n"), 0o644))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "x_test.go"), []byte(source), 0o644))
	binary = filepath.Join(dir, "x.test")
	cmd := exec.Command("go", "test", "-c", "-o", binary)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, string(out))
	return dir, binary
}

const source = `package x

import "testing"

func TestFails(t *testing.T) {
	t.Run("part", func(*testing.T) {})
	t.Fatal("one\ntwo")
}

func TestCrashes(t *testing.T) {
	go crash()
	select {}
}

func crash() { panic("on purpose") }
`

// run runs a compiled test that fails, and returns what it prints.
func run(t *testing.T, binary string, args ...string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), binary, append(args, "-test.timeout=1m")...).CombinedOutput()
	require.Error(t, err)
	return string(out)
}
