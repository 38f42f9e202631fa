package programs_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/sseworkbook/harness/programs"
	cleanup "example.com/sseworkbook/solutions/07-cleanup"
)

// ask has an TriggerClient ask a server that answers with the answers, one by one.
func ask(t *testing.T, session string, answers ...answer) (out string, err error) {
	var text strings.Builder
	s := &script{answers: answers}
	asker := &programs.TriggerClient{
		URL:     "http://server.test/trigger",
		HTTP:    &http.Client{Transport: s},
		Trigger: cleanup.Trigger{Session: session, Method: "approve"},
		Count:   1,
		Out:     &text,
	}
	err = asker.Run(t.Context())
	for _, body := range s.bodies {
		require.Nil(t, body.Reader, "the answer was not closed")
	}
	return text.String(), err
}

func TestTheTriggerClientTellsAnswersFromFailures(t *testing.T) {
	for name, test := range map[string]struct {
		session string
		answer  answer
		want    []string
		failed  string
	}{
		"one answer": {"S", respond(200, "application/json", `{"result":{"ok":true}}`),
			[]string{`s  {"ok":true}` + "\n", "1 asked · 1 answered · 0 failed"}, ""},
		"one error": {"S", respond(200, "application/json", `{"error":{"code":-32000,"message":"no"}}`),
			[]string{"s  error -32000: no\n"}, "1 of 1 did not answer with a result"},
		"one problem": {"S", respond(410, "application/problem+json", `{"status":410,"detail":"too late"}`),
			[]string{"s  410 Gone: too late\n"}, "1 of 1 did not answer with a result"},
		"several": {"", respond(200, "application/json; charset=utf-8", `[{"result":1},{"problem":{"status":502,"detail":"left"}},{"result":null}]`),
			[]string{"s  1\n", "s  502 Bad Gateway: left\n", "3 asked · 2 answered · 1 failed"}, "1 of 3 did not answer with a result"},
		"an answer that steers the terminal": {"S", respond(200, "application/json", `{"result":"`+"\u009b"+`2J"}`),
			[]string{"s  \"\uFFFD2J\"\n"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			out, err := ask(t, test.session, test.answer)
			for _, want := range test.want {
				require.Contains(t, out, want)
			}
			if test.failed == "" {
				require.NoError(t, err)
				return
			}
			require.EqualError(t, err, test.failed)
		})
	}
}

func TestTheTriggerClientSaysWhatIsNoAnswer(t *testing.T) {
	for want, answer := range map[string]answer{
		"nothing listens there; is the server running? (go run ./harness bidirectional-server)":                                   refuse,
		`the answer is 500 Internal Server Error with type "application/json", not the JSON of a bidirectional server's /trigger`: respond(500, "application/json", `{}`),
		"reading the answer: unexpected end of JSON input":                                                                        respond(200, "application/json", `{"result":`),
		"reading the answer: invalid character 'p' after array element":                                                           respond(200, "application/json", `[{} poison`),
	} {
		out, err := ask(t, "", answer)
		require.EqualError(t, err, "asking http://server.test/trigger: "+want)
		require.Empty(t, out)
	}
}

// Many triggers at once, of which one is all that the server takes: the others do
// not hang, and one sentence says what is wrong.
func TestTheTriggerClientEndsWithTheFirstThatIsNoAnswer(t *testing.T) {
	first := make(chan struct{}, 1)
	url := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body) // or the server would not hear that its client has left
		select {
		case first <- struct{}{}:
			w.WriteHeader(http.StatusTeapot)
		default:
			<-r.Context().Done()
		}
	}))
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	asker := &programs.TriggerClient{URL: url, HTTP: &http.Client{Transport: transport}, Count: 50, Out: io.Discard}
	require.ErrorContains(t, asker.Run(t.Context()), "418 I'm a teapot")
}
