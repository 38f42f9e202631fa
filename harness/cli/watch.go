package cli

import (
	"context"
	"fmt"
	"os/signal"
	"runtime/debug"
	"syscall"

	"golang.org/x/sync/errgroup"

	"example.com/sseworkbook/harness/site"
	"example.com/sseworkbook/harness/terminal"
	"example.com/sseworkbook/harness/watch"
)

// newWatch returns the command that runs what is saved.
func newWatch() *command {
	var addr string
	var poll bool
	cmd := &command{
		use:   "watch",
		short: "Runs a lesson each time you save it, and shows what is red and what is next.",
		long: `Runs the tests of a lesson whenever you save one of its Go files, and shows the red step, the lines of your code
that it names, and what to do next. In a terminal, single keys show hints, the diff and more: ? lists them. Without
a terminal, it prints plain lines. The home page shows the same in a browser. Ctrl-C stops it.`,
		args: noArguments,
		run: func(cmd *command, _ []string) error {
			if addr != "" {
				if err := site.CheckAddress(addr); err != nil {
					return err
				}
			}
			book, err := openWorkbook()
			if err != nil {
				return err
			}
			return book.watch(cmd, addr, poll)
		},
	}
	cmd.flags.StringVar(&addr, "addr", "localhost:8090", `address of the home page, host:port, on this machine only; "" for none`)
	cmd.flags.BoolVar(&poll, "poll", false, "poll the files for changes, for systems that do not report saves: WSL, containers, network drives")
	return cmd
}

// watch runs what is saved until somebody quits.
func (b workbook) watch(cmd *command, addr string, poll bool) error {
	ctx, stop := signal.NotifyContext(cmd.ctx, syscall.SIGHUP) // a terminal that is closed
	defer stop()
	crew, ctx := errgroup.WithContext(ctx)
	saves := watch.New(b.root, b.lessons, poll)
	crew.Go(guarded(ctx, saves.Run))
	shown := &terminal.Terminal{Source: saves, Root: b.root, Lessons: b.lessons, Out: cmd.stdout}
	shown.URL, shown.NoPage = b.page(ctx, crew, saves, addr)
	restore, err := shown.TakeKeys(cmd.stdin)
	if err != nil {
		crew.Go(func() error { return err })
		return crew.Wait()
	}
	defer restore()
	defer context.AfterFunc(ctx, restore)() // whatever ends it, the terminal is as it was at once
	crew.Go(guarded(ctx, func(ctx context.Context) error {
		defer stop()
		return shown.Run(ctx)
	}))
	return crew.Wait()
}

// guarded returns f as a function of its own goroutine. A panic in it is an error, so
// that the others can put in order what they have to.
func guarded(ctx context.Context, f func(context.Context) error) func() error {
	return func() (err error) {
		defer func() {
			if p := recover(); p != nil {
				err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
			}
		}()
		return f(ctx)
	}
}

// page has crew serve the home page at addr, and returns its URL, or why there is none,
// which is no reason to stop; neither if nobody wants it.
func (b workbook) page(ctx context.Context, crew *errgroup.Group, saves *watch.Watcher, addr string) (url, why string) {
	if addr == "" {
		return "", ""
	}
	listener, url, err := site.Listen(addr)
	if err != nil {
		return "", err.Error()
	}
	crew.Go(guarded(ctx, func(ctx context.Context) error {
		_ = b.homePage(saves).Serve(ctx, listener)
		return nil
	}))
	return url, ""
}
