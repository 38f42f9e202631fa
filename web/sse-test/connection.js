// @ts-check

// Connection is the browser's own EventSource, and reports what can be seen of its
// states. The browser reconnects and sends Last-Event-ID without help from this code.

export class Connection {
  lastEventID = '';
  reconnects = 0;
  #source;
  #page;
  #types = new Set();
  #wasOpen = false;
  #failures = 0; // in a row, since the stream was last open
  #lostAt = 0;

  // page.state(name, detail) and page.note(text, trouble) are told what happens,
  // page.opened() and page.gaveUp() are called when it does, and
  // page.received(event, newID) gets each event. page.retry is the reconnection time
  // in ms, or null.
  constructor(url, page) {
    this.#page = page;
    this.#source = new EventSource(url);
    this.#source.addEventListener('open', (event) => this.#onState(event));
    this.#source.addEventListener('error', (event) => this.#onState(event));
    page.state('connecting', 'waiting for the response to begin');
    page.note(`EventSource requests ${url.href}`);
  }

  // listen adds a listener for a type, and reports whether the type is new.
  listen(type) {
    if (this.#types.has(type)) return false;
    this.#types.add(type);
    this.#source.addEventListener(type, (event) => {
      if (event instanceof MessageEvent) this.#onEvent(event);
    });
    return true;
  }

  // close closes the EventSource, unless the browser gave up already.
  close() {
    if (this.#source.readyState === EventSource.CLOSED) return;
    this.#source.close();
    this.#page.state('idle', 'not connected');
    this.#page.note('EventSource.close(): the browser will not reconnect.');
  }

  #onEvent(event) {
    const newID = event.lastEventId !== this.lastEventID;
    this.lastEventID = event.lastEventId;
    this.#page.received(event, newID);
  }

  // A server may name its events "open" or "error"; those are messages, not states.
  #onState(event) {
    if (event instanceof MessageEvent) return;
    if (event.type === 'open') return this.#onOpen();
    if (this.#source.readyState === EventSource.CLOSED) return this.#onGaveUp();
    this.#onFailure();
  }

  #onOpen() {
    if (this.#wasOpen) this.reconnects++;
    this.#page.note(this.#wasOpen ? this.#backText() : 'Open: the response is 200 with text/event-stream.');
    this.#page.state('live', this.#wasOpen ? 'the stream is open again' : 'the stream is open');
    this.#wasOpen = true;
    this.#failures = 0;
    this.#page.opened();
  }

  #onFailure() {
    if (this.#failures === 0) this.#lostAt = performance.now();
    const lost = this.#wasOpen && this.#failures === 0;
    this.#failures++;
    this.#page.state('reconnecting', `attempt ${this.#failures} starts ${this.#when()}`);
    if (lost) this.#page.note(`Connection lost. ${this.#plan()}`, true);
    else if (this.#failures <= 2) this.#page.note(`No answer. The browser keeps trying, each time ${this.#when()}.`, true);
  }

  #onGaveUp() {
    this.#page.note('The browser gave up for good: it never retries after a status other than 200, a Content-Type other than text/event-stream, or a CORS refusal.', true);
    this.#page.state('closed', 'the browser will not retry');
    this.#page.gaveUp();
  }

  #plan() {
    const id = this.lastEventID ? `Last-Event-ID: ${this.lastEventID}` : 'no Last-Event-ID, because no event had an id';
    return `The browser tries again ${this.#when()} and will send ${id}.`;
  }

  #backText() {
    const seconds = ((performance.now() - this.#lostAt) / 1000).toFixed(1);
    const id = this.lastEventID ? `with Last-Event-ID: ${this.lastEventID}` : 'without a Last-Event-ID';
    return `Back after ${seconds} s: the browser reconnected ${id}.`;
  }

  #when() {
    return this.#page.retry === null ? 'after the browser’s default delay' : `after about ${this.#page.retry.toLocaleString('en')} ms`;
  }
}
