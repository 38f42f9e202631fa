package cli

import (
	"github.com/spf13/cobra"

	"example.com/sseworkbook/harness/demo"
)

// addAddress gives a server's command the flags that say where it listens, and who
// may use it there.
func addAddress(cmd *cobra.Command, addr *demo.Address) {
	cmd.Flags().StringVar(&addr.Listen, "addr", "localhost:8080", "where to listen, host:port; port 0 takes a free one")
	cmd.Flags().StringArrayVar(&addr.Hosts, "host", nil, "a name by which the server may be called, besides localhost; may be repeated")
	cmd.Flags().StringArrayVar(&addr.Origins, "origin", nil, "an origin whose pages may use the server, such as http://localhost:3000; may be repeated")
}
