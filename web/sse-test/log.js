// @ts-check

// Log is a log on the page: rows are added at the end, the oldest are dropped, and
// the view follows the end unless the user has scrolled away from it.

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

  // change runs edit, which adds rows or makes one grow.
  change(edit) {
    this.#stayAtEnd();
    edit();
  }

  clear() {
    this.#list.replaceChildren();
  }

  // pause holds the view in place; rows are still added.
  pause(paused) {
    this.#paused = paused;
    if (!paused) this.#toEnd();
  }

  // The first change in a frame checks whether the view is at the end, before anything
  // moves; the next frame scrolls there. So a thousand rows cost one layout.
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

// timeStamp makes an element with the arrival time, to the millisecond, in local time.
export function timeStamp(date = new Date()) {
  const pad = (n, width = 2) => String(n).padStart(width, '0');
  const clock = `${pad(date.getHours())}:${pad(date.getMinutes())}:${pad(date.getSeconds())}`;
  const made = element('time', '', clock, element('span', 'ms', `.${pad(date.getMilliseconds(), 3)}`));
  made.dateTime = date.toISOString();
  return made;
}

// note makes a row for a message from the page itself.
export function note(text, trouble = false) {
  return element('li', trouble ? 'note trouble' : 'note', timeStamp(), element('p', '', ...readable(text)));
}
