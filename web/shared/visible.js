// @ts-check

// Text from a peer, with signs for characters that are invisible or would move other
// text around: controls, direction marks and other format characters, and line
// separators that do not end a line of an event stream.

import { element } from './dom.js';

const unseen = /([\p{Cc}\p{Cf}\p{Zl}\p{Zp}])/u;
const names = { '\0': 'NUL', '\t': 'TAB', '\n': 'LF', '\r': 'CR', '\ufeff': 'BOM' };

// visible returns text as nodes, with a sign for each invisible character. The
// characters in kept stay unchanged.
export function visible(text, kept = '') {
  const isSign = (part) => unseen.test(part) && !kept.includes(part);
  return text.split(unseen).filter(Boolean).map((part) => (isSign(part) ? sign(part) : part));
}

// readable is visible, but keeps line feeds and tabs.
export function readable(text) {
  return visible(text, '\n\t');
}

// escaped returns text as a string, for places that take no nodes. The escapes are
// JSON's, so a JSON text keeps its meaning.
export function escaped(text) {
  return text.replace(new RegExp(unseen, 'gu'), (character) => [...Array(character.length).keys()]
    .map((i) => `\\u${character.charCodeAt(i).toString(16).padStart(4, '0')}`).join(''));
}

function sign(character) {
  const code = character.codePointAt(0).toString(16).toUpperCase().padStart(4, '0');
  return element('span', 'control', names[character] ?? `U+${code}`);
}
