// Package httpserve serves on a person's own machine: it listens, says by which URL
// the server can be reached, keeps the pages of other sites away from it, and stops
// it. The programs, the server that load asks and the home page stand on it. It
// uses nothing of solutions/, so that it is never the learner's.
package httpserve
