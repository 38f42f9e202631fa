// RawStream is the page's second connection: fetch reads the same stream as
// EventSource, and gives access to its bytes.

import { note } from './log.js';
import { unanswered } from './post.js';

export class RawStream {
  #log;
  #view;
  #running = null; // the AbortController of the open connection, if any
  #answered = false;
  #retired = false;
  #count;

  // view shows the bytes, log gets notes in between, count(n) is told of n more bytes.
  constructor(log, view, count) {
    this.#log = log;
    this.#view = view;
    this.#count = count;
  }

  // start opens the connection, unless it is open already.
  async start(url, lastEventID) {
    if (this.#running) return;
    const abort = new AbortController();
    this.#running = abort;
    this.#answered = this.#retired = false;
    this.#view.begin();
    try {
      const taken = await this.#follow(url, lastEventID, abort.signal);
      if (abort.signal.aborted) return;
      if (taken) this.#view.end('The response ended properly: nothing was cut off on the way.', false);
    } catch (error) {
      if (abort.signal.aborted) return;
      this.#view.end(this.#answered ? `The connection broke: ${error.message}.` : unanswered(error), true);
    }
    this.#running = null;
  }

  // stop closes the connection.
  stop() {
    if (!this.#running) return;
    this.#running.abort();
    this.#running = null;
    this.#view.end('Closed by this page.', false);
  }

  // retire stops as well, but waits for the response's status and type first.
  retire() {
    if (this.#answered) this.stop();
    this.#retired = true;
  }

  // follow reads until the stream ends, and reports whether there was one.
  async #follow(url, lastEventID, signal) {
    const response = await fetch(url, { headers: requestHeaders(url, lastEventID), cache: 'no-store', signal });
    this.#answered = true;
    const accepted = isEventStream(response);
    this.#log.add(note(answer(response, accepted), !accepted));
    if (!accepted) {
      await response.body?.cancel();
      return false;
    }
    if (this.#retired) this.stop();
    await this.#read(response.body.getReader(), signal);
    return true;
  }

  async #read(reader, signal) {
    // ignoreBOM keeps a byte order mark in the text, so that the page can show it.
    const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });
    for (;;) {
      const { done, value } = await reader.read();
      if (done || signal.aborted) return;
      this.#view.push(utf8.decode(value, { stream: true }));
      this.#count(value.length);
    }
  }
}

// isEventStream reports whether an EventSource would accept the response.
function isEventStream(response) {
  const type = response.headers.get('Content-Type') ?? '';
  return response.status === 200 && type.split(';')[0].trim().toLowerCase() === 'text/event-stream';
}

function answer(response, accepted) {
  const head = `HTTP ${response.status}, Content-Type: ${response.headers.get('Content-Type') ?? 'none'}`;
  return accepted ? head : `${head}. EventSource accepts only 200 with text/event-stream.`;
}

// Last-Event-ID goes only to our own origin: elsewhere a script needs the server's
// permission to send it (a CORS preflight), but the browser's own EventSource does not.
function requestHeaders(url, lastEventID) {
  const headers = { Accept: 'text/event-stream' };
  if (lastEventID && url.origin === location.origin) headers['Last-Event-ID'] = utf8Header(lastEventID);
  return headers;
}

// fetch takes a header value as bytes, one per character; the standard sends the id as UTF-8.
function utf8Header(text) {
  return String.fromCharCode(...new TextEncoder().encode(text));
}
