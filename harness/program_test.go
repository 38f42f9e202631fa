package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"

	"example.com/sseworkbook/harness/process"
)

// endLimit is how long a program may take to end after Ctrl-C. It should be gone
// within a second; a machine that has other things to do gets more.
const endLimit = 10 * time.Second

// sayLimit is how long a program may take to say what is waited for: a go run may
// have to build it first.
const sayLimit = 2 * time.Minute

// A program runs in the background. It is a [process.Command]: as in a terminal,
// Ctrl-C reaches all of it.
type program struct {
	cmd    *exec.Cmd
	output *bufio.Reader
	read   string // what was read of output
	line   string // the last line of that: the one that was waited for
}

// startProgram starts cmd and waits for a line that has want in it.
func startProgram(cmd *exec.Cmd, want string) (*program, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	cmd.Stdout, cmd.Stderr = w, w
	err = cmd.Start()
	w.Close()
	if err != nil {
		return nil, fmt.Errorf("starting %s: %w", cmd, err)
	}
	p := &program{cmd: cmd, output: bufio.NewReader(r)}
	return p, p.await(want)
}

// await waits for the next line that has want in it. A program that does not say
// it is ended.
func (p *program) await(want string) (err error) {
	late := time.AfterFunc(sayLimit, p.kill)
	defer late.Stop()
	for p.line = ""; p.line == "" || !strings.Contains(p.line, want); p.read += p.line {
		if p.line, err = p.output.ReadString('\n'); err != nil {
			p.kill()
			return fmt.Errorf("%s never said %q, only:\n%s%s", p.cmd, want, p.read, p.line)
		}
	}
	return nil
}

// url returns the address in the line with which a server begins.
func (p *program) url() string { return p.word("listening on ") }

// session returns the id in the line with which a client has its session.
func (p *program) session() string { return p.word("session   ") }

// word returns the word after before, in the line that was waited for.
func (p *program) word(before string) string {
	_, rest, _ := strings.Cut(p.line, before)
	word, _, _ := strings.Cut(strings.TrimSpace(rest), " ")
	return word
}

// interrupt presses Ctrl-C, waits for the end of the program, and returns all
// that it wrote and how it ended.
func (p *program) interrupt() (output string, err error) {
	late := time.AfterFunc(endLimit, p.kill)
	defer late.Stop()
	_ = process.Interrupt(p.cmd) // an error here if it has ended already
	rest, readErr := io.ReadAll(p.output)
	if err = p.cmd.Wait(); err == nil {
		err = readErr
	}
	return p.read + string(rest), err
}

// kill ends the program and all that it has started.
func (p *program) kill() { process.KillGroup(p.cmd) }
