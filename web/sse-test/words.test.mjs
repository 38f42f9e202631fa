import assert from 'node:assert/strict';
import { test } from 'node:test';
import { meaning, types } from './words.js';

test('each of the types has a meaning, and no other has', () => {
  for (const type of types) assert.ok(meaning(type, '').text);
  for (const type of ['message', 'endpoint', 'Gap', '']) assert.equal(meaning(type, '3'), null);
});

test('a gap says how many events are missing, if the server says it', () => {
  for (const [data, begin] of [['1', '1 event is'], ['2', '2 events are'], ['1234', '1,234 events are'], ['', 'Events are'], ['-1', 'Events are'], ['1e9', 'Events are'], ['9'.repeat(400), 'Events are']]) {
    assert.ok(meaning('gap', data).text.startsWith(`${begin} missing here`), data);
  }
});
