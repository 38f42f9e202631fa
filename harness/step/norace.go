//go:build !race

package step

// slowdown is how many times as long as usual a step may take.
const slowdown = 1
