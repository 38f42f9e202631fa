// Diagram draws messages as arrows between three lanes, the newest at the bottom,
// and tells the same in words for whoever does not see it.

import { element, svg } from '../shared/dom.js';
import { escaped } from '../shared/visible.js';
import { timeStamp } from './rows.js';

const lanes = { trigger: 14, server: 50, page: 86 }; // where each stands, in percent of the width
const laneNames = { trigger: 'trigger', server: 'server', page: 'this page' };
const arrowsAtMost = 20;
const top = 44;
const rowHeight = 32;
const captionAtMost = 15; // characters, which is what a phone has room for between two lanes

export class Diagram {
  #drawing = document.getElementById('diagram');
  #words = document.getElementById('diagram-words');
  #arrows = svg('g');
  #lines = svg('g', { class: 'lanes' });
  #dropped = 0;

  constructor() {
    for (const [lane, x] of Object.entries(lanes)) {
      const name = svg('text', { class: 'lane-name', x: `${x}%`, y: 20 });
      name.textContent = laneNames[lane];
      this.#lines.append(svg('line', { x1: `${x}%`, x2: `${x}%`, y1: 30, y2: '100%' }), name);
    }
    this.#drawing.append(this.#lines, this.#arrows);
    this.#layOut();
  }

  // add draws one message. What would not be seen in its label is escaped. A label that is long is drawn in part; the list has it all. kind is '', 'reply' for the
  // mere status of a POST, or 'trouble'.
  add(from, to, text, kind = '') {
    const label = escaped(text);
    const arrow = svg('g', { class: `arrow ${kind}` });
    arrow.append(shaft(from, to), tip(from, to), caption(from, to, label));
    this.#arrows.append(arrow);
    this.#words.append(element('li', '', timeStamp(), ` ${laneNames[from]} to ${laneNames[to]}: ${label}`));
    if (this.#arrows.children.length > arrowsAtMost) {
      this.#arrows.firstElementChild.remove();
      this.#words.firstElementChild.remove();
      this.#dropped++;
    }
    this.#layOut();
  }

  #layOut() {
    const arrows = [...this.#arrows.children];
    arrows.forEach((arrow, row) => arrow.setAttribute('transform', `translate(0 ${top + rowHeight * (row + 0.5)})`));
    this.#drawing.setAttribute('height', top + rowHeight * Math.max(3, arrows.length + 0.5));
    this.#drawing.setAttribute('aria-label', this.#summary(arrows.length));
  }

  #summary(count) {
    const older = this.#dropped ? `, ${this.#dropped} older ones left out` : '';
    return `Sequence diagram of the lanes trigger, server and this page, with ${count} messages${older}. They follow as a list.`;
  }
}

function shaft(from, to) {
  return svg('line', { x1: `${lanes[from]}%`, x2: `${lanes[to]}%` });
}

// A nested drawing stands at a percentage, and its path is in pixels from there.
function tip(from, to) {
  const back = lanes[to] > lanes[from] ? -9 : 9;
  const made = svg('svg', { x: `${lanes[to]}%`, overflow: 'visible' });
  made.append(svg('path', { d: `M0 0L${back} -4.5V4.5Z` }));
  return made;
}

function caption(from, to, label) {
  const made = svg('text', { x: `${(lanes[from] + lanes[to]) / 2}%`, y: -6 });
  made.textContent = label.length > captionAtMost ? `${label.slice(0, captionAtMost - 1)}…` : label;
  return made;
}
