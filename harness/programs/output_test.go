package programs_test

import (
	"errors"
	"io"
	"log"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"example.com/sseworkbook/harness/pair"
	"example.com/sseworkbook/harness/programs"
	"example.com/sseworkbook/harness/step"
	cleanup "example.com/sseworkbook/solutions/07-cleanup"
)

// errFull is what a disk says on which there is no room.
var errFull = errors.New("no space left on device")

// full is an output on which nothing can be written.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, errFull }

// A client whose output cannot be written ends at once, and does not take it for a
// connection that was lost.
func TestAnOutputThatIsFullEndsTheClient(t *testing.T) {
	for _, raw := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			var status strings.Builder
			s := &script{answers: []answer{stream("data: a\n\ndata: b\n\n"), stream("data: c\n\n")}}
			client := &programs.BasicClient{URL: "http://server.test/events", HTTP: &http.Client{Transport: s}, Events: full{}, Status: &status, Limit: 1, Raw: raw}
			err := client.Run(t.Context())
			require.ErrorIs(t, err, errFull)
			require.EqualError(t, err, "the output cannot be written: no space left on device")
			require.Len(t, s.asked, 1)
			require.Equal(t, "reading http://server.test/events · Ctrl-C stops\n", status.String())
		})
	}
}

func TestAnOutputThatIsFullEndsTheBidirectionalClient(t *testing.T) {
	step.Bubble(t, func(t *testing.T) {
		p := pair.Memory(t, twoWay(0, io.Discard).Handler())
		responder := &programs.BidirectionalClient{Name: "bob", URL: p.URL + "/events", HTTP: p.Client, Out: log.New(full{}, "", 0), Status: io.Discard}
		require.ErrorIs(t, responder.Run(t.Context()), errFull)
	})
}

func TestAnOutputThatIsFullEndsTheTriggerClient(t *testing.T) {
	s := &script{answers: []answer{respond(200, "application/json", `{"result":1}`)}}
	asker := &programs.TriggerClient{URL: "http://server.test/trigger", HTTP: &http.Client{Transport: s}, Count: 1, Out: full{}, Trigger: cleanup.Trigger{Session: "S"}}
	require.ErrorIs(t, asker.Run(t.Context()), errFull)
}

// Each client meets the other's server, and says so once.
func TestAClientAtTheWrongKindOfServerSaysSo(t *testing.T) {
	url := serve(t, twoWay(0, io.Discard).Handler()) + "/events"
	for _, raw := range []bool{false, true} {
		var events, status strings.Builder
		client := &programs.BasicClient{URL: url, HTTP: oneWay(), Events: &events, Status: &status, Raw: raw}
		require.EqualError(t, client.Run(t.Context()), "reading "+url+": this is a bidirectional server, which waits for answers, "+
			"but this client gives none (go run ./harness bidirectional-client does)")
		require.Equal(t, "reading "+url+" · Ctrl-C stops\n", status.String())
	}

	url = serve(t, quiet().Handler()) + "/events"
	var out, status strings.Builder
	responder := &programs.BidirectionalClient{Name: "bob", URL: url, HTTP: oneWay(), Out: log.New(&out, "", 0), Status: &status}
	require.EqualError(t, responder.Run(t.Context()), "reading "+url+`: the server sent an event of type "tick" but no session, `+
		"so it is not a bidirectional server (go run ./harness bidirectional-server)")
	require.Empty(t, out.String())
}

// oneWay returns a client that leaves no connection behind.
func oneWay() *http.Client {
	return &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
}

// What a peer has sent is cut in what is told of it, and can neither steer the
// terminal nor hide.
func TestWhatAPeerSendsIsCutAndShown(t *testing.T) {
	long := strings.Repeat("x", 900<<10)
	logged := make(lines, 2)
	server := quiet()
	server.Log = log.New(logged, "", 0)
	open(t, serve(t, server.Handler())+"/events", long).Close()
	line := <-logged
	require.Contains(t, line, `connected · Last-Event-ID: "xxx`)
	require.Less(t, len(line), 400)

	synctest.Test(t, func(t *testing.T) {
		s := &script{answers: []answer{
			stream("retry: 1\nevent: \u202eevil" + long + "\nid: \u200b" + long + "\ndata: \u202eabc\n\n"),
			respond(200, "text/"+long, ""),
		}}
		events, status, err := s.run(t, &programs.BasicClient{})
		require.NotContains(t, events+status+err.Error(), "\u202e")
		require.NotContains(t, events+status+err.Error(), "\u200b")
		require.Contains(t, events, "\uFFFDabc\n")
		require.Less(t, len(events)+len(status)+len(err.Error()), 3000)
	})

	out, err := ask(t, "S", respond(410, "application/problem+json", `{"status":410,"detail":"\u202e`+long+`"}`))
	require.Error(t, err)
	require.Less(t, len(out), 1000)
	require.NotContains(t, out, "\u202e")
	_, err = ask(t, "S", respond(200, "text/"+long, ""))
	require.Less(t, len(err.Error()), 1000)
}
