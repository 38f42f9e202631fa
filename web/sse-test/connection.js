// @ts-check

// Connection is the browser's own EventSource, and what can be seen of its states.
// Reconnecting and Last-Event-ID are the browser's doing: nothing here helps it.

export class Connection {
  lastEventID = '';
  reconnects = 0;
  #source;
  #page;
  #types = new Set();
  #wasOpen = false;
  #failures = 0; // in a row, since the stream was last open
  #lostAt = 0;

  // page.state(name, detail) and page.note(text, trouble) hear what happens,
  // page.opened() and page.gaveUp() when it does, page.received(event, newID) gets
  // the events; page.retry is the reconnection time in ms, or null.
  constructor(url, page) {
    this.#page = page;
    this.#source = new EventSource(url);
    this.#source.addEventListener('open', (event) => this.#onState(event));
    this.#source.addEventListener('error', (event) => this.#onState(event));
    page.state('connecting', 'waiting for the response to begin');
    page.note(`EventSource asks for ${url.href}`);
  }

  // listen asks for events of a type and says whether that is new.
  listen(type) {
    if (this.#types.has(type)) return false;
    this.#types.add(type);
    this.#source.addEventListener(type, (event) => {
      if (event instanceof MessageEvent) this.#onEvent(event);
    });
    return true;
  }

  // close ends it, unless the browser has given up already.
  close() {
    if (this.#source.readyState === EventSource.CLOSED) return;
    this.#source.close();
    this.#page.state('idle', 'not connected');
    this.#page.note('EventSource.close(): nothing retries now.');
  }

  #onEvent(event) {
    const newID = event.lastEventId !== this.lastEventID;
    this.lastEventID = event.lastEventId;
    this.#page.received(event, newID);
  }

  // A server may name its events "open" or "error"; those are messages, no states.
  #onState(event) {
    if (event instanceof MessageEvent) return;
    if (event.type === 'open') return this.#onOpen();
    if (this.#source.readyState === EventSource.CLOSED) return this.#onGaveUp();
    this.#onFailure();
  }

  #onOpen() {
    if (this.#wasOpen) this.reconnects++;
    this.#page.note(this.#wasOpen ? this.#backText() : 'Open: 200 and text/event-stream have come.');
    this.#page.state('live', this.#wasOpen ? 'the stream is open again' : 'the stream is open');
    this.#wasOpen = true;
    this.#failures = 0;
    this.#page.opened();
  }

  #onFailure() {
    if (this.#failures === 0) this.#lostAt = performance.now();
    const lost = this.#wasOpen && this.#failures === 0;
    this.#failures++;
    this.#page.state('reconnecting', `attempt ${this.#failures} comes ${this.#when()}`);
    if (lost) this.#page.note(`Connection lost. ${this.#plan()}`, true);
    else if (this.#failures <= 2) this.#page.note(`No answer. The browser goes on trying, each time ${this.#when()}.`, true);
  }

  #onGaveUp() {
    this.#page.note('The browser gave up for good: it never retries after a status other than 200, another Content-Type, or a refusal by CORS.', true);
    this.#page.state('closed', 'the browser will not retry');
    this.#page.gaveUp();
  }

  #plan() {
    const id = this.lastEventID ? `Last-Event-ID: ${this.lastEventID}` : 'no Last-Event-ID, for no event had an id';
    return `The browser tries again ${this.#when()} and will send ${id}.`;
  }

  #backText() {
    const seconds = ((performance.now() - this.#lostAt) / 1000).toFixed(1);
    const id = this.lastEventID ? `with Last-Event-ID: ${this.lastEventID}` : 'without a Last-Event-ID';
    return `Back after ${seconds} s: the browser asked again, ${id}.`;
  }

  #when() {
    return this.#page.retry === null ? 'after its own waiting time' : `after about ${this.#page.retry.toLocaleString('en')} ms`;
  }
}
