// The demo's page: the server plays the conversation, and tells of each message as an event on a stream of its own.

import { Sequence } from './sequence.js';

const sequence = new Sequence(document.getElementById('exchange'));
const again = document.getElementById('again');
const status = document.getElementById('status');

again.addEventListener('click', run);
run();

// run has the server play, and draws what it tells. The stream ends with an event, for a browser would reconnect by
// itself, and have it played once more.
function run() {
  again.disabled = true;
  status.textContent = 'Running …';
  const stream = new EventSource('/demo/events');
  const end = (text) => {
    stream.close();
    status.textContent = text;
    again.disabled = false;
  };
  stream.addEventListener('lanes', (event) => sequence.clear(JSON.parse(event.data)));
  stream.addEventListener('message', (event) => sequence.add(JSON.parse(event.data)));
  stream.addEventListener('end', () => end(`That was all of it: ${sequence.length} messages.`));
  stream.addEventListener('trouble', (event) => end(`It did not get to its end: ${event.data}.`));
  stream.addEventListener('error', () => end('The server has gone, or too many of these run at once.'));
}
