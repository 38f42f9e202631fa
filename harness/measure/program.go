package measure

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"example.com/sseworkbook/harness/toolchain"
)

// childLimit is how long a benchmark that was told to stop may take.
const childLimit = time.Second

// A Program is a compiled test binary with benchmarks.
type Program struct {
	// Contender is whom all its benchmarks measure. If it is empty, the last
	// element of a benchmark's name says whom: BenchmarkParse/json/ours.
	Contender string

	file string
	dir  string // where it runs
}

// Build compiles the tests of the package in dir into out, which has to be a
// folder. A non-empty overlay is the file for the go command's -overlay.
func Build(ctx context.Context, dir, overlay, out, contender string) (Program, error) {
	file := filepath.Join(out, "bench-"+contender+".test.exe") // by this name Windows runs it too
	args := []string{"test", "-c", "-o", file}
	if overlay != "" {
		args = append(args, "-overlay="+overlay)
	}
	output, err := stopped(toolchain.Command(ctx, dir, append(args, ".")...)).CombinedOutput()
	switch {
	case ctx.Err() != nil:
		return Program{}, context.Cause(ctx)
	case err != nil:
		return Program{}, fmt.Errorf("the benchmarks of %s cannot be built (%w): %s", filepath.Base(dir), err, bytes.TrimSpace(output))
	}
	return Program{Contender: contender, file: file, dir: dir}, nil
}

// jobs returns the names of p's benchmarks without "Benchmark", in the order of
// the source.
func (p Program) jobs(ctx context.Context) ([]string, error) {
	output, err := command(ctx, p.dir, p.file, "-test.list=^Benchmark").Output()
	if err != nil {
		return nil, fmt.Errorf("listing the benchmarks: %w", err)
	}
	var jobs []string
	for line := range strings.Lines(string(output)) {
		if job, ok := strings.CutPrefix(strings.TrimSpace(line), "Benchmark"); ok {
			jobs = append(jobs, job)
		}
	}
	return jobs, nil
}

// run runs the benchmarks that match pattern, and returns what they print.
func (p Program) run(ctx context.Context, pattern, benchtime string) (string, error) {
	output, err := command(ctx, p.dir, p.file, "-test.run=^$", "-test.v", "-test.benchmem", "-test.timeout=10m",
		"-test.bench="+pattern, "-test.benchtime="+benchtime).CombinedOutput()
	switch {
	case err != nil && ctx.Err() != nil:
		return "", context.Cause(ctx)
	case err != nil:
		return "", fmt.Errorf("a benchmark failed (%w):\n%s", err, bytes.TrimSpace(output))
	}
	return string(output), nil
}

// command returns a command that is [stopped] when ctx ends.
func command(ctx context.Context, dir, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	return stopped(cmd)
}

// stopped has cmd told to stop when its context ends, and gone soon after.
func stopped(cmd *exec.Cmd) *exec.Cmd {
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = childLimit
	return cmd
}
