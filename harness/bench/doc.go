// Package bench measures the reference code beside the libraries that one would
// pick instead, in one run, so that a ratio means something on a noisy machine.
// It is a module of its own: nobody who learns has to download the libraries.
// "go run ./harness bench" runs it; goals.txt says what is to be reached.
//
// A benchmark is named Benchmark<Job>/<case>/<contender>, and the contenders of
// a case stand side by side:
//
//   - "ours" is the reference code of solutions/, by its exported names;
//   - "limit-…" is a bound, which shows how far there is to go: the least work
//     that could do the job, without what makes it useful;
//   - any other is a library of that name. One that cannot do the job is skipped
//     with the reason, which the table shows.
//
// Nothing here asserts on time.
package bench
