package pair

import (
	"io"
	"net/http"
	"strings"

	"example.com/sseworkbook/harness/step"
)

// Response is a complete response, with its body read to the end.
type Response struct {
	Status int
	Header http.Header
	Body   string
}

// Get requests path, which begins with a slash.
func (p *Pair) Get(path string) Response {
	p.tb.Helper()
	return p.Do(p.request(http.MethodGet, path, nil))
}

// Post sends body to path, which begins with a slash.
func (p *Pair) Post(path, contentType, body string) Response {
	p.tb.Helper()
	r := p.request(http.MethodPost, path, strings.NewReader(body))
	r.Header.Set("Content-Type", contentType)
	return p.Do(r)
}

// Do sends req and reads the response to its end. It fails the test if there is
// none.
func (p *Pair) Do(req *http.Request) Response {
	p.tb.Helper()
	name := req.Method + " " + req.URL.RequestURI()
	defer step.OnHang(p.tb, func() (string, []string) {
		return "the response to " + name + " has not ended", append(p.origin.whereabouts(), p.again(req))
	})()
	resp, err := p.Client.Do(req)
	if err != nil {
		p.fail("there was no response to "+name, req, err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		p.fail("the response to "+name+" broke off", req, err)
	}
	return Response{Status: resp.StatusCode, Header: resp.Header, Body: string(body)}
}

// request makes a request that the caller may still change.
func (p *Pair) request(method, path string, body io.Reader) *http.Request {
	p.tb.Helper()
	r, err := http.NewRequest(method, p.URL+path, body)
	if err != nil {
		step.Fail(p.tb, "the test asks for something that is not a URL: "+p.URL+path, err.Error())
	}
	return r
}

// fail ends the test over an error of the client's.
func (p *Pair) fail(sentence string, req *http.Request, err error) {
	p.tb.Helper()
	details := []string{"error       " + explained(err)}
	if line := p.origin.log.mishap(); line != "" {
		details = append(details, "server      "+line)
	}
	step.Fail(p.tb, sentence, append(details, p.again(req))...)
}

// again says what req was: as a command line for curl, though its server is gone when the
// test has failed.
func (p *Pair) again(req *http.Request) string {
	if p.memory {
		return "request     " + req.Method + " " + req.URL.RequestURI() + " (in memory, where curl cannot reach it)"
	}
	return "request     as by " + Curl(req)
}
