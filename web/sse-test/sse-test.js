// The test page: it puts the browser's EventSource (connection.js) and the bytes
// of the same stream (rawstream.js, rawview.js) side by side. On a two-way server it is
// a client (two-way.js).

import { element } from '../shared/dom.js';
import { escaped, readable, visible } from '../shared/visible.js';
import { Connection } from './connection.js';
import { Log, note, timeStamp } from './log.js';
import { RawStream } from './rawstream.js';
import { RawView } from './rawview.js';
import { TwoWay, types } from './two-way.js';
import { meaning, types as streamTypes } from './words.js';

const $ = (id) => document.getElementById(id);
const events = new Log($('events'));
const rawLog = new Log($('bytes'));
const counts = { events: 0, comments: 0, bytes: 0 };
const dataShownAtMost = 16384; // characters of one event

let connection = null;
let url = null;
let isFirst = false; // the next event is the first of its stream
let isTwoWay = false; // the latest stream's first event was an endpoint
let isResuming = false; // the browser came back with an id, and has got no other one since

// page receives what a Connection reports.
const page = {
  retry: null,
  state: showState,
  note: (text, trouble) => events.add(note(text, trouble)),
  opened() {
    isFirst = true;
    isResuming = connection.reconnects > 0 && connection.lastEventID !== '';
    showBytes();
  },
  gaveUp() {
    rawStream.retire();
    $('disconnect').disabled = true;
  },
  received(event, newID) {
    counts.events++;
    if (isResuming && newID) resumed(event);
    events.add(eventRow(event, newID));
    if (isFirst) learnKind(event.type === 'endpoint');
    isFirst = false;
    if (isTwoWay && event.type === 'endpoint') twoWay.begin(event.data, url);
    else if (isTwoWay) twoWay.receive(event);
    showReadings();
  },
};

const rawView = new RawView(rawLog, {
  comment: () => counts.comments++,
  type: learnType,
  retry: (milliseconds) => { page.retry = milliseconds; },
});

const rawStream = new RawStream(rawLog, rawView, (n) => {
  counts.bytes += n;
  showReadings();
});

const twoWay = new TwoWay(page.note);

function connect() {
  disconnect();
  try {
    const asked = new URL($('url').value, location.href);
    if (asked.href !== url?.href) isTwoWay = false;
    url = asked;
    page.retry = null;
    connection = new Connection(url, page);
  } catch (error) {
    page.note(`EventSource does not accept this URL: ${error.message}`, true);
    return;
  }
  [...types, ...streamTypes, ...listedTypes()].forEach((type) => connection.listen(type));
  showBytes();
  $('curl').textContent = `curl -N ${shellQuoted(url.href)}`;
  $('disconnect').disabled = false;
  showReadings();
}

function disconnect() {
  connection?.close();
  rawStream.stop();
  $('disconnect').disabled = true;
}

// learnType listens for a type that was seen in the bytes. EventSource has no
// way to ask for all types, so the first event of this one may have been missed.
function learnType(type) {
  if (!connection.listen(type)) return;
  $('types').value = [...listedTypes(), type].join(', ');
  page.note(`The bytes contain an event type that has no listener: ${type}. From now on this page listens for it.`);
}

// learnKind acts on a stream's first event. On a two-way server each connection is a
// session and gets requests. The one that reads the raw bytes could not answer them.
function learnKind(nowTwoWay) {
  if (nowTwoWay && !isTwoWay && $('raw').checked) page.note('The first event is an endpoint, so this is a two-way server. The connection for the raw bytes would be a second session that no one answers for, so it is closed.');
  isTwoWay = nowTwoWay;
  if (!isTwoWay) twoWay.hide();
  showBytes();
}

// resumed says how a server took the id that the browser came back with. If it could not
// go on from there, the event says so itself.
function resumed(event) {
  isResuming = false;
  if (!streamTypes.includes(event.type)) page.note(`Resumed at id ${event.lastEventId}. There was no reset: as far as the server says, nothing is missing.`);
}

function listedTypes() {
  return $('types').value.split(/[\s,]+/).filter(Boolean);
}

// An event without an id keeps the previous lastEventId; the row calls that "last id".
function eventRow(event, newID) {
  const id = newID ? `id ${event.lastEventId}` : `last id ${event.lastEventId}`;
  const shown = event.data.slice(0, dataShownAtMost);
  const row = element('li', 'event',
    timeStamp(),
    element('span', 'type', ...visible(event.type)),
    element('span', 'id', ...visible(event.lastEventId === '' ? 'no id' : id)),
    element('div', 'data', ...readable(shown)));
  const hidden = event.data.length - shown.length;
  const words = meaning(event.type, event.data);
  if (words) row.append(element('p', words.trouble ? 'sse-verdict trouble' : 'sse-verdict', words.text));
  if (hidden > 0) row.append(element('p', 'sse-verdict', `characters not shown: ${hidden}`));
  return row;
}

// A session ends with its stream.
function showState(name, detail) {
  if (name !== 'live') twoWay.lose();
  $('state').dataset.state = name;
  $('state-word').textContent = {
    idle: 'Idle', connecting: 'Connecting', live: 'Live', reconnecting: 'Reconnecting', closed: 'Given up',
  }[name];
  $('state-detail').textContent = detail;
}

function showReadings() {
  const raw = $('raw').checked && !isTwoWay;
  $('count-events').textContent = counts.events.toLocaleString('en');
  $('count-comments').textContent = raw ? counts.comments.toLocaleString('en') : 'hidden';
  $('count-bytes').textContent = raw ? counts.bytes.toLocaleString('en') : 'hidden';
  $('count-reconnects').textContent = connection?.reconnects ?? 0;
  $('last-id').textContent = escaped(connection?.lastEventID || 'none');
  $('retry').textContent = page.retry === null ? 'browser’s default' : `${page.retry.toLocaleString('en')} ms`;
}

function clear() {
  events.clear();
  rawLog.clear();
  Object.assign(counts, { events: 0, comments: 0, bytes: 0 });
  showReadings();
}

function togglePause() {
  const paused = $('pause').getAttribute('aria-pressed') === 'false';
  $('pause').setAttribute('aria-pressed', paused);
  events.pause(paused);
  rawLog.pause(paused);
}

// showBytes starts or stops reading the raw bytes, and shows or hides them.
function showBytes() {
  const raw = $('raw').checked && !isTwoWay;
  $('raw').disabled = isTwoWay;
  $('bytes-pane').hidden = !raw;
  if (!raw) rawStream.stop();
  if (raw && ['connecting', 'live'].includes($('state').dataset.state)) rawStream.start(url, connection.lastEventID);
  showReadings();
}

function shellQuoted(text) {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

$('connection').addEventListener('submit', (event) => {
  event.preventDefault();
  connect();
});
$('disconnect').addEventListener('click', disconnect);
$('types').addEventListener('change', () => listedTypes().forEach((type) => connection?.listen(type)));
$('raw').addEventListener('change', showBytes);
$('pause').addEventListener('click', togglePause);
$('clear').addEventListener('click', clear);
document.addEventListener('securitypolicyviolation', (event) => {
  page.note(`This page may not connect to ${event.blockedURI}: its Content-Security-Policy allows only its own origin, localhost and 127.0.0.1.`, true);
});

// On a phone, the options would push the events off the screen.
$('options').open = !matchMedia('(max-width: 56rem)').matches;
const preset = new URLSearchParams(location.search).get('url');
if (preset) $('url').value = preset;
$('curl').textContent = `curl -N ${shellQuoted(new URL('/events', location.href).href)}`;
showBytes();
