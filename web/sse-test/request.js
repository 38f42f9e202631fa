// @ts-check

// Request is one of the server's requests on the page: what it asks, the time left,
// the answer, and the outcome.

import { element } from '../shared/dom.js';
import { escaped, readable, visible } from '../shared/visible.js';
import { JSONField } from './json-field.js';
import { errorOf, resultOf } from './jsonrpc.js';
import { timeStamp } from './log.js';
import { said } from './post.js';

const shownAtMost = 4096; // characters of the params
const refused = -32000; // a code that JSON-RPC leaves to servers and clients
const usualAnswer = '{"approved": true}';

export class Request {
  row = element('li', 'request');
  id;
  isOpen = true;
  #message;
  #deadline;
  #desk;
  #sending = false;
  #state = element('strong', 'request-state');
  #left = element('p', 'left');
  #clock = element('progress', 'clock');
  #editor = element('div', 'editor');
  #area = element('textarea');
  #field;
  #buttons = element('div', 'buttons');
  #answer = button('Answer', 'answer primary', () => this.answer());
  #ignore = button('Ignore', 'ignore', () => this.#toggleIgnored());
  #again = button('Answer again', 'again', () => this.answer());
  #outcomes = element('ol', 'outcomes');

  // message is a JSON-RPC request. deadline is { at, after, known }: the moment in
  // performance.now's time, the milliseconds until then, and whether that is more than
  // a guess. desk.post(body, what) sends a response and resolves to the reply; what is
  // 'result' or 'error'. desk.settled(request) is called once the request is settled.
  constructor(message, deadline, desk) {
    this.id = message.id;
    this.#message = message;
    this.#deadline = deadline;
    this.#desk = desk;
    this.#area.value = usualAnswer;
    this.#build();
    this.#become('open');
    this.tick(performance.now());
  }

  get isIgnored() {
    return this.row.dataset.state === 'ignored';
  }

  // isBeingEdited reports whether the user is writing the answer.
  get isBeingEdited() {
    return document.activeElement === this.#area;
  }

  focus() {
    this.#answer.focus({ preventScroll: true });
  }

  // answer sends the field's text as the result, unless it is not valid JSON.
  async answer() {
    const text = this.#field.text();
    if (text === null) return this.#field.focus();
    await this.#send(resultOf(this.id, text), 'result', 'answered');
  }

  // cancel records that the server gave up.
  cancel(reason) {
    if (!this.isOpen) return;
    this.#note(`The server gave up waiting: ${reason ?? 'no reason given'}`, true);
    this.#settle('cancelled', 'Answer anyway');
  }

  // close records that the stream ended, and the session with it: the request can no
  // longer be answered, whether or not the server gave up first. An answer that the
  // user was writing can still be read and copied.
  close() {
    this.#area.readOnly = true;
    if (this.isOpen) {
      this.#note('The stream ended, so no one is waiting for an answer any longer.', true);
      this.#settle('closed', 'Answer anyway');
    }
    this.#again.hidden = true;
  }

  // tick shows the time left.
  tick(now) {
    const left = Math.max(0, this.#deadline.at - now);
    this.#clock.value = left;
    this.#left.textContent = leftText(left, this.#deadline);
  }

  #build() {
    const name = escaped(`${this.#message.method}, request ${this.id}`);
    this.row.setAttribute('aria-label', name);
    this.#clock.max = this.#deadline.after;
    this.#clock.setAttribute('aria-label', `Time left for ${name}`);
    const label = element('label', '', 'Result, as JSON', this.#area);
    this.#area.rows = 2;
    this.#area.spellcheck = false;
    this.#editor.append(label);
    this.#field = new JSONField(this.#area);
    this.#ignore.setAttribute('aria-pressed', false);
    this.#buttons.append(this.#answer, button('Refuse', 'refuse', () => this.#refuse()), this.#ignore);
    this.#again.hidden = true;
    this.row.append(this.#head(), this.#clock, this.#left, this.#editor, this.#buttons, this.#outcomes, this.#again);
  }

  #head() {
    const { method, params } = this.#message;
    const head = element('div', 'request-head',
      element('span', 'type', ...visible(method)), element('span', 'id', ...visible(`id ${this.id}`)), this.#state, timeStamp());
    if (params !== undefined) head.append(element('div', 'data', shortened(escaped(JSON.stringify(params)))));
    return head;
  }

  #refuse() {
    this.#send(errorOf(this.id, refused, 'refused by the person at the page'), 'error', 'refused');
  }

  // An ignored request stays open until the server gives up, and can still be answered.
  #toggleIgnored() {
    const ignored = !this.isIgnored;
    this.#ignore.setAttribute('aria-pressed', ignored);
    this.#become(ignored ? 'ignored' : 'open');
  }

  async #send(body, what, state) {
    if (this.#sending) return; // a second press before the first is done
    this.#sending = true;
    const reply = await this.#desk.post(body, what);
    this.#sending = false;
    const taken = reply.status === 202;
    this.#note(`Sent the ${what}: ${said(reply)}${reply.status ? `, in ${reply.took} ms` : ''}`, !taken);
    if (!this.isOpen) return;
    if (taken) return this.#settle(state, 'Answer again');
    // These are final; after anything else, such as a broken connection, the user can try again.
    if ([403, 404, 409, 410].includes(reply.status)) this.#settle('not accepted', 'Answer anyway');
  }

  #settle(state, again) {
    this.isOpen = false;
    this.#become(state);
    this.#buttons.hidden = this.#clock.hidden = this.#left.hidden = true;
    this.#editor.hidden = again === 'Answer again'; // keep what the user was about to send
    this.#again.textContent = again;
    this.#again.hidden = false;
    this.#desk.settled(this);
  }

  #become(state) {
    this.row.dataset.state = state;
    this.#state.textContent = state;
  }

  #note(text, trouble) {
    this.#outcomes.append(element('li', trouble ? 'outcome trouble' : 'outcome', ...readable(text)));
    while (this.#outcomes.children.length > 5) this.#outcomes.firstElementChild.remove();
  }
}

function button(text, className, pressed) {
  const made = element('button', className, text);
  made.type = 'button';
  made.addEventListener('click', pressed);
  return made;
}

function shortened(text) {
  return text.length > shownAtMost ? `${text.slice(0, shownAtMost)}… (characters not shown: ${text.length - shownAtMost})` : text;
}

// The server sets the deadline and no message contains it, so the page says how it knows.
function leftText(left, { after, known }) {
  const source = known ? 'as set by this page’s trigger' : `assuming the server’s default of ${after / 1000} s`;
  if (left === 0) return `Time is up, ${source}. The server has not cancelled the request yet.`;
  return `${Math.ceil(left / 1000)} s left, ${source}.`;
}
