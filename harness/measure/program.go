package measure

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"

	"example.com/sseworkbook/harness/process"
	"example.com/sseworkbook/harness/toolchain"
)

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
	output, err := toolchain.Command(ctx, dir, append(args, ".")...).CombinedOutput()
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
	output, err := p.command(ctx, "-test.list=^Benchmark").Output()
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
	output, err := p.command(ctx, "-test.run=^$", "-test.v", "-test.benchmem", "-test.timeout=10m",
		"-test.bench="+pattern, "-test.benchtime="+benchtime).CombinedOutput()
	switch {
	case err != nil && ctx.Err() != nil:
		return "", context.Cause(ctx)
	case err != nil:
		return "", fmt.Errorf("a benchmark failed (%w):\n%s", err, bytes.TrimSpace(output))
	}
	return string(output), nil
}

// command returns the program with these arguments.
func (p Program) command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := process.Command(ctx, p.file, args...)
	cmd.Dir = p.dir
	return cmd
}
