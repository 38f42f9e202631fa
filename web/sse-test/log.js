// @ts-check

// Log is a log on the page: rows are added at the end, the oldest fall off, and
// the view stays at the end as long as the reader is there.

import { element } from '../shared/dom.js';
import { readable } from '../shared/visible.js';

const limit = 500;

export class Log {
  #list;
  #framePending = false;
  #paused = false;

  constructor(list) {
    this.#list = list;
  }

  // add appends a row and drops the oldest beyond the limit.
  add(row) {
    this.change(() => {
      this.#list.append(row);
      while (this.#list.children.length > limit) this.#list.firstElementChild.remove();
    });
  }

  // change runs edit, which makes rows or lets one grow.
  change(edit) {
    this.#stayAtEnd();
    edit();
  }

  clear() {
    this.#list.replaceChildren();
  }

  // pause holds the view where it is; rows go on being added.
  pause(paused) {
    this.#paused = paused;
    if (!paused) this.#toEnd();
  }

  // The first change of a frame asks whether the reader is at the end, before
  // anything has moved; the frame's end goes there. So a thousand rows cost one layout.
  #stayAtEnd() {
    if (this.#framePending) return;
    this.#framePending = true;
    const { scrollHeight, scrollTop, clientHeight } = this.#list;
    const atEnd = scrollHeight - scrollTop - clientHeight < 8;
    requestAnimationFrame(() => {
      this.#framePending = false;
      if (atEnd && !this.#paused) this.#toEnd();
    });
  }

  #toEnd() {
    this.#list.scrollTop = this.#list.scrollHeight;
  }
}

// timeStamp makes the time of arrival, to the millisecond, in local time.
export function timeStamp(date = new Date()) {
  const pad = (n, width = 2) => String(n).padStart(width, '0');
  const clock = `${pad(date.getHours())}:${pad(date.getMinutes())}:${pad(date.getSeconds())}`;
  const made = element('time', '', clock, element('span', 'ms', `.${pad(date.getMilliseconds(), 3)}`));
  made.dateTime = date.toISOString();
  return made;
}

// note makes a row in which the page itself says something.
export function note(text, trouble = false) {
  return element('li', trouble ? 'note trouble' : 'note', timeStamp(), element('p', '', ...readable(text)));
}
