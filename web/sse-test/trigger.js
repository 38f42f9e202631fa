// Trigger is the form that makes the server ask its clients, as an outside system
// would, and the list of outcomes.

import { element } from '../shared/dom.js';
import { escaped, readable, visible } from '../shared/visible.js';
import { JSONField } from './json-field.js';
import { timeStamp } from './log.js';
import { parsed, post, said, saidProblem } from './post.js';

// Over HTTP/1.1 a browser opens six connections to one server, shared by all tabs.
// A stream holds one, a trigger holds one until it is answered, and the answer needs
// one too: if all six are held, the answer cannot be sent.
const firedAtMost = 2;
const outcomesAtMost = 20;
const shownAtMost = 4096; // characters of one outcome

const $ = (id) => document.getElementById(id);

export class Trigger {
  #server; // { url, session }, or null
  #draw;
  #params = new JSONField($('trigger-params'), true);
  #waiting = new Set();
  #fired = 0;

  // draw(from, to, label, bytes, kind) shows a message of a trigger.
  constructor(draw) {
    this.#draw = draw;
    $('trigger').addEventListener('submit', (event) => {
      event.preventDefault();
      this.#fire();
    });
  }

  // begin sets where triggers go and which session this page has there; lose clears
  // the session.
  begin(url, session) {
    this.#server = { url, session };
  }

  lose() {
    if (this.#server) this.#server.session = '';
  }

  // timeoutOf returns the timeout, in milliseconds, of the trigger behind a request, or
  // null if this page did not fire it: the request itself does not contain it.
  timeoutOf({ method, params }) {
    for (const fired of this.#waiting) {
      if (fired.seen || fired.method !== method || fired.params !== JSON.stringify(params)) continue;
      fired.seen = true;
      return fired.timeout;
    }
    return null;
  }

  async #fire() {
    const text = this.#params.text();
    if (text === null) return this.#params.focus();
    const trouble = this.#trouble();
    $('trigger-trouble').textContent = trouble;
    if (trouble) return;
    const fired = {
      method: $('trigger-method').value,
      params: text ? JSON.stringify(JSON.parse(text)) : undefined, // as timeoutOf compares them
      timeout: $('trigger-timeout').valueAsNumber || 0,
      seen: false, // a request was matched to this trigger
    };
    await this.#await(fired, this.#body(fired, text));
  }

  #trouble() {
    const waiting = this.#waiting.size;
    if (waiting >= firedAtMost) return `${waiting} triggers from this page are still waiting. Each holds one of the six connections that a browser opens to one server, and the answers need one too.`;
    if ($('trigger-whom').value === 'page' && !this.#server.session) return 'This page has no session: connect first.';
    return '';
  }

  // The params are sent as they were typed.
  #body({ method, timeout }, params) {
    const head = { method };
    if ($('trigger-whom').value === 'page') head.session = this.#server.session;
    if (timeout > 0) head.timeout = timeout;
    const text = JSON.stringify(head);
    return params ? `${text.slice(0, -1)},"params":${params}}` : text;
  }

  async #await(fired, body) {
    const number = `#${++this.#fired}`;
    const row = this.#row(number, fired.method);
    this.#waiting.add(fired);
    this.#draw('trigger', 'server', `${number} ${fired.method}`, body);
    const reply = await post(this.#server.url, body);
    this.#waiting.delete(fired);
    $('trigger-trouble').textContent = '';
    const trouble = reply.status !== 200;
    if (reply.status) this.#draw('server', 'trigger', `${number} ${reply.status} ${duration(reply.took)}`, reply.text, trouble ? 'trouble' : '');
    const lines = outcomes(reply);
    row.replaceChildren(...lines.map((line) => element('p', trouble ? 'outcome trouble' : 'outcome', ...readable(line))));
    row.append(element('p', 'sse-hint', `after ${duration(reply.took)}`));
  }

  // row adds a row for a trigger and returns the element for its outcomes.
  #row(number, method) {
    const whom = $('trigger-whom').selectedOptions[0].textContent;
    const outcome = element('div', 'answers', element('p', 'sse-hint', 'waiting for the answer'));
    $('trigger-outcomes').prepend(element('li', '',
      element('p', 'fired', element('span', 'id', number), ' ', element('span', 'type', ...visible(method)), ` to ${whom} `, timeStamp()), outcome));
    while ($('trigger-outcomes').children.length > outcomesAtMost) $('trigger-outcomes').lastElementChild.remove();
    return outcome;
  }
}

// outcomes returns the outcomes of a trigger, one line for each client that was asked.
function outcomes(reply) {
  const value = reply.status === 200 ? parsed(reply.text) : null;
  if (value === null) return [said(reply)];
  return [value].flat().map(outcome);
}

function outcome({ result, error, problem }) {
  if (problem) return saidProblem(problem);
  if (error) return `error ${error.code}: ${error.message}`.slice(0, shownAtMost);
  return `result ${escaped(String(JSON.stringify(result)))}`.slice(0, shownAtMost);
}

function duration(milliseconds) {
  return milliseconds < 1000 ? `${milliseconds} ms` : `${(milliseconds / 1000).toFixed(1)} s`;
}
