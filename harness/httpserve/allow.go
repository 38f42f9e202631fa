package httpserve

import (
	"fmt"
	"net/netip"
	"net/url"
	"regexp"
	"strconv"
	"strings"
)

// Allow says who may use a server besides its own pages and programs that are no
// browsers. The zero value allows nobody else.
type Allow struct {
	Hosts   []string // names by which the server may be called, "box.example"
	Origins []string // origins whose pages may use it, "https://app.example"
}

// hostName is a name as browsers put it into a Host header.
var hostName = regexp.MustCompile(`^[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?(\.[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?)*\.?$`)

// Check returns a sentence about the first value that cannot be: a Host that is not
// a name alone, or an Origin that is not scheme, host and port alone.
func (a Allow) Check() error {
	for _, host := range a.Hosts {
		if len(host) > 253 || !hostName.MatchString(host) {
			return fmt.Errorf("-host must be a name without scheme or port, such as box.example (got %q); write other letters in their ASCII form, xn--…", host)
		}
	}
	for _, origin := range a.Origins {
		if _, ok := parseOrigin(strings.TrimSuffix(origin, "/")); !ok {
			return fmt.Errorf("-origin must be scheme, host and, unless it is the default, port, such as https://app.example or http://localhost:3000 (got %q)", origin)
		}
	}
	return nil
}

// parseOrigin returns an origin in the form in which browsers send it: in lower
// case, and without a port that is its scheme's usual one. (RFC 6454, section 6.2)
func parseOrigin(s string) (origin *url.URL, ok bool) {
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || !strings.EqualFold(s, u.Scheme+"://"+u.Host) {
		return nil, false
	}
	if _, err := netip.ParseAddr(u.Hostname()); err != nil && !hostName.MatchString(u.Hostname()) {
		return nil, false
	}
	if _, err := strconv.ParseUint(u.Port(), 10, 16); err != nil && u.Host != strings.TrimSuffix(u.Host, ":"+u.Port()) {
		return nil, false
	}
	return &url.URL{Scheme: u.Scheme, Host: plainHost(u.Scheme, u.Host)}, true
}

// plainHost returns host:port in lower case, without a port that is the usual one
// of the scheme.
func plainHost(scheme, hostport string) string {
	usual := map[string]string{"http": ":80", "https": ":443"}[scheme]
	return strings.TrimSuffix(strings.ToLower(hostport), usual)
}
