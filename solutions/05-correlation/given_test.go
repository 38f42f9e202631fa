package correlation

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"unsafe"

	"github.com/stretchr/testify/require"

	framing "example.com/sseworkbook/solutions/01-framing"
	sessions "example.com/sseworkbook/solutions/04-sessions"
)

// The wire is the same whether a request was encoded before or not.
func TestARequestOnTheWire(t *testing.T) {
	for _, c := range []struct {
		request          Request
		wantType, wantID string // wantID: the id and its comma, as the data has them
		wantRest         string
	}{
		{Request{Method: "paid"}, "notification", ``, `"method":"paid"}`},
		{Request{Method: "paid", Params: json.RawMessage(`{}`)}, "notification", ``, `"method":"paid","params":{}}`},
		{Request{JSONRPC: "1.0", ID: "7", Method: "approve"}, "request", `"id":"7",`, `"method":"approve"}`},
		{Request{ID: "a\"\n<", Method: "b\"\n<"}, "request", `"id":"a\"\n\u003c",`, `"method":"b\"\n\u003c"}`},
		{Request{ID: "7", Method: "approve", Params: json.RawMessage("{\n \"amount\": 120 }")}, "request", `"id":"7",`, `"method":"approve","params":{"amount":120}}`},
		{Request{ID: "7", Method: "approve", Params: json.RawMessage(`null`)}, "request", `"id":"7",`, `"method":"approve","params":null}`},
		{Request{ID: "7", Method: "approve", Params: json.RawMessage{}}, "request", `"id":"7",`, `"method":"approve"}`},
		{Request{ID: "7", Method: "approve", Params: json.RawMessage(`"\ud800 ` + "ü\u2028" + `"`)}, "request", `"id":"7",`, `"method":"approve","params":"\ud800 ü\u2028"}`},
	} {
		t.Run(c.wantID+c.wantRest, func(t *testing.T) {
			want := framing.Event{Type: c.wantType, Data: `{"jsonrpc":"2.0",` + c.wantID + c.wantRest}
			plain, err := c.request.Event()
			require.NoError(t, err)
			require.Equal(t, want, plain)

			encoded, err := c.request.Encoded()
			require.NoError(t, err)
			again, err := encoded.Event()
			require.NoError(t, err)
			require.Equal(t, want, again)
		})
	}
}

// A request that is encoded once goes to many clients, each with its own id.
func TestAnEncodedRequestTakesAnyID(t *testing.T) {
	encoded, err := Request{Method: "approve", Params: json.RawMessage(`{"amount":120}`)}.Encoded()
	require.NoError(t, err)
	var clients sync.WaitGroup
	defer clients.Wait()
	for i := range 4 {
		clients.Go(func() {
			mine := encoded
			mine.ID = strconv.Itoa(i)
			event, err := mine.Event()
			if want := fmt.Sprintf(`{"jsonrpc":"2.0","id":"%d","method":"approve","params":{"amount":120}}`, i); err != nil || event.Data != want {
				t.Errorf("client %d is sent %s, error %v", i, event.Data, err)
			}
		})
	}
}

// The params are encoded once, however many clients the request goes to.
func TestAnEncodedRequestIsNotEncodedAgain(t *testing.T) {
	encoded, err := Request{ID: "7", Method: "approve", Params: json.RawMessage(`{"amount":120}`)}.Encoded()
	require.NoError(t, err)
	encoded.Params = json.RawMessage("{bad") // which Event would refuse if it had to read them
	_, err = encoded.Event()
	require.NoError(t, err)
}

func TestParamsThatAreNotJSONAreNotSent(t *testing.T) {
	for _, params := range []string{"{bad", " ", `{} {}`, `{"a":1,}`, "\xff", "\"\xff\"", "\"\xc3\"", "\"\xed\xa0\x80\""} {
		for _, id := range []string{"", "7"} {
			request := Request{ID: id, Method: "approve", Params: json.RawMessage(params)}
			event, err := request.Event()
			require.ErrorContains(t, err, `encoding the request "approve": `, "%q", params)
			require.Equal(t, framing.Event{}, event, "%q", params)
			_, err = request.Encoded()
			require.ErrorContains(t, err, `encoding the request "approve": `, "%q", params)
		}
	}
	_, err := Request{Method: "approve", Params: json.RawMessage("{bad")}.Event()
	_, isSyntax := errors.AsType[*json.SyntaxError](err)
	require.True(t, isSyntax, "%v", err)
}

// A method has the type *Error and returns a nil one as an error.
func TestANilErrorSaysSo(t *testing.T) {
	var missing *Error
	var err error = missing
	require.Contains(t, err.Error(), "a nil *correlation.Error")
	require.Contains(t, (&CallError{ID: "7", Method: "approve", Err: err}).Error(), "a nil *correlation.Error")
	require.Equal(t, "no such method (code -32601)", (&Error{Code: CodeMethodNotFound, Message: "no such method"}).Error())
}

func TestTheCodesAreThoseOfJSONRPC(t *testing.T) {
	require.Equal(t, []int{-32700, -32600, -32601, -32602, -32603},
		[]int{CodeParseError, CodeInvalidRequest, CodeMethodNotFound, CodeInvalidParams, CodeInternalError})
}

func TestACallErrorWraps(t *testing.T) {
	err := &CallError{ID: "7", Method: "approve", Err: sessions.ErrClosed}
	require.ErrorIs(t, err, sessions.ErrClosed)
	require.Equal(t, "request 7 (approve): the session has ended", err.Error())
}

// post returns a POST with this body.
func post(contentType string, body io.Reader) (*httptest.ResponseRecorder, *http.Request) {
	r := httptest.NewRequest("POST", "/responses", body)
	r.Header.Set("Content-Type", contentType)
	return httptest.NewRecorder(), r
}

func TestReadJSON(t *testing.T) {
	largest := `"` + strings.Repeat("x", MaxBody-2) + `"`
	for _, c := range []struct{ contentType, body, want string }{ // want: status and code of the problem
		{"application/json", `{"a":1}`, ""},
		{"application/json; charset=utf-8", " null\n", ""},
		{"Application/JSON", `7`, ""},
		{"application/json", `"\ud800 ü"`, ""}, // half a pair: what JavaScript can send
		{"application/json", largest, ""},
		{"application/json", largest + " ", "413 0"},
		{"application/json", "", "400 -32700"},
		{"application/json", `{} {}`, "400 -32700"},
		{"application/json", `{"a":`, "400 -32700"},
		{"application/json", "{\"a\":\"\xff\"}", "400 -32700"},
		{"application/json", "{\"\xff\":1}", "400 -32700"},
		{"application/json", "\"\xed\xa0\x80\"", "400 -32700"}, // half a pair in bytes is not UTF-8
		{"application/json", "\xef\xbb\xbf{}", "400 -32700"},
		{"text/plain", `{}`, "415 0"},
		{"", `{}`, "415 0"},
	} {
		name := fmt.Sprintf("%s %.20q", c.contentType, c.body)
		body, err := ReadJSON(post(c.contentType, strings.NewReader(c.body)))
		if c.want == "" {
			require.NoError(t, err, name)
			require.Equal(t, c.body, string(body), name)
			continue
		}
		problem, ok := errors.AsType[*sessions.Problem](err)
		require.True(t, ok, "%s: %v", name, err)
		require.Equal(t, c.want, fmt.Sprint(problem.Status, " ", problem.Code), name)
		require.Same(t, problem, ProblemOf(err), name)
	}
	_, err := ReadJSON(post("application/json", io.MultiReader(strings.NewReader(`{}`), iotest.ErrReader(io.ErrClosedPipe))))
	require.ErrorIs(t, err, io.ErrClosedPipe, "an error of the connection is not a problem with the body")
}

func TestParseResponse(t *testing.T) {
	for _, c := range []struct {
		body string
		want Response
	}{
		{`{"jsonrpc":"2.0","id":"7","result":{"a": 1}}`, Response{JSONRPC: "2.0", ID: "7", Result: json.RawMessage(`{"a": 1}`)}},
		{`{"jsonrpc":"2.0","id":"","result":null,"more":1}`, Response{JSONRPC: "2.0", Result: json.RawMessage(`null`)}},
		{`{"jsonrpc":"2.0","id":"7","error":{"code":-1,"message":"no","data":[1]}}`,
			Response{JSONRPC: "2.0", ID: "7", Error: &Error{Code: -1, Message: "no", Data: json.RawMessage(`[1]`)}}},
	} {
		got, err := ParseResponse([]byte(c.body))
		require.NoError(t, err, c.body)
		require.Equal(t, c.want, got, c.body)
	}
	for _, id := range []string{"7", "null", "1.5", `["7"]`, `{"id":"7"}`, "true"} {
		body := `{"jsonrpc":"2.0","id":` + id + `,"error":{"code":-32700,"message":"no"}}`
		_, err := ParseResponse([]byte(body))
		require.ErrorIs(t, err, ErrUnknownRequest, body)
	}
	for _, body := range []string{
		``, `null`, `7`, `"7"`, `[]`, `[{"jsonrpc":"2.0","id":"7","result":1}]`, `{}`, `{"jsonrpc":"2.0","id":"7"}`,
		`{"jsonrpc":"1.0","id":"7","result":1}`, `{"id":"7","result":1}`, `{"jsonrpc":"2.0","result":1}`,
		`{"jsonrpc":"2.0","id":"7","method":"approve"}`, `{"jsonrpc":"2.0","id":"7","method":"approve","result":1}`,
		`{"jsonrpc":"2.0","id":"7","result":1,"error":{"code":1,"message":"no"}}`, `{"jsonrpc":"2.0","id":"7","error":"no"}`,
	} {
		_, err := ParseResponse([]byte(body))
		problem, ok := errors.AsType[*sessions.Problem](err)
		require.True(t, ok, "%s: %v", body, err)
		require.Equal(t, "400 -32600", fmt.Sprint(problem.Status, " ", problem.Code), body)
	}
}

