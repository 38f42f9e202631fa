// The demo's page: the server plays the conversation, and sends each message as an event on the page's own stream. The
// page shows one after the other, as slowly as one can read.

import { Sequence } from './sequence.js';

const pace = 800; // milliseconds between two messages

const sequence = new Sequence(document.getElementById('exchange'));
const all = document.getElementById('all');
const again = document.getElementById('again');
const status = document.getElementById('status');
let waiting = []; // messages that are still to be shown
let ended; // what to say after them: null for their number; undefined while more may come
let timer = 0; // the next message; 0 for none
let hurry = false; // show each as it comes

all.addEventListener('click', () => {
  hurry = true;
  show();
});
again.addEventListener('click', run);
run();

// run starts the conversation on the server, and draws its messages. The stream ends with an event, because otherwise
// the browser would reconnect automatically and start it again.
function run() {
  waiting = [];
  ended = undefined;
  hurry = false;
  all.disabled = false;
  again.disabled = true;
  status.textContent = 'Running …';
  const stream = new EventSource('/demo/events');
  const end = (text) => {
    stream.close();
    ended = text;
    if (!timer) show();
  };
  stream.addEventListener('lanes', (event) => sequence.clear(JSON.parse(event.data)));
  stream.addEventListener('message', (event) => {
    waiting.push(JSON.parse(event.data));
    if (!timer) show();
  });
  stream.addEventListener('end', () => end(null));
  stream.addEventListener('trouble', (event) => end(`The demo did not finish: ${event.data}.`));
  stream.addEventListener('error', () => end('The server is gone, or too many demos are running at once.'));
}

// show shows the next message, and the one after it later.
function show() {
  clearTimeout(timer);
  timer = 0;
  while (hurry && waiting.length) sequence.add(waiting.shift());
  if (waiting.length) {
    sequence.add(waiting.shift());
    timer = setTimeout(show, pace);
  } else if (ended !== undefined) {
    status.textContent = ended ?? `That was all: ${sequence.length} messages.`;
    all.disabled = true;
    again.disabled = false;
  }
}
