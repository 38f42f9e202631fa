// Package ssetest has the test page, which package web serves at /web/sse-test.html,
// and its tests. They run in Chromium, against servers whose every byte the test decides
// and against lesson 07's server. The tests in harness/interop try the servers with curl,
// Node's EventSource and Firefox.
//
// sse-test.js puts the page together. connection.js is the browser's EventSource;
// rawstream.js reads the same stream's bytes, lines.js cuts them into lines, rawview.js
// shows them, and log.js lists events and bytes. two-way.js makes the page a client of a
// two-way server: jsonrpc.js and post.js handle its messages, requests.js and request.js
// the requests it gets, and trigger.js the trigger. The arrows are drawn as in a trace.
package ssetest
