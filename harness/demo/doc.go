// Package demo is what runs when you start one of the workbook's programs: the
// basic server and client, the bidirectional ones with the trigger, and the guided
// tour. It stands on solutions/ alone; with demo -mine the go command reads your
// lessons in their place.
package demo
