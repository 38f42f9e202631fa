//go:build !unix

package terminal

func (t *Terminal) suspend() { t.view.note = "watch cannot be suspended on this system" }
