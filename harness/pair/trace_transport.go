package pair

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"

	"example.com/sseworkbook/harness/pair/record"
)

// A tracedTransport is a client's transport that tells a trace of what passes.
// It changes nothing of it.
type tracedTransport struct {
	next     *http.Transport
	trace    *trace
	from, to string
}

// RoundTrip implements [http.RoundTripper].
func (w *tracedTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	line := record.Line{From: w.from, To: w.to, Exchange: w.trace.exchange()}
	w.trace.add(requestLine(line, r))
	resp, err := w.next.RoundTrip(r)
	if err != nil {
		w.trace.add(endLine(line, err))
		return resp, err
	}
	w.trace.add(headLine(line, resp))
	if resp.StatusCode != http.StatusSwitchingProtocols && resp.Body != http.NoBody {
		resp.Body = &tracedBody{ReadCloser: resp.Body, trace: w.trace, line: line}
	}
	return resp, nil
}

// CloseIdleConnections is what [http.Client.CloseIdleConnections] looks for.
func (w *tracedTransport) CloseIdleConnections() { w.next.CloseIdleConnections() }

// A tracedBody tells of what is read of a response's body, and how that ends.
type tracedBody struct {
	io.ReadCloser
	trace *trace
	line  record.Line
	once  sync.Once // the end
}

func (b *tracedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if n > 0 {
		line := back(b.line)
		line.Kind = record.Body
		b.trace.add(first(line, p[:n]))
	}
	if err != nil {
		b.end(err)
	}
	return n, err
}

func (b *tracedBody) Close() error {
	b.end(errClosed)
	return b.ReadCloser.Close()
}

func (b *tracedBody) end(err error) {
	b.once.Do(func() { b.trace.add(endLine(b.line, err)) })
}

// errClosed is how a body ends of which its reader wants no more.
var errClosed = errors.New("the client closed the response before it ended")

// back returns the line for what goes the other way.
func back(l record.Line) record.Line {
	l.From, l.To = l.To, l.From
	return l
}

// endLine tells how the response ended, or why there was none: by whoever ended it.
func endLine(l record.Line, err error) record.Line {
	byClient := errors.Is(err, errClosed) || errors.Is(err, context.Canceled) ||
		errors.Is(err, context.DeadlineExceeded) || errors.Is(err, os.ErrDeadlineExceeded)
	if !byClient {
		l = back(l)
	}
	l.Kind, l.Text = record.End, explained(err)
	if err == io.EOF {
		l.Text = record.EndedWell
	}
	return l
}

// requestLine tells of a request, in the form that HTTP/1.1 gives it. A body is
// left out where it cannot be read a second time.
func requestLine(l record.Line, r *http.Request) record.Line {
	var wire bytes.Buffer
	c := r.Clone(context.Background())
	c.Header.Del(streamHeader)
	c.Body, c.ContentLength = nil, 0
	if r.GetBody != nil && r.ContentLength > 0 {
		if body, err := r.GetBody(); err == nil {
			c.Body, c.ContentLength = body, r.ContentLength
		}
	}
	_ = c.Write(&wire) // to memory
	l.Kind, l.Text = record.Request, r.Method+" "+r.URL.RequestURI()
	return first(l, wire.Bytes())
}

// headLine tells of status and header fields, sorted by name.
func headLine(l record.Line, resp *http.Response) record.Line {
	var wire bytes.Buffer
	fmt.Fprintf(&wire, "%s %s\r\n", resp.Proto, resp.Status)
	_ = resp.Header.Write(&wire)
	if len(resp.TransferEncoding) > 0 {
		fmt.Fprintf(&wire, "Transfer-Encoding: %s\r\n", strings.Join(resp.TransferEncoding, ", "))
	}
	fmt.Fprint(&wire, "\r\n")
	l = back(l)
	l.Kind, l.Text = record.Head, resp.Status
	mediaType, _, _ := strings.Cut(resp.Header.Get("Content-Type"), ";")
	l.Stream = strings.EqualFold(strings.TrimSpace(mediaType), "text/event-stream")
	return first(l, wire.Bytes())
}

// first returns l with the first of these bytes, and how many there are.
func first(l record.Line, all []byte) record.Line {
	l.Bytes, l.Size = all[:min(len(all), traceBytes)], len(all)
	return l
}
