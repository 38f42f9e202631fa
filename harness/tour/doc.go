// Package tour is the guided demo: what it shows, in which order, and how that is
// drawn. It stands on solutions/; with demo -mine the go command reads your lessons
// in their place.
package tour
