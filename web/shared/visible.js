// @ts-check

// Text from a peer, with all that would not be seen in it or would move other text
// about: controls, marks of direction and other format characters, and line
// separators that are none to an event stream.

import { element } from './dom.js';

const unseen = /([\p{Cc}\p{Cf}\p{Zl}\p{Zp}])/u;
const names = { '\0': 'NUL', '\t': 'TAB', '\n': 'LF', '\r': 'CR', '\ufeff': 'BOM' };

// visible gives text as nodes, with a sign for each character that has no look of
// its own. The characters in kept stay as they are.
export function visible(text, kept = '') {
  const isSign = (part) => unseen.test(part) && !kept.includes(part);
  return text.split(unseen).filter(Boolean).map((part) => (isSign(part) ? sign(part) : part));
}

// readable is visible with the lines and columns of the text.
export function readable(text) {
  return visible(text, '\n\t');
}

// escaped gives text as a string, for places that take no nodes. The escapes are
// those of JSON, so JSON stays what it is.
export function escaped(text) {
  return text.replace(new RegExp(unseen, 'gu'), (character) => [...Array(character.length).keys()]
    .map((i) => `\\u${character.charCodeAt(i).toString(16).padStart(4, '0')}`).join(''));
}

function sign(character) {
  const code = character.codePointAt(0).toString(16).toUpperCase().padStart(4, '0');
  return element('span', 'control', names[character] ?? `U+${code}`);
}
