package cli

import (
	"context"
	"io"
	"sync"

	"example.com/sseworkbook/harness/cockpit"
	"example.com/sseworkbook/harness/cockpit/home"
	"example.com/sseworkbook/harness/trace"
)

// newServe returns the command that shows the workbook in a browser.
func newServe() *command {
	var addr string
	var poll bool
	cmd := &command{
		use:   "serve",
		short: "The workbook in your browser, which follows your saves.",
		args:  noArguments,
		run: func(cmd *command, _ []string) error {
			book, err := openWorkbook()
			if err != nil {
				return err
			}
			return book.serve(cmd.ctx, addr, poll, cmd.stdout)
		},
	}
	cmd.flags.StringVar(&addr, "addr", "localhost:8090", "where to listen, host:port, on this machine only; port 0 takes a free one")
	cmd.flags.BoolVar(&poll, "poll", false, "look at the files for saves, where no events tell of them: WSL, containers, network drives")
	return cmd
}

// serve runs the cockpit and the pages on it, until ctx ends or one of them fails.
func (b workbook) serve(ctx context.Context, addr string, poll bool, out io.Writer) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	where := cockpit.New(b.root, b.lessons, poll)
	var flown error
	var all sync.WaitGroup
	all.Go(func() {
		defer stop() // the pages are nothing without it
		flown = where.Run(ctx)
	})
	err := b.homePage(where).Run(ctx, addr, out)
	stop()
	all.Wait()
	if err != nil {
		return err
	}
	return flown
}

// homePage returns the pages of the workbook on a cockpit that runs.
func (b workbook) homePage(where *cockpit.Cockpit) *home.Server {
	pages := home.New(b.root, b.lessons, where)
	pages.Demo = trace.NewDemo(readingTime, nil)
	return pages
}
