// Sequence draws an exchange: a lane for each party, and an arrow for each message, in the order of time. A slider and
// the arrow keys walk through it, and a click or Enter on a message shows its bytes. It may grow while it is shown. The
// drawing is an ordered list of buttons, so anyone who cannot see the arrows can read and walk through it as text.

import { element, set, svg } from '../shared/dom.js';
import { escaped, visible } from '../shared/visible.js';

const arrowAt = 18; // pixels below the top of its row

export class Sequence {
  #root;
  #lanes = [];
  #rows = []; // { button, bytes, message }
  #atMost;
  #dropped = 0; // the oldest, beyond atMost
  #at = 0; // how many messages have passed
  #list = null; // the chapter's
  #chapter;
  #heads = set(element('div', 'seq-heads'), { 'aria-hidden': 'true' });
  #older = element('p', 'seq-older');
  #body = element('div', 'seq-body');
  #slider = set(element('input', 'seq-slider'), { type: 'range', min: 0, max: 0, step: 1, 'aria-label': 'Walk through the messages' });
  #count = element('output', 'seq-count');
  #back = set(element('button', 'seq-step', '‹'), { type: 'button', 'aria-label': 'Previous message' });
  #forth = set(element('button', 'seq-step', '›'), { type: 'button', 'aria-label': 'Next message' });

