package pair

import (
	"io"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
)

// Curl returns a command line that sends a client's request again, ready to paste
// into a shell. It leaves out what Go's client adds automatically. It does not
// read r.Body: it shows the body if r.GetBody returns another copy of it.
func Curl(r *http.Request) string {
	words := []string{"curl", "-N"}
	if r.URL.Scheme == "https" && isLoopback(r.URL.Hostname()) {
		words = append(words, "-k") // a certificate that only the test trusts
	}
	body := bodyOf(r)
	words = append(words, methodFlags(r.Method, body)...)
	for _, name := range slices.Sorted(maps.Keys(r.Header)) {
		for _, value := range r.Header[name] {
			if !addedByGo(name, value) {
				words = append(words, "-H", quote(name+": "+value))
			}
		}
	}
	if r.Host != "" && r.Host != r.URL.Host {
		words = append(words, "-H", quote("Host: "+r.Host))
	}
	if body != "" {
		words = append(words, dataFlag(body), quote(body))
	}
	return strings.Join(append(words, quote(r.URL.String())), " ")
}

// methodFlags are needed where curl would not come to the method by itself.
func methodFlags(method, body string) []string {
	switch {
	case method == http.MethodHead:
		return []string{"--head"}
	case method == "" || method == http.MethodGet && body == "", method == http.MethodPost && body != "":
		return nil
	}
	return []string{"-X", method}
}

// dataFlag avoids -d where it would take the body for the name of a file.
func dataFlag(body string) string {
	if strings.HasPrefix(body, "@") {
		return "--data-raw"
	}
	return "-d"
}

func addedByGo(name, value string) bool {
	switch name {
	case streamHeader, "Content-Length":
		return true
	case "Accept-Encoding":
		return value == "gzip"
	case "User-Agent":
		return strings.HasPrefix(value, "Go-http-client/")
	}
	return false
}

func bodyOf(r *http.Request) string {
	if r.GetBody == nil {
		return ""
	}
	body, err := r.GetBody()
	if err != nil {
		return ""
	}
	defer body.Close()
	text, err := io.ReadAll(body)
	if err != nil {
		return ""
	}
	return string(text)
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// quote is for a POSIX shell.
func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }
