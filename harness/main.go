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

	"example.com/sseworkbook/harness/cli"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends the program at once
	os.Exit(cli.Run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}
