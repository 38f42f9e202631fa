import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';
import { parsed, post, said, saidProblem } from './post.js';

let server;
let url;
const requests = [];

before(async () => {
  server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => { body += chunk; });
    request.on('end', () => {
      requests.push([request.method, request.headers['content-type'], body]);
      response.writeHead(404, { 'Content-Type': 'application/problem+json' });
      response.end('{"status":404,"title":"Not Found","detail":"no such session"}');
    });
  });
  await new Promise((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  url = `http://127.0.0.1:${server.address().port}/`;
});

after(() => server.close());

test('post sends JSON as it is, and tells what came back', async () => {
  const reply = await post(url, '{"a": 1.0}');
  assert.deepEqual(requests, [['POST', 'application/json', '{"a": 1.0}']]);
  assert.equal(reply.status, 404);
  assert.ok(Number.isInteger(reply.took) && reply.took >= 0, `took ${reply.took}`);
  assert.equal(said(reply), '404 Not Found: no such session');
});

test('without a server, post says so and does not reject', async () => {
  const gone = createServer();
  await new Promise((resolve) => { gone.listen(0, '127.0.0.1', resolve); });
  const { port } = gone.address();
  await new Promise((resolve) => { gone.close(resolve); });
  const reply = await post(`http://127.0.0.1:${port}/`, '{}');
  assert.equal(reply.status, 0);
  assert.match(said(reply), /^No response: .*CORS/);
});

test('a reply in words', () => {
  assert.equal(said({ status: 202, type: '', text: '' }), '202 Accepted');
  assert.equal(said({ status: 500, type: 'text/plain', text: 'oh' }), '500');
  assert.equal(said({ status: 500, type: 'application/problem+json', text: 'no JSON' }), '500');
  assert.equal(saidProblem({ status: 409, title: 'Conflict', detail: 'late' }), '409 Conflict: late');
});

test('what is no JSON is null', () => {
  assert.equal(parsed('{'), null);
  assert.deepEqual(parsed('[1]'), [1]);
});
