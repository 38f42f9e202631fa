// Package ssetest has the test page, which package web serves at /web/sse-test.html,
// and its tests: in a Chromium, against servers whose every byte the test decides and
// against lesson 07's. With curl, Node's EventSource and Firefox the servers are tried
// in harness/interop.
//
// sse-test.js puts the page together. connection.js is the browser's EventSource;
// rawstream.js reads the same stream's bytes, lines.js cuts them into lines, rawview.js
// shows them, and log.js is where events and bytes are listed. two-way.js makes the page
// a client of a two-way server: jsonrpc.js and post.js are its messages, requests.js and
// request.js what it is asked, trigger.js the trigger. The arrows are those of a trace.
package ssetest
