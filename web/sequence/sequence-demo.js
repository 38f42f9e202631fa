// The demo's page: the server plays the conversation, and sends each message as an event on the page's own stream.

import { Sequence } from './sequence.js';

const sequence = new Sequence(document.getElementById('exchange'));
const again = document.getElementById('again');
const status = document.getElementById('status');

again.addEventListener('click', run);
run();

// run starts the conversation on the server, and draws its messages. The stream ends with an event, because otherwise
// the browser would reconnect automatically and start it again.
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
  stream.addEventListener('end', () => end(`That was all: ${sequence.length} messages.`));
  stream.addEventListener('trouble', (event) => end(`The demo did not finish: ${event.data}.`));
  stream.addEventListener('error', () => end('The server is gone, or too many demos are running at once.'));
}
