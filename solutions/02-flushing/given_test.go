package flushing_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	framing "example.com/sseworkbook/solutions/01-framing"
	flushing "example.com/sseworkbook/solutions/02-flushing"
)

// Once another request has arrived on an HTTP/1.1 connection, net/http no longer reads
// from it, so it does not notice that the client leaves. Such a stream ends with its
// writes, and with an error that says why.
func TestAStreamWithARequestBehindItEndsWithItsWrites(t *testing.T) {
	left, sent := make(chan struct{}), make(chan error)
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s, err := flushing.Open(w, r)
		<-left
		if r.Context().Err() != nil {
			t.Error("net/http noticed that the client left, which the documentation denies")
		}
		sends := 0
		for err == nil {
			err = s.Send(framing.Event{Data: "are you there?"})
			sends++
		}
		t.Logf("Send number %d failed: %v", sends, err)
		sent <- err
	}))
	reads := &countedReads{Listener: server.Listener, returned: make(chan int, 100)}
	server.Listener = reads
	server.Start()
	defer server.Close()

	client := dial(t, server)
	fmt.Fprint(client, "GET /events HTTP/1.1\r\nHost: x\r\n\r\n")
	<-reads.returned // of the first request
	readHeaders(t, bufio.NewReader(client))
	fmt.Fprint(client, "GET /events HTTP/1.1\r\nHost: x\r\n\r\n")
	if n := <-reads.returned; n != 1 {
		t.Errorf("while the handler runs, net/http read %d bytes of the second request, want 1", n)
	}
	client.Close()
	close(left)
	if err := <-sent; !errors.Is(err, flushing.ErrClientLeft) {
		t.Errorf("got %v, want an error that wraps ErrClientLeft", err)
	}
}

// countedReads is a listener whose connections tell how many bytes each Read returned.
type countedReads struct {
	net.Listener
	returned chan int
}

func (l *countedReads) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	return countedConn{conn, l.returned}, err
}

type countedConn struct {
	net.Conn
	returned chan<- int
}

func (c countedConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.returned <- n
	return n, err
}

// A HEAD holds nothing up: the next request on its connection is answered.
func TestARequestBehindAHeadIsAnswered(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s, err := flushing.Open(w, r)
		if err != nil {
			return
		}
		if err := s.Send(framing.Event{Data: "hello"}); err != nil {
			t.Error(err)
		}
	}))
	defer server.Close()

	client := dial(t, server)
	defer client.Close()
	fmt.Fprint(client, "HEAD /events HTTP/1.1\r\nHost: x\r\n\r\nGET /events HTTP/1.1\r\nHost: x\r\n\r\n")
	answers := bufio.NewReader(client)
	readHeaders(t, answers)
	response, err := http.ReadResponse(answers, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if got, want := string(body), "data: hello\n\n"; got != want || err != nil {
		t.Errorf("got %q, %v, want %q", got, err, want)
	}
}

// dial opens a connection on which the test writes its requests itself.
func dial(t *testing.T, server *httptest.Server) net.Conn {
	t.Helper()
	var d net.Dialer
	client, err := d.DialContext(t.Context(), "tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// readHeaders reads the status line and the headers of one answer.
func readHeaders(t *testing.T, from *bufio.Reader) {
	t.Helper()
	for {
		line, err := from.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		if line == "\r\n" {
			return
		}
	}
}

// A Write costs net/http a system call or more, so small frames share one.
func TestFramesThatGoOutTogetherShareAWrite(t *testing.T) {
	w := &counted{ResponseRecorder: httptest.NewRecorder()}
	stream, err := flushing.Open(w, httptest.NewRequest("GET", "/", nil))
	if err != nil {
		t.Fatal(err)
	}
	large := []byte(strings.Repeat("x", 20<<10))
	for _, tt := range []struct {
		frames [][]byte
		want   []int // the bytes of each Write
	}{
		{slices.Repeat([][]byte{[]byte("data: 1\n\n")}, 200), []int{1800}},
		{[][]byte{large}, []int{20 << 10}},
		{[][]byte{[]byte("data: 1\n\n"), large}, []int{16 << 10, 4<<10 + 9}},
		{nil, nil},
	} {
		w.writes = nil
		w.Body.Reset()
		if err := stream.SendFrames(tt.frames...); err != nil || !slices.Equal(w.writes, tt.want) {
			t.Errorf("SendFrames of %d frames: %v, and Writes of %v bytes, want %v", len(tt.frames), err, w.writes, tt.want)
		}
		if want := slices.Concat(tt.frames...); w.Body.String() != string(want) {
			t.Errorf("%d frames arrived as %.100q, want %.100q", len(tt.frames), w.Body, want)
		}
	}
	w.err = errors.New("broken pipe")
	if err := stream.SendFrames([]byte("data: 1\n\n")); !errors.Is(err, w.err) || !errors.Is(err, flushing.ErrClientLeft) {
		t.Errorf("a Write failed: SendFrames said %v, want ErrClientLeft and the reason", err)
	}
	other := httptest.NewRecorder()
	next, err := flushing.Open(other, httptest.NewRequest("GET", "/", nil))
	if err != nil {
		t.Fatal(err)
	}
	if err := next.SendFrames([]byte("data: 2\n\n")); err != nil || other.Body.String() != "data: 2\n\n" {
		t.Errorf("after another stream's Write failed, SendFrames said %v, and sent %q", err, other.Body)
	}
}

// counted notes the bytes of each Write, or fails.
type counted struct {
	*httptest.ResponseRecorder
	writes []int
	err    error
}

func (w *counted) Write(p []byte) (int, error) {
	w.writes = append(w.writes, len(p))
	if w.err != nil {
		return 0, w.err
	}
	return w.ResponseRecorder.Write(p)
}
