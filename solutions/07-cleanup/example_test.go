package cleanup_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http/httptest"
	"strings"

	framing "example.com/sseworkbook/solutions/01-framing"
	timeouts "example.com/sseworkbook/solutions/06-timeouts"
	cleanup "example.com/sseworkbook/solutions/07-cleanup"
)

// An outside system triggers a request to all clients, and gets their answers.
// Then the server shuts down, and the client's Run returns.
func Example() {
	server := cleanup.NewServer()
	web := httptest.NewServer(server)
	defer web.Close()

	events := make(chan framing.Event, 10)
	client := &cleanup.Client{
		URL: web.URL + "/events",
		Answerer: timeouts.Answerer{
			Client: web.Client(),
			Handle: func(_ context.Context, method string, params json.RawMessage) (any, error) {
				return method + " " + string(params), nil
			},
			OnEvent: func(e framing.Event) { events <- e },
		},
	}
	ended := make(chan error)
	go func() { ended <- client.Run(context.Background()) }()
	<-events // the endpoint: the client has its session

	resp, err := web.Client().Post(web.URL+"/trigger", "application/json", strings.NewReader(`{"method":"approve","params":120}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer resp.Body.Close()
	answers, _ := io.ReadAll(resp.Body)
	fmt.Print(resp.Status, " ", string(answers))

	fmt.Println("shutdown:", server.Shutdown(context.Background()))
	fmt.Println("client:", <-ended)
	// Output:
	// 200 OK [{"result":"approve 120"}]
	// shutdown: <nil>
	// client: <nil>
}
