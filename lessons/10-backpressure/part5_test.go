package backpressure_test

import (
	"bytes"
	"fmt"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"example.com/sseworkbook/harness/step"
	backpressure "example.com/sseworkbook/lessons/10-backpressure"
	framing "example.com/sseworkbook/solutions/01-framing"
	sessions "example.com/sseworkbook/solutions/04-sessions"
	reconnection "example.com/sseworkbook/solutions/08-reconnection"
)

// Part 5, whatever comes. There is nothing new to write.

// Clients that never read must cost a bounded amount of memory, and nobody else's time.
func TestOneSlowReaderCostsOneSlowReader(t *testing.T) {
	defer step.Begin(t)()
	for _, policy := range policies(&backpressure.Limit{Size: 50}) {
		step.Bubble(t, func(t *testing.T) {
			log := crowded(t, policy)
			quick := connect(t, log.registry, nil)
			began := time.Now()
			log.publish(1, 400)
			step.Equal(t, policy.name+", with 30 clients that never read: the client that reads must get every event (shown: how many of 400)", 400, len(quick.events()))
			step.Equal(t, policy.name+", with 30 clients that never read: publishing must not wait for them (shown: how long 400 events took)", 0, time.Since(began))
		})
		step.Bubble(t, func(t *testing.T) {
			log := crowded(t, policy)
			log.publish(1, 100)
			_, before := step.Memory()
			log.publish(101, 400)
			if _, after := step.Memory(); after > before+200_000 {
				step.Fail(t, policy.name+", with 30 clients that never read: once their queues are full, memory must not grow",
					fmt.Sprintf("got  %d KB more after 400 events than after 100", (after-before)/1000), "want about the same memory as after 100")
			}
			runtime.KeepAlive(log)
		})
	}
}

// A crowd is a log with its sessions.
type crowd struct {
	*reconnection.Log
	registry *sessions.Registry
}

// crowded returns a log with thirty clients that never read.
func crowded(t *testing.T, policy policy) crowd {
	t.Helper()
	c := crowd{registry: &sessions.Registry{Policy: policy.decide}}
	c.Log = reconnection.NewLog(c.registry, 1)
	for range 30 {
		connect(t, c.registry, make(chan struct{}))
	}
	return c
}

// publish publishes these events, each with a key of its own. Whoever reads keeps up.
func (c crowd) publish(first, last int) {
	for n := first; n <= last; n++ {
		c.Publish(framing.Event{Type: fmt.Sprint("key ", n), Data: strings.Repeat("x", 1000)})
		if n%20 == 0 {
			synctest.Wait()
		}
	}
}

// Every event that a session does not get is in one of its gaps, and in the count.
func TestGapsAndCountsAgree(t *testing.T) {
	defer step.Begin(t)()
	for _, name := range []string{"Refuse", "DropOldest"} {
		limit := &backpressure.Limit{Size: 5}
		policy := policies(limit, name)[0]
		step.Bubble(t, func(t *testing.T) {
			registry := &sessions.Registry{Policy: policy.decide}
			log := reconnection.NewLog(registry, 1)
			var all []*client
			for range 20 {
				all = append(all, connect(t, registry, make(chan struct{})))
			}
			const events = 400
			for n := range events {
				log.Publish(framing.Event{Data: fmt.Sprint(n)})
				for i, c := range all {
					if n%(i+1) == 0 {
						select {
						case c.pace <- struct{}{}:
						default: // it is not waiting
						}
					}
				}
				synctest.Wait()
			}
			total := int64(0)
			for i, c := range all {
				close(c.pace)
				synctest.Wait()
				got, missing := 0, int64(0)
				for _, e := range c.events() {
					if e.Type == "gap" {
						n, _ := strconv.ParseInt(e.Data, 10, 64)
						missing += n
					} else {
						got++
					}
				}
				total += missing
				step.Equal(t, fmt.Sprintf("%s: 400 events were published, and client %d of 20 read slowly: the events that it got and the numbers in its gaps must add up to 400 (shown: both)", name, i+1),
					fmt.Sprintf("%d + %d", got, events-got), fmt.Sprintf("%d + %d", got, missing))
			}
			if total == 0 {
				step.Fail(t, name+": 400 events were published to clients that read slowly, and only five may wait for each: some must be dropped", "got  no gap")
			}
			step.Equal(t, name+": Counts().Dropped must be the sum of all clients' gaps", total, limit.Counts().Dropped)
		})
	}
}

