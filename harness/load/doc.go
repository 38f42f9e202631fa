// Package load puts the finished two-way server under load: a crowd of real
// clients on loopback, in one process, and the server in another. Requests are
// made at a rate that does not wait for the answers, so that a server that is
// slow shows as time and not as a lower rate; and whatever does not come back is
// counted and named.
//
// [Start] starts the process in which [Serve] is the server, and a [Load] is the
// clients.
package load
