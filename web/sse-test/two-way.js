// TwoWay is the page as a client of a two-way server: requests come down the
// stream, responses go up by POST to the endpoint that the first event names.

import { Sequence } from '../sequence/sequence.js';
import { escaped } from '../shared/visible.js';
import { readCancellation, readRequest } from './jsonrpc.js';
import { post } from './post.js';
import { Requests } from './requests.js';
import { Trigger } from './trigger.js';

// types are the event types of the protocol.
export const types = ['endpoint', 'request', 'notification'];

const serversTimeout = 30000; // in milliseconds, where nothing else was asked for

export class TwoWay {
  #section = document.getElementById('two-way');
  #session = document.getElementById('session');
  #began = performance.now();
  #diagram = new Sequence(document.getElementById('diagram'), { lanes: ['trigger', 'server', 'this page'], atMost: 20 });
  #requests = new Requests();
  #trigger = new Trigger((from, to, label, bytes, kind) => this.#draw(from, to, label, bytes, kind));
  #endpoint = null; // while there is a session
  #note;

  // note(text, trouble) is told what the page's reader should know.
  constructor(note) {
    this.#note = note;
  }

  // begin starts a session: data names the endpoint, relative to the stream's URL.
  // It may be none elsewhere, for a stream must not send this page's answers there.
  begin(data, url) {
    const endpoint = URL.canParse(data, url) ? new URL(data, url) : null;
    if (endpoint?.origin !== url.origin) {
      this.#note('The endpoint event names no URL of the stream’s own origin. This page answers nothing there.', true);
      return;
    }
    const session = endpoint.searchParams.get('session') ?? '';
    this.#endpoint = endpoint;
    this.#session.textContent = escaped(session) || 'without a name';
    this.#trigger.begin(new URL('trigger', url), session);
    this.#section.hidden = false;
  }

  // receive takes an event of one of the types.
  receive({ type, data }) {
    if (!this.#endpoint) return;
    if (type === 'request') this.#asked(readRequest(data), data);
    if (type === 'notification') this.#notified(readCancellation(data), data);
  }

  // lose ends the session. What happened in it stays to be read.
  lose() {
    this.#endpoint = null;
    this.#session.textContent = 'none now';
    this.#requests.close();
    this.#trigger.lose();
  }

  hide() {
    this.#section.hidden = true;
  }

  #asked(message, data) {
    if (message === null) return this.#note('This request is no JSON-RPC 2.0 with an id and a method, so nobody can answer it.', true);
    const endpoint = this.#endpoint; // a late answer goes to the session that was asked
    this.#draw('server', 'this page', `request ${message.id}`, data);
    this.#requests.add(message, this.#deadline(message), (body, what) => this.#post(endpoint, body, what, message.id));
  }

  #notified(cancellation, data) {
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