  // root is an empty element. A message is { at, from, to, label, note, bytes, lesson }: at is in milliseconds, from and
  // to are names of lanes, and the rest is optional text. It may have a chapter, shown as a heading where it changes, and
  // a kind: 'refusal', 'trouble', 'reply' for a bare status, or 'end' for the last message of a connection. If there are
  // more than atMost, the oldest are left out.
  constructor(root, { lanes = [], messages = [], atMost = Infinity } = {}) {
    this.#root = root;
    this.#atMost = atMost;
    root.classList.add('sequence');
    const tools = element('div', 'seq-tools');
    tools.append(this.#back, this.#slider, this.#forth, this.#count);
    root.replaceChildren(tools, this.#heads, this.#older, this.#body);
    this.#slider.addEventListener('input', () => this.walk(Number(this.#slider.value)));
    this.#back.addEventListener('click', () => this.walk(this.#at - 1));
    this.#forth.addEventListener('click', () => this.walk(this.#at + 1));
    this.#body.addEventListener('keydown', (event) => this.#key(event));
    this.clear(lanes);
    messages.forEach((message) => this.add(message));
  }

  // length is the number of messages.
  get length() { return this.#rows.length; }

  // clear removes all messages.
  clear(lanes = this.#lanes) {
    this.#lanes = lanes;
    this.#rows = [];
    this.#dropped = 0;
    this.#at = 0;
    this.#list = null;
    this.#chapter = undefined;
    this.#body.replaceChildren();
    this.#heads.replaceChildren(drawing(lanes.map((lane, i) => {
      const name = svg('text', { x: percent(i, lanes), y: 16 });
      name.textContent = lane;
      return name;
    })));
    this.#show();
  }

  // add adds a message. A view that is at the last message moves on to the new one.
  add(message) {
    const follows = this.#at === this.#rows.length;
    const atEnd = this.#body.scrollHeight - this.#body.scrollTop - this.#body.clientHeight < 40;
    this.#open(message.chapter);
    const row = this.#row(message);
    this.#rows.push(row);
    this.#list.append(row.item);
    if (this.#rows.length > this.#atMost) this.#drop();
    if (follows) this.#at = this.#rows.length;
    this.#show();
    if (follows && atEnd) this.#body.scrollTop = this.#body.scrollHeight;
  }

  // walk goes to the moment after n messages.
  walk(n) {
    this.#at = Math.max(0, Math.min(n, this.#rows.length));
    this.#show();
    this.#rows[this.#at - 1]?.item.scrollIntoView({ block: 'nearest' });
  }

  // #open begins a list when a chapter begins.
  #open(chapter) {
    if (this.#list && chapter === this.#chapter) return;
    this.#chapter = chapter;
    if (chapter) this.#body.append(element('h2', 'seq-chapter', chapter));
    this.#list = set(element('ol', 'seq-list'), { start: this.#dropped + this.#rows.length + 1 });
    this.#body.append(this.#list);
  }

  // #drop removes the oldest message.
  #drop() {
    this.#rows.shift().item.remove();
    this.#dropped++;
    this.#at = Math.max(0, this.#at - 1);
  }

  #row(message) {
    const item = element('li', `seq-item ${message.kind ?? ''}`);
    const button = set(element('button', 'seq-row'), { type: 'button', 'aria-expanded': 'false' });
    const text = element('span', 'seq-text');
    text.append(
      element('span', 'seq-hidden', parties(message)),
      element('span', 'seq-label', ...visible(message.label ?? '')),
    );
    if (message.note) text.append(element('span', 'seq-hidden', '. '), element('span', 'seq-note', ...visible(message.note)));
    const meta = [time(message.at), message.lesson].filter(Boolean).join(' · ');
    button.append(this.#arrow(message), text, element('span', 'seq-hidden', '. '), element('span', 'seq-meta', meta));
    const row = { item, button, message, bytes: null };
    button.addEventListener('click', () => this.#toggle(row));
    item.append(button);
    return row;
  }

  // #toggle shows the bytes of a message, or hides them.
  #toggle(row) {
    const open = row.button.getAttribute('aria-expanded') !== 'true';
    row.button.setAttribute('aria-expanded', String(open));
    if (open && !row.bytes) row.item.append(row.bytes = bytesOf(row.message));
    if (row.bytes) row.bytes.hidden = !open;
    this.walk(this.#rows.indexOf(row) + 1);
  }

  #arrow({ from, to, kind }) {
    const [a, b] = [from, to].map((lane) => this.#lanes.indexOf(lane));
    const parts = this.#lanes.map((_, i) => svg('line', { class: 'seq-lane', x1: percent(i, this.#lanes), x2: percent(i, this.#lanes), y1: 0, y2: '100%' }));
    if (a < 0 || b < 0) return drawing(parts);
    if (a === b) return drawing([...parts, svg('circle', { class: 'seq-dot', cx: percent(a, this.#lanes), cy: arrowAt, r: 5 })]);
    parts.push(svg('line', { class: 'seq-shaft', x1: percent(a, this.#lanes), x2: percent(b, this.#lanes), y1: arrowAt, y2: arrowAt }));
    return drawing([...parts, tip(percent(b, this.#lanes), b > a ? -1 : 1, kind)]);
  }

  // #key walks with the arrow keys, and moves the focus along.
  #key(event) {
    const at = this.#rows.findIndex((row) => row.button === event.target);
    const to = { ArrowDown: at + 1, ArrowRight: at + 1, ArrowUp: at - 1, ArrowLeft: at - 1, Home: 0, End: this.#rows.length - 1 }[event.key];
    if (at < 0 || to === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    if (!this.#rows[to]) return;
    this.walk(to + 1);
    this.#rows[to].button.focus({ preventScroll: true });
  }

  // #show marks what has passed, and what is to come.
  #show() {
    this.#rows.forEach((row, i) => {
      row.item.classList.toggle('later', i >= this.#at);
      if (i === this.#at - 1) row.button.setAttribute('aria-current', 'step');
      else row.button.removeAttribute('aria-current');
    });
    const now = this.#rows[this.#at - 1]?.message;
    this.#slider.max = this.#rows.length;
    this.#slider.value = this.#at;
    this.#slider.setAttribute('aria-valuetext', now ? `${this.#at} of ${this.#rows.length}: ${parties(now)}${escaped(now.label ?? '')}` : 'before the first message');
    this.#count.textContent = `${this.#at} of ${this.#rows.length}`;
    this.#older.textContent = this.#dropped ? `Older messages left out: ${this.#dropped}` : '';
    this.#back.disabled = this.#at === 0;
    this.#forth.disabled = this.#at === this.#rows.length;
    this.#root.dataset.at = this.#at;
  }
}

function parties({ from, to }) {
  return from === to ? `${from}: ` : `${from} to ${to}: `;
}

// bytesOf shows raw bytes, with a name for each line ending and every other invisible character.
function bytesOf({ bytes, from, to }) {
  const made = set(element('div', 'seq-bytes'), { role: 'group', 'aria-label': from === to ? `What ${from} did` : `The bytes from ${from} to ${to}` });
  if (!bytes) {
    made.append(element('p', 'seq-none', 'No bytes: nothing is sent here.'));
    return made;
  }
  const text = set(element('pre', 'seq-pre'), { tabindex: 0 });
  bytes.split(/(\r\n|\n|\r)/).forEach((part, i) => {
    if (i % 2 === 0) text.append(...visible(part));
    else text.append(element('span', 'seq-eol', { '\n': 'LF', '\r': 'CR', '\r\n': 'CRLF' }[part]), '\n');
  });
  made.append(text);
  return made;
}

function time(at) {
  if (at === undefined) return '';
  if (at >= 60000) return `+${Math.floor(at / 60000)} min ${Math.round(at % 60000 / 1000)} s`;
  return at >= 1000 ? `+${Number((at / 1000).toFixed(2))} s` : `+${Number(at.toFixed(1))} ms`;
}

function percent(i, lanes) { return `${(i + 0.5) / lanes.length * 100}%`; }

// tip is the head of an arrow that points to x. The nested drawing is placed by percentage; its paths are in pixels.
function tip(x, back, kind) {
  const made = svg('svg', { x, y: arrowAt, overflow: 'visible', class: 'seq-tip' });
  made.append(svg('path', { d: `M${back} 0l${back * 9} -5v10Z` }));
  if (kind === 'end') made.append(svg('path', { class: 'seq-cross', d: 'M-5 -5L5 5M-5 5L5 -5' }));
  return made;
}

function drawing(parts) {
  const made = svg('svg', { class: 'seq-lanes', 'aria-hidden': 'true' });
  made.append(...parts);
  return made;
}
