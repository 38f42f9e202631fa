package timeouts

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	framing "example.com/sseworkbook/solutions/01-framing"
	correlation "example.com/sseworkbook/solutions/05-correlation"
)

// DefaultTimeout is how long a [Caller] waits if its Timeout is zero.
const DefaultTimeout = 30 * time.Second

// A TimeoutError says that the client did not answer within the Caller's Timeout.
// If the caller's own context ended, the error is that context's cause instead.
type TimeoutError struct{ After time.Duration }

func (e *TimeoutError) Error() string { return fmt.Sprintf("no answer after %v", e.After) }

// Timeout returns true, because the error is a timeout: see [net.Error].
func (e *TimeoutError) Timeout() bool { return true }

// cancellation is the params of "notifications/cancelled", as in MCP.
type cancellation struct {
	RequestID string `json:"requestId"`
	Reason    string `json:"reason,omitempty"`
}

// cancelled returns the notification that call's caller no longer waits.
func cancelled(call *correlation.CallError) (framing.Event, error) {
	params, err := json.Marshal(cancellation{call.ID, call.Err.Error()})
	if err != nil {
		return framing.Event{}, err
	}
	return correlation.Request{Method: "notifications/cancelled", Params: params}.Event()
}

// cancelledID returns the id of the request that e cancels, or "" if e is not a
// cancellation.
func cancelledID(e framing.Event) string {
	var notification struct {
		Method string       `json:"method"`
		Params cancellation `json:"params"`
	}
	if json.Unmarshal([]byte(e.Data), &notification) != nil || notification.Method != "notifications/cancelled" {
		return ""
	}
	return notification.Params.RequestID
}

// running holds the requests that are being answered, so that a request can be
// cancelled by its id. Requests with the same id are cancelled together. The zero
// value is ready to use. It is safe for concurrent use.
type running struct {
	mu   sync.Mutex // guards the rest
	n    int        // how many there were
	byID map[string]map[int]context.CancelFunc
}

// start returns the context of a new request with this id. The context ends when ctx
// ends, when the request is cancelled or when done is called. The caller must call
// done.
func (r *running) start(ctx context.Context, id string) (_ context.Context, done func()) {
	ctx, cancel := context.WithCancel(ctx)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.byID == nil {
		r.byID = map[string]map[int]context.CancelFunc{}
	}
	if r.byID[id] == nil {
		r.byID[id] = map[int]context.CancelFunc{}
	}
	r.n++
	n := r.n
	r.byID[id][n] = cancel
	return ctx, func() {
		cancel()
		r.leave(id, n)
	}
}

// leave removes request n, which has this id, if it is still there.
func (r *running) leave(id string, n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.byID[id], n)
	if len(r.byID[id]) == 0 {
		delete(r.byID, id)
	}
}

// cancel ends the contexts of the requests with this id, if there are any: the last one's
// first, because the earlier ones may run, and leave their turn to it.
func (r *running) cancel(id string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, n := range slices.Backward(slices.Sorted(maps.Keys(r.byID[id]))) {
		r.byID[id][n]()
	}
	delete(r.byID, id)
}

// resolve returns the URL in an endpoint event's data, which may be relative to from.
// It returns an error if the URL's origin is neither from's nor in Origins.
func (a *Answerer) resolve(from *url.URL, data string) (*url.URL, error) {
	endpoint, err := from.Parse(data)
	if err != nil {
		return nil, fmt.Errorf("the endpoint event has no URL: %w", err)
	}
	if !a.allows(endpoint, from) {
		return nil, fmt.Errorf("the endpoint is on another origin, %q, which would get the answers", originOf(endpoint))
	}
	return endpoint, nil
}

// allows reports whether endpoint has the origin of from, or one of Origins.
func (a *Answerer) allows(endpoint, from *url.URL) bool {
	origin := originOf(endpoint)
	return origin == originOf(from) || slices.ContainsFunc(a.Origins, func(allowed string) bool {
		u, err := url.Parse(allowed)
		return err == nil && originOf(u) == origin
	})
}

// originOf returns the origin of u, such as "https://example.com": scheme, host, and
// the port if it is not the scheme's default (RFC 6454, section 4).
func originOf(u *url.URL) string {
	host, port := strings.ToLower(u.Hostname()), u.Port()
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	scheme := strings.ToLower(u.Scheme)
	if port != "" && !(scheme == "http" && port == "80") && !(scheme == "https" && port == "443") {
		host += ":" + port
	}
	return scheme + "://" + host
}

// handle returns the response to request.
func (a *Answerer) handle(ctx context.Context, request correlation.Request) correlation.Response {
	response := correlation.Response{JSONRPC: "2.0", ID: request.ID}
	result, err := a.Handle(ctx, request.Method, request.Params)
	if err == nil {
		response.Result, err = json.Marshal(result)
	}
	if err != nil {
		response.Error = errorOf(err)
	}
	return response
}

