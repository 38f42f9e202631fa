package cli

import (
	"example.com/sseworkbook/harness/programs"
)

// addAddress gives a server's command the flags that say where it listens, and who
// may use it there.
func addAddress(cmd *command, addr *programs.Address) {
	cmd.flags.StringVar(&addr.Listen, "addr", "localhost:8080", "address to listen on, host:port; port 0 picks a free port")
	cmd.flags.Var(list{&addr.Hosts, "string"}, "host", "another host name of the server, besides localhost; may be repeated")
	cmd.flags.Var(list{&addr.Origins, "string"}, "origin", "origin whose pages may use the server, such as http://localhost:3000; may be repeated")
}
