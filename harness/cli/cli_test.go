package cli

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestFlagsMayHaveOneDash(t *testing.T) {
	for typed, want := range map[string]string{
		"demo -mine -strict":              "demo --mine --strict",
		"basic-sse-server -addr :80":      "basic-sse-server --addr :80",
		"basic-sse-server -addr=:80":      "basic-sse-server --addr=:80",
		"basic-sse-client -n 5 --raw":     "basic-sse-client -n 5 --raw",
		"basic-sse-client -n=5":           "basic-sse-client -n=5",
		"basic-sse-client -n -5":          "basic-sse-client -n -5",
		"basic-sse-client -n -50":         "basic-sse-client -n -50", // a number is no flag
		"hint 1 -- -mine":                 "hint 1 -- -mine",
		"-":                               "-",
		"-h":                              "-h",
		"-help":                           "--help",
		"basic-sse-client -url http://-x": "basic-sse-client --url http://-x",
	} {
		require.Equal(t, strings.Fields(want), dashes(strings.Fields(typed)), "typed: %s", typed)
	}
}
