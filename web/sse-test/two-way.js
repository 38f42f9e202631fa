// TwoWay makes the page a client of a two-way server: requests come down the
// stream, and responses go up by POST to the endpoint that the first event names.

import { Sequence } from '../sequence/sequence.js';
import { escaped } from '../shared/visible.js';
import { readCancellation, readNotification, readRequest } from './jsonrpc.js';
import { post } from './post.js';
import { Requests } from './requests.js';
import { Trigger } from './trigger.js';

// types are the event types of the protocol.
export const types = ['endpoint', 'request', 'notification'];

const serversTimeout = 30000; // in milliseconds, unless the trigger sets another

export class TwoWay {
  #section = document.getElementById('two-way');
  #session = document.getElementById('session');
  #began = performance.now();
  #diagram = new Sequence(document.getElementById('diagram'), { lanes: ['trigger', 'server', 'this page'], atMost: 20 });
  #requests = new Requests();
  #trigger = new Trigger((from, to, label, bytes, kind) => this.#draw(from, to, label, bytes, kind));
  #endpoint = null; // null without a session
  #note;

  // note(text, trouble) shows the user a message.
  constructor(note) {
    this.#note = note;
  }

  // begin starts a session: data names the endpoint, relative to the stream's URL.
  // Another origin is refused: a stream must not direct this page's answers there.
  begin(data, url) {
    const endpoint = URL.canParse(data, url) ? new URL(data, url) : null;
    if (endpoint?.origin !== url.origin) {
      this.#note('The endpoint event does not name a URL of the stream’s own origin, so this page sends no answers there.', true);
      return;
    }
    const session = endpoint.searchParams.get('session') ?? '';
    this.#endpoint = endpoint;
    this.#session.textContent = escaped(session) || 'unnamed';
    this.#trigger.begin(new URL('trigger', url), session);
    this.#section.hidden = false;
  }

  // receive takes an event of one of the types.
  receive({ type, data }) {
    if (!this.#endpoint) return;
    if (type === 'request') this.#asked(readRequest(data), data);
    if (type === 'notification') this.#notified(data);
  }

  // lose ends the session. What happened in it stays visible.
  lose() {
    this.#endpoint = null;
    this.#session.textContent = 'none';
    this.#requests.close();
    this.#trigger.lose();
  }

  hide() {
    this.#section.hidden = true;
  }

  #asked(message, data) {
    if (message === null) return this.#note('This request is not a JSON-RPC 2.0 message with an id and a method, so it cannot be answered.', true);
    const endpoint = this.#endpoint; // a late answer goes to the session that was asked
    this.#draw('server', 'this page', `request ${message.id}`, data);
    this.#requests.add(message, this.#deadline(message), (body, what) => this.#post(endpoint, body, what, message.id));
  }

  #notified(data) {
    const cancellation = readCancellation(data);
    const notification = readNotification(data);
    if (cancellation === null && notification !== null) this.#draw('server', 'this page', notification.method, data);
    if (cancellation === null) return;
    this.#draw('server', 'this page', `cancelled ${cancellation.id}`, data, 'trouble');
    this.#requests.cancel(cancellation);
  }

  async #post(endpoint, body, what, id) {
    this.#draw('this page', 'server', `${what} ${id}`, body);
    const reply = await post(endpoint, body);
    if (reply.status) this.#draw('server', 'this page', `${reply.status} for ${id}`, reply.text, reply.status === 202 ? 'reply' : 'trouble');
    return reply;
  }

  #draw(from, to, label, bytes, kind) {
    this.#diagram.add({ at: performance.now() - this.#began, from, to, label, bytes, kind });
  }

  #deadline(message) {
    const asked = this.#trigger.timeoutOf(message);
    const after = Math.min(asked || serversTimeout, serversTimeout);
    return { at: performance.now() + after, after, known: asked === after };
  }
}
