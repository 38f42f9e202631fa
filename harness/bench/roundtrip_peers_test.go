package bench

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"testing"

	"github.com/coder/websocket"
	"github.com/coder/websocket/wsjson"
	"github.com/modelcontextprotocol/go-sdk/mcp"
)

// startMCP starts a server and a client of the official MCP SDK, which speak
// Streamable HTTP: an elicitation goes down the session's own event stream, and
// its result comes up by POST. The question is the elicitation's message, and
// comes back in the content, which has to be an object; no schema is asked for,
// so that nothing is held against one. The protocol's version is the last one
// in which a server may ask by itself.
func startMCP(b *testing.B) asker {
	silent := slog.New(slog.DiscardHandler)
	server := mcp.NewServer(&mcp.Implementation{Name: "server", Version: "1"}, &mcp.ServerOptions{Logger: silent})
	handler := mcp.NewStreamableHTTPHandler(func(*http.Request) *mcp.Server { return server }, &mcp.StreamableHTTPOptions{Logger: silent})
	site := serve(b, handler)

	client := mcp.NewClient(&mcp.Implementation{Name: "client", Version: "1"}, &mcp.ClientOptions{
		ElicitationHandler: func(_ context.Context, r *mcp.ElicitRequest) (*mcp.ElicitResult, error) {
			return &mcp.ElicitResult{Action: "accept", Content: map[string]any{"echo": r.Params.Message}}, nil
		},
	})
	transport := &mcp.StreamableClientTransport{Endpoint: site, HTTPClient: newHTTPClient(b)}
	connection, err := client.Connect(b.Context(), transport, &mcp.ClientSessionOptions{ProtocolVersion: "2025-11-25"})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { connection.Close() })

	for session := range server.Sessions() {
		return func(ctx context.Context, question []byte) ([]byte, error) {
			result, err := session.Elicit(ctx, &mcp.ElicitParams{Message: string(question)})
			if err != nil {
				return nil, err
			}
			echo, _ := result.Content["echo"].(string)
			return []byte(echo), nil
		}
	}
	b.Fatal("the server has no session")
	return nil
}

// startWebSocket starts a server and a client on one WebSocket, on which the
// messages of [startMinimal] go both ways. wsjson reads and writes them.
func startWebSocket(b *testing.B) asker {
	accepted, done := make(chan *websocket.Conn, 1), make(chan struct{})
	site := serve(b, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, err := websocket.Accept(w, r, nil)
		if err != nil {
			b.Errorf("accepting a WebSocket: %v", err)
			close(accepted)
			return
		}
		accepted <- conn
		<-done
	}))
	b.Cleanup(func() { close(done) })
	clientEnd, _, err := websocket.Dial(b.Context(), site, nil)
	if err != nil {
		b.Fatal(err)
	}
	serverEnd := <-accepted
	list := newWaitingList()
	inBackground(b, func(ctx context.Context) error {
		var answering sync.WaitGroup
		defer answering.Wait()
		answering.Go(func() { answerAll(ctx, clientEnd) })
		return takeAnswers(ctx, serverEnd, list)
	})
	return func(ctx context.Context, question []byte) ([]byte, error) {
		id, answer := list.add()
		if err := wsjson.Write(ctx, serverEnd, message{JSONRPC: "2.0", ID: id, Method: "approve", Params: question}); err != nil {
			return nil, err
		}
		return list.wait(ctx, answer)
	}
}

// takeAnswers hands each answer that comes to whoever waits for it, until ctx or
// the connection ends.
func takeAnswers(ctx context.Context, conn *websocket.Conn, list *waitingList) error {
	defer conn.CloseNow()
	for {
		var response message
		if err := wsjson.Read(ctx, conn, &response); err != nil {
			return err
		}
		if !list.resolve(response.ID, response.Result) {
			return fmt.Errorf("no request has the id %q", response.ID)
		}
	}
}

// answerAll answers each request with its own params, until ctx or the connection
// ends.
func answerAll(ctx context.Context, conn *websocket.Conn) {
	defer conn.CloseNow()
	var answering sync.WaitGroup
	defer answering.Wait()
	for {
		var request message
		if err := wsjson.Read(ctx, conn, &request); err != nil {
			return
		}
		answering.Go(func() {
			wsjson.Write(ctx, conn, message{JSONRPC: "2.0", ID: request.ID, Result: request.Params})
		})
	}
}
