package cli

import (
	"fmt"
	"slices"
	"strings"

	"example.com/sseworkbook/harness/programs"
)

// addBroadcasting adds the flags for what goes to all clients. Replay has its default.
func addBroadcasting(cmd *command, b *programs.Broadcasting, replay string) {
	cmd.flags.IntVar(&b.Replay, "replay", b.Replay, replay)
	cmd.flags.StringVar(&b.Queue, "queue", usualQueue, "what a client that is too slow misses: "+strings.Join(programs.Queues, ", "))
}

// checkBroadcasting refuses what cannot be: least is the least Replay.
func checkBroadcasting(b programs.Broadcasting, least int) error {
	switch {
	case b.Replay < least || b.Replay > maxReplay:
		return fmt.Errorf("-replay must be from %d to %d (got %d)", least, maxReplay, b.Replay)
	case !slices.Contains(programs.Queues, b.Queue):
		return fmt.Errorf("-queue must be one of %s (got %q)", strings.Join(programs.Queues, ", "), b.Queue)
	}
	return nil
}

const (
	maxReplay  = 1_000_000 // bounds what a server keeps in memory
	usualQueue = "disconnect"
)
