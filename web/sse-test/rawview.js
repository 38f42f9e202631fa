// RawView shows a stream's bytes as they arrive, one row for each frame (the lines up
// to and including a blank one), and says how a browser reads each line.

import { element } from '../shared/dom.js';
import { visible } from '../shared/visible.js';
import { LineReader, parseLine } from './lines.js';
import { note, timeStamp } from './log.js';

const shownAtMost = 16384; // characters of one frame

export class RawView {
  #log;
  #found;
  #lines;
  #frame = null; // the frame that is arriving
  #last = null; // the frame that got the latest line

  // found.comment(), found.type(name) and found.retry(milliseconds) are called for what
  // EventSource does not report.
  constructor(log, found) {
    this.#log = log;
    this.#found = found;
    this.begin();
  }

  // begin starts over, for a new connection.
  begin() {
    this.#frame = this.#last = null;
    this.#lines = new LineReader({
      content: (text) => this.#frameNow().text(text),
      line: (line, end) => this.#line(line, end),
      straggler: (end) => this.#last?.tail(end),
    });
  }

  push(text) {
    this.#log.change(() => this.#lines.push(text));
  }

  // end shows how the connection ended. A frame without its blank line is lost.
  end(reason, trouble) {
    this.#log.change(() => this.#frame?.close('cut off before its blank line: a browser drops it', true));
    this.#frame = null;
    this.#log.add(note(reason, trouble));
  }

  #frameNow() {
    if (this.#frame === null) {
      this.#frame = new Frame();
      this.#log.add(this.#frame.row);
    }
    return this.#frame;
  }

  #line(line, end) {
    const parsed = parseLine(line);
    const frame = this.#frameNow();
    frame.endLine(parsed, end);
    this.#last = frame;
    if (parsed.kind === 'comment') this.#found.comment();
    if (parsed.kind === 'field' && parsed.name === 'event' && parsed.value) this.#found.type(parsed.value);
    if (parsed.kind === 'field' && parsed.name === 'retry') this.#found.retry(Number(parsed.value));
    if (parsed.kind !== 'blank') return;
    frame.close(frame.verdict());
    this.#frame = null;
  }
}

// Frame is one row: its lines, and what a browser does with them.
class Frame {
  row = element('li', 'frame open');
  #body = element('div', 'lines');
  #line = null;
  #room = shownAtMost;
  #hidden = null;
  #fields = 0;
  #data = 0;

  constructor() {
    this.row.append(timeStamp(), this.#body);
  }

  text(text) {
    if (this.#line === null) {
      this.#line = element('div', 'line');
      this.#body.append(this.#line);
    }
    this.#line.append(...visible(text.slice(0, this.#room)));
    this.#hide(text.length - this.#room);
    this.#room = Math.max(0, this.#room - text.length);
  }

  endLine(parsed, end) {
    this.text(end);
    this.#line.classList.add(parsed.kind);
    if (parsed.kind === 'ignored') this.#line.append(element('span', 'sse-verdict', 'ignored: a browser does not accept this field'));
    if (parsed.kind === 'comment') this.#line.append(element('span', 'sse-verdict', parsed.value ? 'comment: EventSource does not report it' : 'heartbeat: the server is there, and EventSource does not report it'));
    if (parsed.kind === 'field') this.#fields++;
    if (parsed.kind === 'field' && parsed.name === 'data') this.#data++;
    this.#line = null;
  }

  // tail adds a character to the last line.
  tail(text) {
    const line = this.#body.lastElementChild;
    const verdict = line.querySelector('.sse-verdict');
    visible(text).forEach((part) => line.insertBefore(part, verdict));
  }

  // verdict says what EventSource does with the whole frame, if it is not an event.
  verdict() {
    if (this.#data > 0) return '';
    if (this.#fields > 0) return 'no data field: no event';
    return '';
  }

  close(verdict, trouble = false) {
    this.row.classList.remove('open');
    if (verdict) this.row.append(element('p', trouble ? 'sse-verdict trouble' : 'sse-verdict', verdict));
  }

  #hide(count) {
    if (count <= 0) return;
    this.#hidden ??= this.row.appendChild(element('p', 'sse-verdict'));
    this.#hidden.dataset.count = Number(this.#hidden.dataset.count ?? 0) + count;
    this.#hidden.textContent = `characters not shown: ${this.#hidden.dataset.count}`;
  }
}
