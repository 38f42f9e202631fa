// Package chaos proves that no event is lost without a word, however bad the connection
// is. Between a server and its clients stand proxies that cut connections, even in the
// middle of a frame or of a character, delay, stall and half-close them. Which proxy
// does what, and after how many bytes, depends on a seed alone. A judge for each client
// compares what came with what was published: each event has to come once, in order and
// unaltered, or a reset has to announce that it is missing.
//
// The server is that of lessons 04, 08, 09 and 10, and the clients are those of lessons
// 03, 08, 09 and 10. With demo chaos -mine, the go command reads your lessons in their
// place.
package chaos
