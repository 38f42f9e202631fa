import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LineReader, parseLine } from './lines.js';

// read returns what a LineReader tells of the chunks: lines with their ends, and
// the LFs that came late.
function read(...chunks) {
  const told = [];
  const reader = new LineReader({
    content() {},
    line: (line, end) => told.push([line, end]),
    straggler: (end) => told.push(['late', end]),
  });
  for (const chunk of chunks) reader.push(chunk);
  return told;
}

test('a line ends at LF, CR LF or CR', () => {
  assert.deepEqual(read('a\nb\r\nc\rd\n\n'), [['a', '\n'], ['b', '\r\n'], ['c', '\r'], ['d', '\n'], ['', '\n']]);
});

test('a line without its end is none', () => {
  assert.deepEqual(read('a\nb'), [['a', '\n']]);
});

test('a line may come in any pieces', () => {
  const text = 'data: one\r\ndata: two\n\n';
  const whole = read(text).filter(([line]) => line !== 'late').map(([line]) => line);
  for (let cut = 1; cut < text.length; cut++) {
    const lines = read(text.slice(0, cut), text.slice(cut)).filter(([line]) => line !== 'late').map(([line]) => line);
    assert.deepEqual(lines, whole, `cut at ${cut}`);
  }
});

test('an LF after a CR that came before belongs to it', () => {
  assert.deepEqual(read('a\r', '\nb\n'), [['a', '\r'], ['late', '\n'], ['b', '\n']]);
  assert.deepEqual(read('a\r', 'b\n'), [['a', '\r'], ['b', '\n']]);
});

test('only the first line loses a byte order mark', () => {
  assert.deepEqual(read('\uFEFFa\n\uFEFFb\n'), [['a', '\n'], ['\uFEFFb', '\n']]);
});

test('what is kept of a line is bounded', () => {
  const [[line]] = read(...Array(100).fill('x'.repeat(1000)), '\n');
  assert.ok(line.length < 6000, `${line.length} characters`);
});

test('a line is a field, a comment, blank, or ignored', () => {
  assert.deepEqual(parseLine(''), { kind: 'blank' });
  assert.deepEqual(parseLine(':hi'), { kind: 'comment', value: 'hi' });
  assert.deepEqual(parseLine(': '), { kind: 'comment', value: '' });
  assert.deepEqual(parseLine('data'), { kind: 'field', name: 'data', value: '' });
  assert.deepEqual(parseLine('data:  a:b'), { kind: 'field', name: 'data', value: ' a:b' });
  assert.deepEqual(parseLine('event:x').kind, 'field');
  assert.deepEqual(parseLine('Data: x').kind, 'ignored');
  assert.deepEqual(parseLine(' data: x').kind, 'ignored');
  assert.deepEqual(parseLine('id: a\0b').kind, 'ignored');
  assert.deepEqual(parseLine('id').kind, 'field');
  for (const [value, kind] of [['10', 'field'], ['', 'ignored'], ['-1', 'ignored'], ['1.5', 'ignored'], ['٣', 'ignored']]) {
    assert.equal(parseLine(`retry: ${value}`).kind, kind, `retry: ${value}`);
  }
});
