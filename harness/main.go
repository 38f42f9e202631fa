// Harness is the workbook's own program. Started alone, it shows how far you
// are and what comes next; -h lists what else it does.
//
//	go run ./harness
//	go run ./harness demo
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	_ "go.uber.org/goleak" // of the lessons' tests: whoever has built this program can go offline

	"example.com/sseworkbook/harness/cli"
)

func main() {
	settlePidfd()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends the program at once
	os.Exit(cli.Run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// settlePidfd lets package os find out now how it is to wait for processes. It
// otherwise does so when the first one is started, by a child that shares this
// process's memory for a moment; and a Ctrl-C just then, which the terminal sends
// to both, makes the two crash.
func settlePidfd() {
	if self, err := os.FindProcess(os.Getpid()); err == nil {
		self.Release()
	}
}
