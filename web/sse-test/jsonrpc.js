// @ts-check

// The messages of JSON-RPC 2.0 that this page reads and writes.

import { parsed } from './post.js';

// readRequest returns the request in an event's data, or null.
export function readRequest(data) {
  const message = parsed(data);
  const isRequest = message?.jsonrpc === '2.0' && typeof message.method === 'string' && isID(message.id);
  return isRequest ? message : null;
}

// readNotification returns the notification in an event's data, or null.
export function readNotification(data) {
  const message = parsed(data);
  return message?.jsonrpc === '2.0' && typeof message.method === 'string' && message.id === undefined ? message : null;
}

// readCancellation returns { id, reason } of a notification that a request was
// cancelled, or null for any other.
export function readCancellation(data) {
  const message = parsed(data);
  const params = message?.params;
  if (message?.method !== 'notifications/cancelled' || !isID(params?.requestId)) return null;
  return { id: params.requestId, reason: params.reason };
}

// resultOf returns the response with a result, which is JSON text and sent unchanged.
export function resultOf(id, text) {
  return `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":${text}}`;
}

// errorOf returns the response that says why there is no result.
export function errorOf(id, code, message) {
  return JSON.stringify({ jsonrpc: '2.0', id, error: { code, message } });
}

function isID(value) {
  return typeof value === 'string' || typeof value === 'number';
}
