// Reads the event stream at the address that it is given, with an EventSource that
// nobody here wrote. Prints each event as a line of JSON, and answers each request.

import { EventSource } from 'eventsource';

const address = process.argv[2];
const source = new EventSource(address);
let endpoint; // where the answers go

function print(line) {
  console.log(JSON.stringify(line));
}

for (const type of ['message', 'tick', 'endpoint', 'request', 'notification']) {
  source.addEventListener(type, ({ lastEventId, data }) => print({ type, id: lastEventId, data }));
}

source.addEventListener('endpoint', ({ data }) => {
  endpoint = new URL(data, address);
});

source.addEventListener('request', async ({ data }) => {
  const { id, method, params } = JSON.parse(data);
  const response = await fetch(endpoint, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ jsonrpc: '2.0', id, result: { by: 'node', method, params } }),
  });
  print({ type: 'answered', id, data: String(response.status) });
});
