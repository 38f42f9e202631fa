package cli

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestFlagsStandBeforeAndAfterArguments(t *testing.T) {
	for typed, want := range map[string]string{
		"":                      "n=0 url= mine=false wait=0s tags= []",
		"1 2":                   "n=0 url= mine=false wait=0s tags= [1 2]",
		"-mine 1":               "n=0 url= mine=true wait=0s tags= [1]",
		"1 -mine 2":             "n=0 url= mine=true wait=0s tags= [1 2]",
		"--mine":                "n=0 url= mine=true wait=0s tags= []",
		"-mine=false -mine":     "n=0 url= mine=true wait=0s tags= []",
		"-mine=false":           "n=0 url= mine=false wait=0s tags= []",
		"-n 5":                  "n=5 url= mine=false wait=0s tags= []",
		"-n=5 -n -50":           "n=-50 url= mine=false wait=0s tags= []",
		"-url http://-x":        "n=0 url=http://-x mine=false wait=0s tags= []",
		"-url=a=b -wait 2s":     "n=0 url=a=b mine=false wait=2s tags= []",
		"-url -mine":            "n=0 url=-mine mine=false wait=0s tags= []",
		"-url= -":               "n=0 url= mine=false wait=0s tags= [-]",
		"1 -- -mine --":         "n=0 url= mine=false wait=0s tags= [1 -mine --]",
		"-tag a -tag b -some c": "n=0 url= mine=false wait=0s tags=a,b,c []",
		"-some a,b":             "n=0 url= mine=false wait=0s tags=a,b []",

		"-five":         "there is no flag -five",
		"-n5":           "there is no flag -n5",
		"--=":           "there is no flag -",
		"-n":            "the flag -n needs a value",
		"-n five":       `the flag -n takes a number (got "five")`,
		"-wait 2":       `the flag -wait takes a duration, such as 500ms or 2s (got "2")`,
		"-mine=perhaps": `the flag -mine takes true or false (got "perhaps")`,
		"1 -h":          "help",
		"-n 1 --help":   "help",
	} {
		var n int
		var url string
		var mine bool
		var wait time.Duration
		var tags []string
		cmd := &command{}
		cmd.flags.IntVar(&n, "n", 0, "")
		cmd.flags.StringVar(&url, "url", "", "")
		cmd.flags.BoolVar(&mine, "mine", false, "")
		cmd.flags.DurationVar(&wait, "wait", 0, "")
		cmd.flags.Var(list{&tags, "string"}, "tag", "")
		cmd.flags.Var(list{&tags, "a,b,…"}, "some", "")
		args, err := cmd.parse(strings.Fields(typed))
		if err != nil {
			require.EqualError(t, err, want, "typed: %s", typed)
			continue
		}
		require.Equal(t, want, fmt.Sprintf("n=%d url=%s mine=%v wait=%v tags=%s %v", n, url, mine, wait, strings.Join(tags, ","), args), "typed: %s", typed)
	}
}
