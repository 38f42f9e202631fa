import assert from 'node:assert/strict';
import { test } from 'node:test';
import { errorOf, readCancellation, readNotification, readRequest, resultOf } from './jsonrpc.js';

test('a request has a version, a method and an id', () => {
  const request = { jsonrpc: '2.0', id: '7', method: 'double', params: 21 };
  assert.deepEqual(readRequest(JSON.stringify(request)), request);
  assert.deepEqual(readRequest('{"jsonrpc":"2.0","id":0,"method":""}'), { jsonrpc: '2.0', id: 0, method: '' });
  for (const other of [
    '', 'no JSON', 'null', '[]', '1', '"x"',
    '{"jsonrpc":"1.0","id":"7","method":"double"}',
    '{"jsonrpc":"2.0","id":"7"}',
    '{"jsonrpc":"2.0","id":"7","method":3}',
    '{"jsonrpc":"2.0","method":"double"}',
    '{"jsonrpc":"2.0","id":null,"method":"double"}',
    '{"jsonrpc":"2.0","id":{},"method":"double"}',
  ]) assert.equal(readRequest(other), null, other);
});

test('a cancellation names a request', () => {
  const cancellation = (params) => JSON.stringify({ jsonrpc: '2.0', method: 'notifications/cancelled', params });
  assert.deepEqual(readCancellation(cancellation({ requestId: '7', reason: 'late' })), { id: '7', reason: 'late' });
  assert.deepEqual(readCancellation(cancellation({ requestId: 0 })), { id: 0, reason: undefined });
  for (const other of ['', 'null', '{}', cancellation(undefined), cancellation({}), cancellation({ requestId: null }),
    '{"jsonrpc":"2.0","method":"notifications/other","params":{"requestId":"7"}}']) {
    assert.equal(readCancellation(other), null, other);
  }
});

test('a notification has a version, a method and no id', () => {
  assert.deepEqual(readNotification('{"jsonrpc":"2.0","method":"news"}'), { jsonrpc: '2.0', method: 'news' });
  for (const other of ['', 'null', '{}', '{"method":"news"}', '{"jsonrpc":"2.0","method":7}', '{"jsonrpc":"2.0","id":null,"method":"news"}', '{"jsonrpc":"2.0","id":"7","method":"news"}']) {
    assert.equal(readNotification(other), null, other);
  }
});

test('a result stays as it was typed', () => {
  assert.equal(resultOf('7', '{"n": 1.0}'), '{"jsonrpc":"2.0","id":"7","result":{"n": 1.0}}');
  assert.deepEqual(JSON.parse(resultOf('"\\', 'null')), { jsonrpc: '2.0', id: '"\\', result: null });
});

test('an error has its code and message', () => {
  assert.deepEqual(JSON.parse(errorOf(7, -32601, 'no "such" method')),
    { jsonrpc: '2.0', id: 7, error: { code: -32601, message: 'no "such" method' } });
});