// Whatever is sent, the line is that of a model.
func TestWhateverIsSent(t *testing.T) {
	defer step.Begin(t)()
	step.Whatever(t, 600, drawScript, func(tb testing.TB, s script) {
		limit := &backpressure.Limit{Size: s.size}
		l, m := newLine(tb, policies(limit, s.policy)[0].decide), &model{script: s}
		for i, action := range s.actions {
			text := fmt.Sprintf("%c:%d", action.typ, i)
			if action.typ == ' ' {
				text = fmt.Sprint(i)
			}
			switch action.what {
			case "broadcast":
				l.broadcast(text)
				m.broadcast(text, action.typ)
			case "send":
				l.send(text)
				m.all = append(m.all, entry{text: "~" + text, private: true})
			case "read":
				l.taken()
				m.all = nil
			}
			if l.err != nil || m.ended {
				step.Equal(tb, s.String()+": the session must end at the first broadcast that is too many, not before (shown: whether it did)", m.ended, l.err != nil)
				return
			}
			step.Equal(tb, s.String()+": exactly this must wait after "+action.what+" "+strconv.Itoa(i), m.shown(), l.shown())
		}
		step.Equal(tb, s.String()+": Counts must return this", fmt.Sprintf("%+v", m.counts), fmt.Sprintf("%+v", limit.Counts()))
	})
}

// A script is what comes for a client.
type script struct {
	policy  string
	size    int
	actions []action
}

type action struct {
	what string
	typ  rune // ' ' for none
}

func (s script) String() string {
	var text bytes.Buffer
	for i, a := range s.actions {
		fmt.Fprintf(&text, "%s %d", a.what, i)
		if a.what != "read" && a.typ != ' ' {
			fmt.Fprintf(&text, " of type %c", a.typ)
		}
		text.WriteString(", ")
	}
	return fmt.Sprintf("%s with Size %d got %s", s.policy, s.size, strings.TrimSuffix(text.String(), ", "))
}

func drawScript(d *step.Dice) script {
	return script{
		policy: step.Of(d, "Refuse", "DropOldest", "KeepLatest", "Disconnect"),
		size:   1 + d.Int(4),
		actions: step.Some(d, 20, func(d *step.Dice) action {
			return action{step.Of(d, "broadcast", "broadcast", "broadcast", "send", "broadcast", "read"), step.Of(d, ' ', 'a', 'b', 'c')}
		}),
	}
}

// A model remembers all that came since the client last read, and what became of it.
type model struct {
	script
	all    []entry
	counts backpressure.Counts
	ended  bool
}

type entry struct {
	text                       string
	typ                        rune
	private, dropped, replaced bool
}

func (e entry) waits() bool { return !e.private && !e.dropped && !e.replaced }

func (m *model) broadcast(text string, typ rune) {
	next := entry{text: text, typ: typ}
	var waiting []*entry
	for i := range m.all {
		e := &m.all[i]
		if e.waits() && m.policy == "KeepLatest" && typ != ' ' && e.typ == typ {
			e.replaced = true
			m.counts.Replaced++
		}
		if e.waits() {
			waiting = append(waiting, e)
		}
	}
	if len(waiting) >= m.size {
		switch m.policy {
		case "Disconnect":
			m.ended = true
			m.counts.Disconnected++
			return
		case "Refuse":
			next.dropped = true
		default:
			waiting[0].dropped = true
		}
		m.counts.Dropped++
	}
	m.all = append(m.all, next)
}

// shown returns what waits: what was dropped between two entries is a gap.
func (m *model) shown() string {
	var texts []string
	missing := 0
	for _, e := range append(m.all, entry{private: true}) {
		if e.dropped {
			missing++
		}
		if e.dropped || e.replaced {
			continue
		}
		if missing > 0 {
			texts = append(texts, fmt.Sprintf("gap of %d", missing))
			missing = 0
		}
		texts = append(texts, e.text)
	}
	texts = texts[:len(texts)-1]
	if len(texts) == 0 {
		return "nothing"
	}
	return strings.Join(texts, ", ")
}
