// Package interop tries the workbook's servers with clients that nobody here
// wrote: curl, the npm package eventsource under Node, and Firefox, which the npm
// package puppeteer-core drives on the test page. In Chromium, that page is tried
// by the tests in web/sse-test. The other way round, the module in peers/ reads
// other libraries' streams with the workbook's client, and is a module of its own
// so that nobody else has to download these libraries.
//
// Lesson 08's client is tried with a scripted server, whose answers are bytes on a
// socket, because no server library would send all of them. The cases are data, and the
// lesson's text has a table of them.
//
// Where a client is not installed its tests are skipped, but not in CI. To have the
// npm packages: npm ci --prefix harness/interop/node
package interop
