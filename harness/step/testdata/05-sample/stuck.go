package sample

// stuck does not return, in ways that are harder to tell than those of misbehave.
func stuck(what string) string {
	switch what {
	case "relock":
		mu.Lock()
		defer mu.Unlock()
		again()
	case "held":
		held := make(chan int)
		go hold(held)
		<-held
		again()
	case "grow":
		for all := [][]byte{}; ; {
			all = append(all, make([]byte, 1<<20))
		}
	case "work":
		for s := ""; ; s = longer(s) {
		}
	}
	return "ok"
}

func again() {
	mu.Lock()
	defer mu.Unlock()
}

func hold(held chan<- int) {
	mu.Lock()
	held <- 1
	held <- 2
}

//go:noinline
func longer(s string) string {
	if len(s) > 100 {
		return ""
	}
	return s + "x"
}