func TestAProblemHasItsOwnStatus(t *testing.T) {
	for err, want := range map[error]string{
		sessions.ErrNotFound: "404 no such session",
		ErrUnknownRequest:    "404 no request has this id",
		ErrWrongSession:      "403 the request with this id went to another session",
		ErrAnswered:          "409 the request with this id was answered before",
		ErrNotWaiting:        "410 the caller no longer waits for this response",
	} {
		for _, err := range []error{err, fmt.Errorf("session 7: %w", err)} {
			problem := ProblemOf(err)
			require.Equal(t, want, fmt.Sprint(problem.Status, " ", problem.Detail), "%v", err)
		}
	}
	require.Equal(t, &sessions.Problem{Status: 500, Detail: "something went wrong"}, ProblemOf(errors.New("the database's password is 1234")))
	teapot := &sessions.Problem{Status: http.StatusTeapot, Detail: "short and stout"}
	require.Same(t, teapot, ProblemOf(fmt.Errorf("brewing: %w", teapot)))
}

// Resolve may return the same problem every time, even for two POSTs at once. The race
// detector checks that they can share it.
func TestAProblemIsShared(t *testing.T) {
	busy := &sessions.Problem{Status: http.StatusServiceUnavailable, Detail: "later"}
	var registry sessions.Registry
	session, err := registry.Open(t.Context())
	require.NoError(t, err)
	handler := &Handler{Sessions: &registry, Resolve: func(string, Response) error { return fmt.Errorf("busy: %w", busy) }}
	var posts sync.WaitGroup
	for range 2 {
		posts.Go(func() {
			for range 10 {
				w, r := post("application/json", strings.NewReader(`{"jsonrpc":"2.0","id":"7","result":1}`))
				r.URL.RawQuery = "session=" + session.ID()
				handler.ServeHTTP(w, r)
				if body := w.Body.String(); w.Code != http.StatusServiceUnavailable || !strings.Contains(body, `"title":"Service Unavailable"`) {
					t.Errorf("got %d %s", w.Code, body)
				}
			}
		})
	}
	posts.Wait()
	require.Equal(t, sessions.Problem{Status: http.StatusServiceUnavailable, Detail: "later"}, *busy)
}

// The last 1,024 are remembered, and the one before them is not.
func TestTheOldestIsForgottenAtThe1025th(t *testing.T) {
	var r recent
	for i := range 5000 { // around the ring more than once
		r.add(strconv.Itoa(i), "A", ErrAnswered)
		oldest := max(0, i-1023)
		require.Equal(t, ErrAnswered, r.reason(strconv.Itoa(i), "A"), i)
		require.Equal(t, ErrAnswered, r.reason(strconv.Itoa(oldest), "A"), i)
		require.Equal(t, ErrUnknownRequest, r.reason(strconv.Itoa(oldest-1), "A"), i)
	}
	require.Len(t, r.settled, 1024)
	require.Len(t, r.ids, 1024)
	require.Equal(t, ErrWrongSession, r.reason("4999", "B"))
	r.add("5000", "B", ErrNotWaiting)
	require.Equal(t, ErrNotWaiting, r.reason("5000", "B"))
	require.Equal(t, ErrUnknownRequest, new(recent).reason("7", "A"))
}

// Most programs settle few requests, so remembering takes no memory until there is one.
func TestAZeroPendingIsSmall(t *testing.T) {
	require.LessOrEqual(t, int(unsafe.Sizeof(Pending{})), 128)
}
