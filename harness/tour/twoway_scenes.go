package tour

import "time"

// impatience is how long the shop waits for an answer that will not come.
const impatience = 300 * time.Millisecond

// A twoWayScene is one scene of the second act.
type twoWayScene struct {
	title string
	words []string // what to look at, in a line or two
	play  func(*conversation)
}

// twoWayScenes is the second act, in order.
var twoWayScenes = []twoWayScene{
	{
		"Two clients open a session",
		[]string{"The first event tells each of them where to POST its answers."},
		func(c *conversation) {
			c.joins(c.alice)
			c.joins(c.bob)
		},
	},
	{
		"A request goes down, and an answer comes up",
		[]string{"The shop fires a trigger by POST. The request goes down Alice's stream,", "her answer comes up by POST, and the id 1 ties the two together."},
		func(c *conversation) {
			q := c.asks(c.alice, "approve", 0)
			c.hears(c.alice)
			c.answers(c.alice, "approve")
			c.gets(q)
		},
	},
	{
		"Two requests at once, answered in reverse order",
		[]string{"Alice answers 3 before 2. Each caller gets its own answer."},
		func(c *conversation) {
			first := c.asks(c.alice, "approve", 0)
			c.hears(c.alice)
			second := c.asks(c.alice, "price", 0)
			c.hears(c.alice)
			c.answers(c.alice, "price")
			c.gets(second)
			c.answers(c.alice, "approve")
			c.gets(first)
		},
	},
	{
		"No one waits forever",
		[]string{"Bob takes too long. The shop is told in time, and so is Bob, who can", "stop working on it."},
		func(c *conversation) {
			q := c.asks(c.bob, "approve", impatience)
			c.hears(c.bob)
			c.hears(c.bob)
			c.gets(q)
		},
	},
	{
		"An answer that comes too late",
		[]string{"Bob answers anyway, as if his answer had been on its way already. It", "reaches no one, and the refusal says why."},
		func(c *conversation) { c.insists(c.bob, "approve") },
	},
	{
		"A client leaves with a request open",
		[]string{"The shop is told at once, and Bob leaves nothing behind."},
		func(c *conversation) {
			q := c.asks(c.bob, "price", 0)
			c.hears(c.bob)
			c.leaves(c.bob)
			c.gets(q)
			c.counts()
		},
	},
	{
		"The server shuts down",
		[]string{"Streams end cleanly, and anyone who comes now is turned away."},
		func(c *conversation) {
			c.shutsDown(c.alice)
			c.gets(c.asks(c.alice, "approve", 0))
		},
	},
}
