package bench

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"sync"
	"testing"
)

// A message is a request or a response of JSON-RPC 2.0.
type message struct {
	JSONRPC string          `json:"jsonrpc"`
	ID      string          `json:"id"`
	Method  string          `json:"method,omitempty"`
	Params  json.RawMessage `json:"params,omitempty"`
	Result  json.RawMessage `json:"result,omitempty"`
}

// A waitingList knows who waits for which answer. It is what all the servers have
// in common that are written here by hand.
type waitingList struct {
	mu      sync.Mutex // guards the rest
	last    uint64
	waiting map[string]chan []byte
}

func newWaitingList() *waitingList { return &waitingList{waiting: map[string]chan []byte{}} }

func (l *waitingList) add() (id string, answer chan []byte) {
	answer = make(chan []byte, 1)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.last++
	id = strconv.FormatUint(l.last, 10)
	l.waiting[id] = answer
	return id, answer
}

// resolve hands over an answer, which nobody may change any more. It reports
// false when nobody waits for it.
func (l *waitingList) resolve(id string, answer []byte) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	waiter, ok := l.waiting[id]
	if ok {
		delete(l.waiting, id)
		waiter <- answer
	}
	return ok
}

// wait returns the answer. One that does not come leaves its entry behind.
func (l *waitingList) wait(ctx context.Context, answer chan []byte) ([]byte, error) {
	select {
	case a := <-answer:
		return a, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// A minimalServer asks its one client over an event stream, and takes the answers
// by POST: what one writes by hand in an hour when sessions, deadlines, limits
// and validation can wait. How a message looks is left to its fields.
type minimalServer struct {
	list   *waitingList
	frames chan []byte
	frame  func(id string, question []byte) ([]byte, error)
	read   func(body io.Reader) (id string, answer []byte, err error)
}

func (s *minimalServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodPost {
		s.accept(w, r)
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	stream := http.NewResponseController(w)
	stream.Flush()
	for {
		select {
		case frame := <-s.frames:
			w.Write(frame)
			for range len(s.frames) { // all that waits goes in one flush
				w.Write(<-s.frames)
			}
			stream.Flush()
		case <-r.Context().Done():
			return
		}
	}
}

func (s *minimalServer) accept(w http.ResponseWriter, r *http.Request) {
	id, answer, err := s.read(r.Body)
	switch {
	case err != nil:
		http.Error(w, err.Error(), http.StatusBadRequest)
	case !s.list.resolve(id, answer):
		http.Error(w, "no request has this id", http.StatusNotFound)
	default:
		w.WriteHeader(http.StatusAccepted)
	}
}

func (s *minimalServer) ask(ctx context.Context, question []byte) ([]byte, error) {
	id, answer := s.list.add()
	frame, err := s.frame(id, question)
	if err != nil {
		return nil, err
	}
	s.frames <- frame
	return s.list.wait(ctx, answer)
}

// A minimalClient answers what comes down the event stream of a minimalServer.
type minimalClient struct {
	url    string
	http   *http.Client
	opened chan struct{} // closed when the stream is open
	answer func(question []byte) ([]byte, error)
	failed func(error) // told of each answer that the server did not get
}

// run answers until ctx ends.
func (c *minimalClient) run(ctx context.Context) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, c.url, nil)
	if err != nil {
		return err
	}
	resp, err := c.http.Do(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	close(c.opened)

	var answering sync.WaitGroup
	defer answering.Wait()
	lines := bufio.NewScanner(resp.Body)
	for lines.Scan() {
		if data, ok := bytes.CutPrefix(lines.Bytes(), []byte("data: ")); ok {
			question := bytes.Clone(data)
			answering.Go(func() {
				if err := c.post(question); err != nil {
					c.failed(err)
				}
			})
		}
	}
	return lines.Err()
}

func (c *minimalClient) post(question []byte) error {
	body, err := c.answer(question)
	if err != nil {
		return err
	}
	resp, err := c.http.Post(c.url, "application/json", bytes.NewReader(body))
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	io.Copy(io.Discard, resp.Body)
	if resp.StatusCode != http.StatusAccepted {
		return fmt.Errorf("the answer was refused: %s", resp.Status)
	}
	return nil
}

// start starts the server and a client that turns each question into its answer.
func (s *minimalServer) start(b *testing.B, answer func([]byte) ([]byte, error)) asker {
	s.list, s.frames = newWaitingList(), make(chan []byte, plenty)
	client := &minimalClient{
		url:    serve(b, s),
		http:   newHTTPClient(b),
		opened: make(chan struct{}),
		answer: answer,
		failed: func(err error) { b.Errorf("answering: %v", err) },
	}
	inBackground(b, client.run)
	<-client.opened
	return s.ask
}

// startMinimal starts the version by hand that speaks JSON-RPC 2.0.
func startMinimal(b *testing.B) asker {
	server := &minimalServer{
		frame: func(id string, question []byte) ([]byte, error) {
			data, err := json.Marshal(message{JSONRPC: "2.0", ID: id, Method: "approve", Params: question})
			return fmt.Appendf(nil, "event: request\ndata: %s\n\n", data), err
		},
		read: func(body io.Reader) (string, []byte, error) {
			var response message
			err := json.NewDecoder(body).Decode(&response)
			return response.ID, response.Result, err
		},
	}
	return server.start(b, func(question []byte) ([]byte, error) {
		var request message
		if err := json.Unmarshal(question, &request); err != nil {
			return nil, err
		}
		return json.Marshal(message{JSONRPC: "2.0", ID: request.ID, Result: request.Params})
	})
}

// startBare starts the version by hand whose messages are an id, a space and the
// payload: what HTTP alone costs.
func startBare(b *testing.B) asker {
	server := &minimalServer{
		frame: func(id string, question []byte) ([]byte, error) {
			return fmt.Appendf(nil, "data: %s %s\n\n", id, question), nil
		},
		read: func(body io.Reader) (string, []byte, error) {
			data, err := io.ReadAll(body)
			id, answer, _ := bytes.Cut(data, []byte(" "))
			return string(id), answer, err
		},
	}
	return server.start(b, func(question []byte) ([]byte, error) { return question, nil })
}
