// Package sample is a lesson's code in all the ways in which it can go wrong.
package sample

import (
	"net"
	"os"
	"strings"
	"sync"
	"time"
)

var mu sync.Mutex

// held is a connection to SAMPLE_HOLDS, which the system closes when this process
// ends.
var held net.Conn

// Do does what the environment variable SAMPLE says for the step of this name,
// as in "2=hang,3=panic", or returns "ok".
func Do(step string) string {
	if addr := os.Getenv("SAMPLE_HOLDS"); addr != "" && held == nil {
		held, _ = net.Dial("tcp", addr)
	}
	for setting := range strings.SplitSeq(os.Getenv("SAMPLE"), ",") {
		if name, what, _ := strings.Cut(setting, "="); name == step {
			return misbehave(what)
		}
	}
	return "ok"
}

func misbehave(what string) string {
	switch what {
	case "wrong":
		return "not ok"
	case "hang":
		<-make(chan int)
	case "spin":
		spin()
	case "mutex":
		mu.Lock()
		mu.Lock()
	case "panic":
		var m map[string]int
		m["x"] = 1
	case "panicgo":
		go crash()
		time.Sleep(time.Hour)
	case "maps":
		m := map[int]int{}
		go fill(m)
		fill(m)
	case "leak":
		go wait()
	case "race":
		race()
	case "exhaust":
		return misbehave(what)
	}
	return stuck(what)
}

func crash() { panic("send on closed channel") }

func fill(m map[int]int) {
	for i := 0; ; i++ {
		m[i%10] = i
	}
}

func wait() { <-make(chan int) }

func race() {
	n := 0
	var wg sync.WaitGroup
	wg.Go(func() { n++ })
	n++
	wg.Wait()
}

// spin is not inlined, because the compiler may give the empty loop the line of another
// function that is.
//
//go:noinline
func spin() {
	for {
	}
}
