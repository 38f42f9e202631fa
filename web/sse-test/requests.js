// Requests holds the server's requests to this page, the open ones and the settled
// ones.

import { errorOf } from './jsonrpc.js';
import { Request } from './request.js';

const openAtMost = 50;
const settledAtMost = 50;
const tooMany = -32000;

export class Requests {
  #open = new Map(); // by id
  #settled = []; // the newest first
  #openList = document.getElementById('open-requests');
  #settledList = document.getElementById('settled-requests');
  #count = document.getElementById('open-count');
  #title = document.getElementById('requests-title');
  #byItself = document.getElementById('by-itself');
  #delay = document.getElementById('delay');

  constructor() {
    setInterval(() => this.#tick(), 1000);
    this.#byItself.addEventListener('change', () => this.#open.forEach((request) => this.#answerSoon(request)));
  }

  // add shows a request. post sends its response, as Request describes.
  add(message, deadline, post) {
    if (this.#open.size >= openAtMost) {
      post(errorOf(message.id, tooMany, `this page already has ${openAtMost} open requests`), 'error');
      return;
    }
    const request = new Request(message, deadline, { post, settled: (settled) => this.#settle(settled) });
    this.#open.set(message.id, request);
    this.#openList.append(request.row);
    this.#showCount();
    this.#answerSoon(request);
  }

  // cancel records that the server no longer waits for a response.
  cancel({ id, reason }) {
    this.#open.get(id)?.cancel(reason);
  }

  // close closes all requests, because their stream ended.
  close() {
    const focused = document.activeElement;
    const hadFocus = this.#settledList.contains(focused);
    [...this.#open.values(), ...this.#settled].forEach((request) => request.close());
    if (hadFocus) this.#focusAfter(focused);
  }

  #settle(request) {
    const focused = document.activeElement;
    const hadFocus = request.row.contains(focused);
    this.#open.delete(request.id);
    this.#settled.unshift(request);
    this.#settledList.prepend(request.row);
    while (this.#settled.length > settledAtMost) this.#settled.pop().row.remove();
    this.#showCount();
    if (hadFocus) this.#focusAfter(focused);
  }

  // The row moved, and the focused element with it. If that is still visible, it gets
  // the focus back; if it is hidden, the next request gets the focus.
  #focusAfter(focused) {
    if (focused.offsetParent !== null) return focused.focus({ preventScroll: true });
    const next = this.#open.values().next().value ?? this.#title;
    next.focus({ preventScroll: true });
  }

  // A request that the user ignores, or is answering, is not answered automatically.
  #answerSoon(request) {
    setTimeout(() => {
      const wanted = this.#byItself.checked && request.isOpen;
      if (wanted && !request.isIgnored && !request.isBeingEdited) request.answer();
    }, Math.max(0, this.#delay.valueAsNumber || 0));
  }

  #tick() {
    const now = performance.now();
    this.#open.forEach((request) => request.tick(now));
  }

  #showCount() {
    this.#count.textContent = this.#open.size === 0 ? 'none open' : `${this.#open.size} open`;
  }
}
