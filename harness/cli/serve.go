package cli

import (
	"context"
	"io"

	"golang.org/x/sync/errgroup"

	"example.com/sseworkbook/harness/site"
	"example.com/sseworkbook/harness/trace"
	"example.com/sseworkbook/harness/watch"
)

// newServe returns the command that shows the workbook in a browser.
func newServe() *command {
	var addr string
	var poll bool
	cmd := &command{
		use:   "serve",
		short: "Shows the workbook in your browser, updated on each save.",
		args:  noArguments,
		run: func(cmd *command, _ []string) error {
			book, err := openWorkbook()
			if err != nil {
				return err
			}
			return book.serve(cmd.ctx, addr, poll, cmd.stdout)
		},
	}
	cmd.flags.StringVar(&addr, "addr", "localhost:8090", "address to listen on, host:port, on this machine only; port 0 picks a free port")
	cmd.flags.BoolVar(&poll, "poll", false, "poll the files for changes, for systems that do not report saves: WSL, containers, network drives")
	return cmd
}

// serve runs what is saved and the pages that show it, until ctx ends or one of them
// fails: the one is nothing without the other.
func (b workbook) serve(ctx context.Context, addr string, poll bool, out io.Writer) error {
	crew, ctx := errgroup.WithContext(ctx)
	saves := watch.New(b.root, b.lessons, poll)
	crew.Go(func() error { return saves.Run(ctx) })
	crew.Go(func() error { return b.homePage(saves).Run(ctx, addr, out) })
	return crew.Wait()
}

// homePage returns the pages of the workbook on a watcher that runs.
func (b workbook) homePage(saves *watch.Watcher) *site.Server {
	pages := site.New(b.root, b.lessons, saves)
	pages.Demo = trace.NewDemo(readingTime, nil)
	return pages
}
