package load

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
)

// ErrServerEnded says that the process of the server has ended before it was told to.
var ErrServerEnded = errors.New("the server's process ended")

// A Process is a process that runs [Serve]. It does not outlive this one. It is
// safe for concurrent use.
type Process struct {
	URL     string          // where it serves
	Context context.Context // Start's; it also ends when the process does, and its cause says how

	cmd   *exec.Cmd
	ended chan struct{}
}

// Start starts cmd, which calls [Serve] with its own stdin and stdout, and returns
// when it listens. When ctx ends before that, it is killed. The caller stops it.
func Start(ctx context.Context, cmd *exec.Cmd) (*Process, error) {
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("starting the server: %w", err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("starting the server: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting the server: %w", err)
	}
	defer context.AfterFunc(ctx, func() { _ = cmd.Process.Kill() })()
	url, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		stdin.Close()
		return nil, fmt.Errorf("the server did not start: %w", cmp.Or(cmd.Wait(), err))
	}
	ctx, end := context.WithCancelCause(ctx)
	ended := make(chan struct{})
	go func() { // until the process ends, which Stop waits for; it also closes stdin
		defer close(ended)
		err := cmp.Or(cmd.Wait(), errors.New("exit status 0"))
		end(fmt.Errorf("%w: %w", ErrServerEnded, err))
	}()
	return &Process{strings.TrimSpace(url), ctx, cmd, ended}, nil
}

// Stop ends the process, and returns when it has ended. It has nothing to put in
// order, and so is not asked.
func (p *Process) Stop() {
	_ = p.cmd.Process.Kill() // fails if it has ended
	<-p.ended
}
