package bench

import (
	"bufio"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
)

// serveVariable is the environment variable that makes the test binary a server
// of event streams. Its value is the contender's name.
const serveVariable = "SSEWORKBOOK_BENCH_SERVE"

func TestMain(m *testing.M) {
	if name := os.Getenv(serveVariable); name != "" {
		serveStreams(name)
		return
	}
	m.Run()
}

// A usage is what a process holds after a garbage collection.
type usage struct {
	Heap, Stacks uint64 // in bytes
	Goroutines   int
}

func (u usage) memory() float64 { return float64(u.Heap + u.Stacks) }

// serveStreams is the server's process. It prints its address, then its usage for
// each line of the standard input, and ends with that input: at the latest when
// whoever started it ends.
func serveStreams(name string) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	handler, _ := streamServerNamed(name).handler()
	go http.Serve(listener, handler) // ends with the process
	out := json.NewEncoder(os.Stdout)
	out.Encode(listener.Addr().String())
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		out.Encode(usageNow())
	}
}

func usageNow() usage {
	runtime.GC()
	runtime.GC() // what the first one took out of a sync.Pool, the second one frees
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return usage{m.HeapAlloc, m.StackInuse, runtime.NumGoroutine()}
}

// A serverProcess is a contender's server in a process of its own: what that
// process holds, the server holds.
type serverProcess struct {
	addr    string
	ask     io.Writer
	answers *json.Decoder
}

// startServer starts the contender's server. It ends with the call of end.
func startServer(b *testing.B, name string) (p *serverProcess, end func()) {
	b.Helper()
	program, err := os.Executable()
	require.NoError(b, err)
	cmd := exec.Command(program)
	cmd.Env = append(os.Environ(), serveVariable+"="+name)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	require.NoError(b, err)
	out, err := cmd.StdoutPipe()
	require.NoError(b, err)
	require.NoError(b, cmd.Start())
	end = func() {
		in.Close()
		cmd.Wait()
	}
	p = &serverProcess{ask: in, answers: json.NewDecoder(out)}
	if err := p.answers.Decode(&p.addr); err != nil {
		end()
		b.Fatal("the server's process printed no address: ", err)
	}
	return p, end
}

// usage asks the process for what it holds now.
func (p *serverProcess) usage(b *testing.B) (u usage) {
	b.Helper()
	_, err := p.ask.Write([]byte("\n"))
	require.NoError(b, err)
	require.NoError(b, p.answers.Decode(&u))
	return u
}