// errorOf returns what is sent for err: the *correlation.Error in it, or an internal
// error if there is none that can be sent.
func errorOf(err error) *correlation.Error {
	failure, ok := errors.AsType[*correlation.Error](err)
	if !ok || failure == nil {
		return internalError(err)
	}
	if _, unsendable := json.Marshal(failure); unsendable != nil {
		return internalError(fmt.Errorf("%w, with data that is not JSON", err))
	}
	return failure
}

func internalError(err error) *correlation.Error {
	return &correlation.Error{Code: correlation.CodeInternalError, Message: err.Error()}
}

// deliver sends response to endpoint. If the server can never accept it, deliver
// sends an error instead, so that the caller need not wait for the timeout.
func (a *Answerer) deliver(ctx context.Context, endpoint string, response correlation.Response) error {
	deliver := a.Deliver
	if deliver == nil {
		deliver = a.post
	}
	err := deliver(ctx, endpoint, response)
	if refused, ok := errors.AsType[*RefusedError](err); ok && refused.unfit() {
		response.Result, response.Error = nil, internalError(err)
		return errors.Join(err, deliver(ctx, endpoint, response))
	}
	return err
}

// A RefusedError says that the server did not accept a response that was posted.
type RefusedError struct {
	StatusCode int
	RetryAfter time.Duration // the wait that the server asks for; zero if it asks for none
}

func (e *RefusedError) Error() string {
	return fmt.Sprintf("the server refused the response: %d %s", e.StatusCode, http.StatusText(e.StatusCode))
}

// unfit reports whether the server may still accept an error instead of the response.
func (e *RefusedError) unfit() bool {
	return e.StatusCode == http.StatusBadRequest || e.StatusCode == http.StatusRequestEntityTooLarge
}

// again reports whether the server may accept the same response later.
func (e *RefusedError) again() bool {
	patience := []int{http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout}
	return slices.Contains(patience, e.StatusCode)
}

// How many times a response is posted if the server may accept it later, and how
// long the first wait is. The wait doubles each time.
const (
	maxPosts   = 5
	firstPause = 250 * time.Millisecond
	maxPause   = 5 * time.Second
)

// post sends a response to the server, several times if necessary. That does no
// harm: a response has an id, and only the first one is accepted.
func (a *Answerer) post(ctx context.Context, endpoint string, response correlation.Response) error {
	body, err := json.Marshal(response)
	if err != nil {
		return err
	}
	pause := firstPause
	for try := 1; ; try++ {
		err := a.postOnce(ctx, endpoint, body)
		refused, ok := errors.AsType[*RefusedError](err)
		switch {
		case ok && refused.StatusCode == http.StatusConflict && try > 1:
			return nil // an earlier POST got there
		case err == nil, ok && !refused.again(), try == maxPosts, ctx.Err() != nil:
			return err
		}
		wait := pause
		if ok && refused.RetryAfter > 0 {
			wait = min(refused.RetryAfter, maxPause)
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return err
		}
		pause *= 2
	}
}

// postOnce sends a response to the server. It returns a *[RefusedError] if the
// server does not accept it.
func (a *Answerer) postOnce(ctx context.Context, endpoint string, body []byte) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, endpoint, bytes.NewReader(body))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header["Idempotency-Key"] = nil // not sent: net/http may repeat the request if the connection was just closed
	resp, err := a.client().Do(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	io.Copy(io.Discard, io.LimitReader(resp.Body, 64<<10)) // so that the connection can be used again
	if resp.StatusCode != http.StatusAccepted {
		return &RefusedError{StatusCode: resp.StatusCode, RetryAfter: ParseRetryAfter(resp.Header.Get("Retry-After"))}
	}
	return nil
}

// ParseRetryAfter returns the wait that a Retry-After header asks for, in seconds or by
// a date (RFC 9110, section 10.2.3). It is zero if the header asks for none.
func ParseRetryAfter(header string) time.Duration {
	if seconds, err := strconv.Atoi(header); err == nil {
		return time.Duration(min(max(0, seconds), math.MaxInt32)) * time.Second
	}
	date, err := http.ParseTime(header)
	if err != nil {
		return 0
	}
	return max(0, time.Until(date))
}

// client returns a copy of Client that follows redirects only to origins that may get
// the responses. It returns any other redirect unfollowed.
func (a *Answerer) client() *http.Client {
	client := *cmp.Or(a.Client, http.DefaultClient)
	check := client.CheckRedirect
	client.CheckRedirect = func(r *http.Request, via []*http.Request) error {
		tooMany := check == nil && len(via) >= 10 // as in net/http
		if tooMany || !a.allows(r.URL, via[0].URL) || check != nil && check(r, via) != nil {
			return http.ErrUseLastResponse
		}
		return nil
	}
	return &client
}
