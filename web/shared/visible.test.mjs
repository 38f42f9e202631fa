import assert from 'node:assert/strict';
import { test } from 'node:test';
import { escaped } from './visible.js';

test('what cannot be seen is escaped as in JSON, and JSON stays what it is', () => {
  const text = JSON.stringify({ a: 'x\u202ey', b: '\u{E0001}', c: 'ä 😀' });
  const shown = escaped(text);
  assert.equal(shown, '{"a":"x\\u202ey","b":"\\udb40\\udc01","c":"ä 😀"}');
  assert.deepEqual(JSON.parse(shown), JSON.parse(text));
});
