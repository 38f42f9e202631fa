//go:build race

package step

// slowdown is how many times as long a step may take: the race detector makes some right
// answers ten times slower.
const slowdown = 4
