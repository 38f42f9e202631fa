// Package programs is what runs when you start one of the workbook's programs, a
// file for each: the basic server and client, the bidirectional ones, and the
// trigger. It stands on solutions/ alone; with demo -mine and load -mine the go
// command reads your lessons in their place.
package programs
