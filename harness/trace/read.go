package trace

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	"example.com/sseworkbook/harness/pair/record"
)

// Variable names, in the environment of a test, the file to which its pairs append
// what [Read] reads.
const Variable = record.Variable

// messagesAtMost is how many messages of one pair are drawn.
const messagesAtMost = 200

// A Step is what one step of a lesson has sent.
type Step struct {
	Name  string `json:"name"`
	Pairs []Pair `json:"pairs"` // in the order in which they were made
	// Failed says that the step is red, and Message why, as go test prints it.
	Failed  bool   `json:"failed"`
	Message string `json:"message"`
}

// A Pair is what passed between one server and its clients.
type Pair struct {
	Diagram
	Part   string `json:"part,omitempty"` // the sub-test that it is of, if there is one
	Failed bool   `json:"failed"`         // its test is red
	Left   string `json:"left,omitempty"` // what was left out
}

// Read returns what the pairs of a run have recorded, by step, in the order in
// which the steps began. A last line that is cut off, as by a crash, is none.
func Read(r io.Reader) ([]Step, error) {
	var order []pairKey
	lines := map[pairKey][]record.Line{}
	for in := json.NewDecoder(r); ; {
		var line record.Line
		err := in.Decode(&line)
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return steps(order, lines), nil
		}
		if err != nil {
			return nil, fmt.Errorf("reading the trace: %w", err)
		}
		key := pairKey{line.Step, line.Pair}
		if lines[key] == nil {
			order = append(order, key)
		}
		lines[key] = append(lines[key], line)
	}
}

// A pairKey tells pairs apart, also those of two processes that numbered them alike.
type pairKey struct {
	step string
	pair int64
}

// steps returns the steps, each with the diagrams of its pairs.
func steps(order []pairKey, lines map[pairKey][]record.Line) []Step {
	var all []Step
	for _, key := range order {
		i := slices.IndexFunc(all, func(s Step) bool { return s.Name == key.step })
		if i < 0 {
			i = len(all)
			all = append(all, Step{Name: key.step})
		}
		all[i].Pairs = append(all[i].Pairs, drawPair(lines[key]))
	}
	return all
}

// Messages returns how many messages there are in the steps.
func Messages(steps []Step) int {
	n := 0
	for _, step := range steps {
		for _, pair := range step.Pairs {
			n += len(pair.Messages)
		}
	}
	return n
}
