package demo

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
	"time"

	sessions "example.com/sseworkbook/solutions/04-sessions"
	cleanup "example.com/sseworkbook/solutions/07-cleanup"
)

// An Asker is the outside system that has clients asked: it fires triggers at a
// bidirectional server and prints what comes back. It is for one Run.
type Asker struct {
	URL     string // of the server's POST /trigger
	HTTP    *http.Client
	Trigger cleanup.Trigger
	Count   int       // how many triggers to fire, all at once
	Out     io.Writer // gets a line for each answer, and one in the end

	answered, failed int
	fastest, slowest time.Duration
}

// A reply is what came of one trigger.
type reply struct {
	outcomes []cleanup.Outcome // one for each client that was asked
	took     time.Duration
	err      error // the server could not be asked at all
}

// Run fires the triggers and prints the answers as they come. It returns an error
// when one client did not answer, or could not do what it was asked to do, and
// when the server cannot be asked.
func (a *Asker) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	replies := make(chan reply, a.Count) // each trigger's goroutine sends once, and never waits
	for range a.Count {
		go func() { replies <- a.fire(ctx) }()
	}
	var err error
	for range a.Count { // after which all of them have ended
		switch r := <-replies; {
		case r.err == nil:
			a.print(r)
		case err == nil: // this is why; the others would fail as well, or are not worth the wait
			err = r.err
			cancel()
		}
	}
	if err != nil {
		return fmt.Errorf("asking %s: %w", a.URL, explainFor("bidirectional-server", err))
	}
	return a.summary()
}

// fire sends one trigger and waits for what comes of it.
func (a *Asker) fire(ctx context.Context) reply {
	start := time.Now()
	outcomes, err := a.ask(ctx)
	return reply{outcomes, time.Since(start), err}
}

// ask sends the trigger.
func (a *Asker) ask(ctx context.Context) ([]cleanup.Outcome, error) {
	response, err := postJSON(ctx, a.HTTP, a.URL, a.Trigger)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	return a.read(response)
}

// read returns the outcomes in the server's response: one, a list, or a problem.
func (a *Asker) read(response *http.Response) (outcomes []cleanup.Outcome, err error) {
	switch mediaType, _, _ := mime.ParseMediaType(response.Header.Get("Content-Type")); {
	case mediaType == "application/problem+json":
		outcomes = []cleanup.Outcome{{Problem: &sessions.Problem{}}}
		err = json.NewDecoder(response.Body).Decode(outcomes[0].Problem)
	case mediaType != "application/json" || response.StatusCode != http.StatusOK:
		return nil, fmt.Errorf("the answer is %d %s and %q, not the JSON of a bidirectional server's /trigger",
			response.StatusCode, http.StatusText(response.StatusCode), mediaType)
	case a.Trigger.Session == "":
		err = json.NewDecoder(response.Body).Decode(&outcomes)
	default:
		outcomes = make([]cleanup.Outcome, 1)
		err = json.NewDecoder(response.Body).Decode(&outcomes[0])
	}
	if err != nil {
		return nil, fmt.Errorf("reading the answer: %w", err)
	}
	return outcomes, nil
}

// print writes a line for each of the outcomes, and counts it.
func (a *Asker) print(r reply) {
	if a.fastest == 0 || r.took < a.fastest {
		a.fastest = r.took
	}
	a.slowest = max(a.slowest, r.took)
	for _, outcome := range r.outcomes {
		what, ok := tell(outcome)
		if ok {
			a.answered++
		} else {
			a.failed++
		}
		fmt.Fprintf(a.Out, "%8v  %s\n", round(r.took), visible(what))
	}
}

// tell says what an outcome is, and whether it is what was asked for.
func tell(o cleanup.Outcome) (what string, ok bool) {
	switch {
	case o.Problem != nil:
		return fmt.Sprintf("%d %s: %s", o.Problem.Status, http.StatusText(o.Problem.Status), o.Problem.Detail), false
	case o.Error != nil:
		return fmt.Sprintf("error %d: %s", o.Error.Code, o.Error.Message), false
	}
	return string(o.Result), true
}

// summary writes the last line. It returns an error if there is reason to.
func (a *Asker) summary() error {
	all := a.answered + a.failed
	fmt.Fprintf(a.Out, "%d asked · %d answered · %d failed · round trip %v to %v\n",
		all, a.answered, a.failed, round(a.fastest), round(a.slowest))
	if a.failed > 0 {
		return fmt.Errorf("%d of %d did not answer with a result", a.failed, all)
	}
	return nil
}

// round leaves of a time what a person reads.
func round(d time.Duration) time.Duration { return d.Round(100 * time.Microsecond) }
