package cli

import (
	"example.com/sseworkbook/harness/programs"
)

// addAddress gives a server's command the flags that say where it listens, and who
// may use it there.
func addAddress(cmd *command, addr *programs.Address) {
	cmd.flags.StringVar(&addr.Listen, "addr", "localhost:8080", "where to listen, host:port; port 0 takes a free one")
	cmd.flags.Var(list{&addr.Hosts, "string"}, "host", "a name by which the server may be called, besides localhost; may be repeated")
	cmd.flags.Var(list{&addr.Origins, "string"}, "origin", "an origin whose pages may use the server, such as http://localhost:3000; may be repeated")
}
