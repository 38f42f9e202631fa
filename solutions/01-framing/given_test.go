package framing_test

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	framing "example.com/sseworkbook/solutions/01-framing"
)

// AppendText refuses an ID if net/http refuses to send it back as Last-Event-ID, and
// for no other reason.
func TestAnIDIsRefusedIfNoHeaderMayHoldIt(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, r.Header.Get("Last-Event-ID"))
	}))
	defer server.Close()
	for c := rune(0); c <= 0x100; c++ {
		id := "a" + string(c) + "b"
		wire, err := framing.Event{ID: id}.AppendText(nil)
		if refused, ok := errors.AsType[*framing.FieldError](err); err != nil && (!ok || refused.Field != "id") {
			t.Errorf("ID %q: got %v, want a *FieldError for id", id, err)
		}
		returned, sendErr := sendBack(t, server, id)
		if (err == nil) != (sendErr == nil) {
			t.Errorf("ID %q: AppendText returned %v, net/http %v", id, err, sendErr)
		}
		if sendErr == nil && (returned != id || !bytes.Contains(wire, []byte("id: "+id+"\n"))) {
			t.Errorf("ID %q: the wire is %q, and %q came back", id, wire, returned)
		}
	}
}

// sendBack reconnects with id, and returns what the server reads.
func sendBack(t *testing.T, server *httptest.Server, id string) (string, error) {
	r, err := http.NewRequestWithContext(t.Context(), "GET", server.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Last-Event-ID", id)
	response, err := server.Client().Do(r)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	var body bytes.Buffer
	if _, err := body.ReadFrom(response.Body); err != nil {
		t.Fatal(err)
	}
	return body.String(), nil
}

// Bytes that are not UTF-8 go out unchanged, and a client that decodes the stream
// reads U+FFFD in their place.
func TestWhatIsNotUTF8IsReadAsTheReplacementCharacter(t *testing.T) {
	wire, err := framing.Event{ID: "7\xff", Type: "\xfetick", Data: "a\xffb"}.AppendText(nil)
	if err != nil {
		t.Fatal(err)
	}
	got := strings.ToValidUTF8(string(wire), "\uFFFD") // as the standard's "UTF-8 decode" does it for single bytes
	for _, line := range []string{"id: 7\uFFFD\n", "event: \uFFFDtick\n", "data: a\uFFFDb\n"} {
		if !strings.Contains(got, line) {
			t.Errorf("a client reads %q; want %q in it", got, line)
		}
	}
}

// A FieldError names the field as it is on the wire, and what is wrong with it.
func TestAFieldErrorSaysWhichFieldAndWhy(t *testing.T) {
	err := &framing.FieldError{Field: "id", Reason: "contains a line break"}
	if got, want := err.Error(), `event field "id": contains a line break`; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
