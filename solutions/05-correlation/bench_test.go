package correlation_test

import (
	"context"
	"encoding/json"
	"testing"

	framing "example.com/sseworkbook/solutions/01-framing"
	correlation "example.com/sseworkbook/solutions/05-correlation"
)

// An echo is a session whose client answers at once with its params.
type echo struct{ caller *correlation.Caller }

func (echo) ID() string { return "echo" }

func (e echo) Send(event framing.Event) error {
	var request correlation.Request
	if err := json.Unmarshal([]byte(event.Data), &request); err != nil {
		return err
	}
	return e.caller.Resolve("echo", correlation.Response{JSONRPC: "2.0", ID: request.ID, Result: request.Params})
}

// BenchmarkCall asks a client that answers at once, without a network.
func BenchmarkCall(b *testing.B) {
	params := json.RawMessage(`{"amount":120}`)
	var caller correlation.Caller
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := caller.Call(context.Background(), echo{&caller}, correlation.Request{Method: "approve", Params: params}); err != nil {
				b.Error(err)
				return
			}
		}
	})
	if n := caller.Len(); n != 0 {
		b.Fatalf("%d requests are left", n)
	}
}

// BenchmarkPending adds a request and resolves it.
func BenchmarkPending(b *testing.B) {
	var pending correlation.Pending
	b.ReportAllocs()
	for b.Loop() {
		id, answer := pending.Add("alice")
		if err := pending.Resolve("alice", correlation.Response{ID: id}); err != nil {
			b.Fatal(err)
		}
		<-answer
	}
}
