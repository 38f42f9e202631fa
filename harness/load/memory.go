package load

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"runtime/metrics"
	"sync/atomic"
	"time"
)

// weighLimit is how long the server may take to say how large it is.
const weighLimit = time.Second

// A memory is how large the server is. Any goroutine may ask perClient; the rest is
// for one.
type memory struct {
	url   string
	http  *http.Client
	empty int64        // bytes, without clients
	each  atomic.Int64 // how many bytes it has grown by for each client, as of the last weighing
}

// newMemory is for the server at base.
func newMemory(base string) *memory {
	return &memory{url: base + memoryPath, http: &http.Client{Transport: &http.Transport{}, Timeout: weighLimit}}
}

// close closes the connection.
func (m *memory) close() { m.http.CloseIdleConnections() }

// start weighs the server as long as it is empty.
func (m *memory) start(ctx context.Context) (err error) {
	m.empty, err = m.size(ctx)
	return err
}

// follow weighs the server each second until done, and then once more.
func (m *memory) follow(ctx context.Context, done <-chan struct{}, clients func() int64) {
	second := time.Tick(time.Second)
	for {
		select {
		case <-second:
			m.weigh(ctx, clients())
		case <-done:
			m.weigh(ctx, clients())
			return
		}
	}
}

// perClient returns by how many KiB the server has grown for each client, or 0 if
// that is not known.
func (m *memory) perClient() float64 { return float64(m.each.Load()) / 1024 }

// weigh weighs the server with so many clients. One that has no time for it is as
// large as before.
func (m *memory) weigh(ctx context.Context, clients int64) {
	if size, err := m.size(ctx); err == nil && clients > 0 {
		m.each.Store(max(0, size-m.empty) / clients)
	}
}

// size asks the server.
func (m *memory) size(ctx context.Context) (int64, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, m.url, nil)
	if err != nil {
		return 0, err
	}
	response, err := m.http.Do(r)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return 0, fmt.Errorf("GET %s: %s", memoryPath, response.Status)
	}
	var size int64
	err = json.NewDecoder(response.Body).Decode(&size)
	return size, err
}

// memoryPath is where [Handler] says how large its process is.
const memoryPath = "/memory"

// serveMemory answers with how many bytes the runtime has of the operating
// system's: heap, stacks, and what the garbage collector has not given back. What
// the kernel holds for each connection is not in it.
func serveMemory(w http.ResponseWriter, _ *http.Request) {
	sizes := []metrics.Sample{
		{Name: "/memory/classes/total:bytes"},
		{Name: "/memory/classes/heap/released:bytes"},
	}
	metrics.Read(sizes)
	fmt.Fprintln(w, sizes[0].Value.Uint64()-sizes[1].Value.Uint64())
}
