// Package tour is the guided demo: what it shows, in which order, and how that is
// drawn. The first act, an event stream with all its bytes, is in oneway_scenes.go;
// the second, a conversation, is in twoway_scenes.go, and what its parties do in
// client_moves.go and shop_moves.go.
//
// It stands on solutions/; with demo -mine the go command reads your lessons in
// their place.
package tour
