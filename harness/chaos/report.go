package chaos

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// findingsAtMost is how many findings a report spells out.
const findingsAtMost = 10

// A Report is what happened in a run, and what the judges say.
type Report struct {
	o            Options
	took         time.Duration // the whole run
	published    int           // how many events were
	disconnected int           // how many sessions the server ended because their clients were too slow
	clients      []account
}

// An account is what happened to one client.
type account struct {
	number   int
	entries  []Entry
	findings []Finding
	events   int // how many different ones came
	resets   int
	missing  int           // how many the resets announced
	longest  time.Duration // without an event
}

// report returns the report of a run that is over.
func (r *run) report() *Report {
	report := &Report{
		o:            r.o,
		took:         time.Since(r.began),
		published:    int(r.tally.published.Load()),
		disconnected: int(r.server.limit.Counts().Disconnected),
	}
	for _, c := range r.clients {
		a := account{number: c.number, entries: c.history.list(), findings: c.judge.Findings(), longest: c.longest}
		a.events, a.resets, a.missing = c.judge.Counts()
		report.clients = append(report.clients, a)
	}
	return report
}

// Err returns an error if something was lost, doubled or altered at any client.
func (r *Report) Err() error {
	switch n := len(r.findings()); n {
	case 0:
		return nil
	case 1:
		return errors.New("1 thing is wrong with what the clients got")
	default:
		return fmt.Errorf("%s things are wrong with what the clients got", thousands(n))
	}
}

// findings returns what is wrong, at all clients, in words.
func (r *Report) findings() (all []string) {
	for _, a := range r.clients {
		for _, f := range a.findings {
			all = append(all, a.words(f))
		}
	}
	return all
}

// WriteTo writes the report in lines of at most 80 columns: a row for each client, the
// totals and the verdict. It implements [io.WriterTo].
func (r *Report) WriteTo(w io.Writer) (int64, error) {
	var b strings.Builder
	r.timeline(&b)
	r.totals(&b)
	r.verdict(&b)
	n, err := io.WriteString(w, b.String())
	return int64(n), err
}

// verdict writes whether all is well, or else what is wrong.
func (r *Report) verdict(b *strings.Builder) {
	findings := r.findings()
	events, resets, missing := r.sums()
	switch {
	case len(findings) > 0:
		for _, finding := range findings[:min(findingsAtMost, len(findings))] {
			fmt.Fprintln(b, finding)
		}
		if more := len(findings) - findingsAtMost; more > 0 {
			fmt.Fprintf(b, "and %s more\n", thousands(more))
		}
		fmt.Fprintf(b, "\nrun it again: %s\n", r.o.Command())
	case resets == 0:
		fmt.Fprintf(b, "Each event came to each client once, in order and unaltered: %s.\n", counted(events, "delivery"))
	default:
		fmt.Fprintln(b, "Each event came to each client once, in order and unaltered,")
		fmt.Fprintf(b, "or was announced as missing: %s came, and %s announced %s.\n",
			thousands(events), counted(resets, "reset"), thousands(missing))
	}
}

// sums returns the sums over all clients.
func (r *Report) sums() (events, resets, missing int) {
	for _, a := range r.clients {
		events += a.events
		resets += a.resets
		missing += a.missing
	}
	return events, resets, missing
}

// totals writes the totals.
func (r *Report) totals(b *strings.Builder) {
	line := func(name, format string, args ...any) {
		fmt.Fprintf(b, "%-13s%s\n", name, fmt.Sprintf(format, args...))
	}
	events, resets, missing := r.sums()
	connections, byKind, ends, inFrame, inCharacter := r.faults()
	slowest := slices.MaxFunc(r.clients, func(a, b account) int { return cmp.Compare(a.longest, b.longest) })
	line("events", "%s published · %s to %s", thousands(r.published), counted(events, "delivery"), counted(len(r.clients), "client"))
	line("connections", "%s in %.1f s", thousands(connections), r.took.Seconds())
	for kind, name := range names {
		line([]string{"faults", ""}[min(kind, 1)], "%6s  %s", thousands(byKind[kind]), name)
	}
	line("cut off", "%s streams: %s in a frame, %s of them in a character", thousands(ends), thousands(inFrame), thousands(inCharacter))
	line("too slow", "%s that the server ended, because too many events waited", counted(r.disconnected, "session"))
	line("resets", "%s · %s announced as missing", thousands(resets), counted(missing, "event"))
	line("longest gap", "%.1f s without an event, at client %d", slowest.longest.Seconds(), slowest.number)
	fmt.Fprintln(b)
}

// faults counts connections and faults, and where the streams ended.
func (r *Report) faults() (connections int, byKind [kinds]int, ends, inFrame, inCharacter int) {
	for _, a := range r.clients {
		for _, e := range a.entries {
			switch {
			case e.What == Opened:
				connections++
			case e.What == Faulted:
				byKind[e.Fault.Kind]++
				if e.Fault.Kind.Ends() {
					ends++
					inFrame += count(e.Place.InFrame)
					inCharacter += count(e.Place.InCharacter)
				}
			}
		}
	}
	return connections, byKind, ends, inFrame, inCharacter
}

// count returns 1 for true.
func count(b bool) int {
	if b {
		return 1
	}
	return 0
}

// plurals are the plurals that do not end in an s alone.
var plurals = map[string]string{"delivery": "deliveries"}

// counted returns a number with a noun: "1 event", "1,000 events".
func counted(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return thousands(n) + " " + cmp.Or(plurals[noun], noun+"s")
}

// thousands returns a number with a comma after each three digits: "10,000".
func thousands(n int) string {
	if n < 1000 {
		return fmt.Sprint(n)
	}
	return fmt.Sprintf("%s,%03d", thousands(n/1000), n%1000)
}
