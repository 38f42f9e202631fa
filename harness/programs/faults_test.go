package programs_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/sseworkbook/harness/programs"
	correlation "example.com/sseworkbook/solutions/05-correlation"
)

// poison is in all that the faults send, and may come back in nothing.
const poison = `<b>poison</b>`

// A place is where a fault happens: the assembled server on a real socket, with
// room for two sessions, of which one is open.
type place struct {
	server *programs.BidirectionalServer
	url    string
	client *peer
}

func newPlace(t *testing.T) *place {
	server := twoWay(2, io.Discard)
	url := serve(t, server.Handler())
	return &place{server, url, join(t, url)}
}

// ask has the client asked, and returns the id of the request that it has heard.
func (p *place) ask(t *testing.T, more string) (id string, outcome <-chan answered) {
	outcome = trigger(t, p.url, fmt.Sprintf(`{"session":%q,"method":"approve"%s}`, p.client.session, more))
	return p.client.hear(t).ID, outcome
}

// result is a right answer to the request with this id.
func result(id string) string {
	return fmt.Sprintf(`{"jsonrpc":"2.0","id":%q,"result":%q}`, id, poison)
}

// requireWorks fails unless the client can still be asked, and answer.
func (p *place) requireWorks(t *testing.T) {
	id, outcome := p.ask(t, "")
	require.Equal(t, http.StatusAccepted, reply(t, p.url, p.client.session, result(id)).status)
	require.Equal(t, http.StatusOK, (<-outcome).status)
}

// tooLarge is more than a body may be.
var tooLarge = `"` + poison + strings.Repeat("x", correlation.MaxBody) + `"`

// faults is what may go wrong, and what the other side then gets. Afterwards, all
// is as well as before, but where the fault is the end.
var faults = []struct {
	name   string
	status int
	code   int // of JSON-RPC; zero: it has none
	end    bool
	do     func(*testing.T, *place) answered
}{
	{"a response that is no JSON", 400, -32700, false, func(t *testing.T, p *place) answered {
		return reply(t, p.url, p.client.session, `{"id":"`+poison)
	}},
	{"a response that is two", 400, -32700, false, func(t *testing.T, p *place) answered {
		return reply(t, p.url, p.client.session, result("1")+result("2"))
	}},
	{"a response that is a request", 400, -32600, false, func(t *testing.T, p *place) answered {
		return reply(t, p.url, p.client.session, `{"jsonrpc":"2.0","id":"1","method":"`+poison+`"}`)
	}},
	{"a response with a result and an error", 400, -32600, false, func(t *testing.T, p *place) answered {
		return reply(t, p.url, p.client.session, `{"jsonrpc":"2.0","id":"1","result":1,"error":{"code":1,"message":"`+poison+`"}}`)
	}},
	{"a response of the wrong content type", 415, 0, false, func(t *testing.T, p *place) answered {
		return post(t, p.url+"/responses?session="+p.client.session, "text/plain", result("1"))
	}},
	{"a response that is too large", 413, 0, false, func(t *testing.T, p *place) answered {
		return reply(t, p.url, p.client.session, tooLarge)
	}},
	{"a response from nobody", 404, 0, false, func(t *testing.T, p *place) answered {
		return reply(t, p.url, poison, result("1"))
	}},
	{"a response to what was never asked", 404, 0, false, func(t *testing.T, p *place) answered {
		return reply(t, p.url, p.client.session, result(poison))
	}},
	{"a response with a number for an id", 404, 0, false, func(t *testing.T, p *place) answered {
		return reply(t, p.url, p.client.session, `{"jsonrpc":"2.0","id":1,"result":"`+poison+`"}`)
	}},
	{"a response from another session", 403, 0, false, func(t *testing.T, p *place) answered {
		id, outcome := p.ask(t, "")
		refused := reply(t, p.url, join(t, p.url).session, result(id))
		require.Equal(t, http.StatusAccepted, reply(t, p.url, p.client.session, result(id)).status, "the rightful one may still answer")
		require.Equal(t, http.StatusOK, (<-outcome).status, "and the caller has waited for it")
		return refused
	}},
	{"a response after its caller gave up", 410, 0, true, func(t *testing.T, p *place) answered {
		id, outcome := p.ask(t, `,"timeout":1`)
		require.Equal(t, http.StatusGatewayTimeout, (<-outcome).status)
		return reply(t, p.url, p.client.session, result(id))
	}},
	{"a second response", 409, 0, false, func(t *testing.T, p *place) answered {
		id, outcome := p.ask(t, "")
		require.Equal(t, http.StatusAccepted, reply(t, p.url, p.client.session, result(id)).status)
		require.Equal(t, http.StatusOK, (<-outcome).status)
		return reply(t, p.url, p.client.session, result(id))
	}},
	{"one session too many", 503, 0, false, func(t *testing.T, p *place) answered {
		join(t, p.url)
		refused := get(t, p.url+"/events")
		require.NotEmpty(t, refused.header.Get("Retry-After"))
		return refused
	}},
	{"a trigger for nobody", 404, 0, false, func(t *testing.T, p *place) answered {
		return <-trigger(t, p.url, `{"session":"`+poison+`","method":"approve"}`)
	}},
	{"a trigger for everybody where nobody is", 404, 0, true, func(t *testing.T, p *place) answered {
		return <-trigger(t, serve(t, twoWay(0, io.Discard).Handler()), `{"method":"approve"}`)
	}},
	{"a trigger that is no JSON", 400, -32700, false, func(t *testing.T, p *place) answered {
		return <-trigger(t, p.url, `{"method":"`+poison)
	}},
	{"a trigger without a method", 400, 0, false, func(t *testing.T, p *place) answered {
		return <-trigger(t, p.url, `{"params":"`+poison+`"}`)
	}},
	{"a trigger with a time of the past", 400, 0, false, func(t *testing.T, p *place) answered {
		return <-trigger(t, p.url, `{"method":"`+poison+`","timeout":-1}`)
	}},
	{"a trigger of the wrong content type", 415, 0, false, func(t *testing.T, p *place) answered {
		return post(t, p.url+"/trigger", "application/x-www-form-urlencoded", "method="+poison)
	}},
	{"a trigger that is too large", 413, 0, false, func(t *testing.T, p *place) answered {
		return <-trigger(t, p.url, tooLarge)
	}},
	{"a client that leaves", 502, 0, true, func(t *testing.T, p *place) answered {
		_, outcome := p.ask(t, `,"params":"`+poison+`"`)
		p.client.Close()
		return <-outcome
	}},
	{"a client that takes too long", 504, 0, true, func(t *testing.T, p *place) answered {
		_, outcome := p.ask(t, `,"params":"`+poison+`","timeout":1`)
		return <-outcome
	}},
	{"a server that shuts down while a caller waits", 503, 0, true, func(t *testing.T, p *place) answered {
		_, outcome := p.ask(t, `,"params":"`+poison+`"`)
		require.NoError(t, p.server.Shutdown(t.Context()))
		return <-outcome
	}},
	{"a session with a server that shuts down", 503, 0, true, func(t *testing.T, p *place) answered {
		require.NoError(t, p.server.Shutdown(t.Context()))
		refused := get(t, p.url+"/events")
		require.NotEmpty(t, refused.header.Get("Retry-After"))
		return refused
	}},
	{"a response to a server that shuts down", 503, 0, true, func(t *testing.T, p *place) answered {
		require.NoError(t, p.server.Shutdown(t.Context()))
		return reply(t, p.url, p.client.session, result("1"))
	}},
	{"a trigger for a server that shuts down", 503, 0, true, func(t *testing.T, p *place) answered {
		require.NoError(t, p.server.Shutdown(t.Context()))
		return <-trigger(t, p.url, `{"method":"`+poison+`"}`)
	}},
}

// Each fault is answered with a problem (RFC 9457) that says what is wrong, and
// nothing of what was sent.
func TestFaultsAreProblems(t *testing.T) {
	for _, fault := range faults {
		t.Run(fault.name, func(t *testing.T) {
			p := newPlace(t)
			got := fault.do(t, p)
			require.Equal(t, fault.status, got.status, "the body: %s", got.body)
			require.Equal(t, "application/problem+json", got.header.Get("Content-Type"))
			require.NotContains(t, got.body, "poison", "what was sent must not come back")

			want := map[string]any{"status": float64(fault.status), "title": http.StatusText(fault.status)}
			if fault.code != 0 {
				want["code"] = float64(fault.code)
			}
			var members map[string]any
			require.NoError(t, json.Unmarshal([]byte(got.body), &members))
			require.NotEmpty(t, members["detail"])
			delete(members, "detail")
			require.Equal(t, want, members)
			require.Zero(t, p.server.Caller.Len(), "nobody waits any more")
			if !fault.end {
				p.requireWorks(t)
			}
		})
	}
}

// get gets what is no stream.
func get(t *testing.T, url string) answered {
	response, err := http.Get(url)
	require.NoError(t, err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return answered{response.StatusCode, response.Header, string(text)}
}
