// @ts-check

// post sends JSON as it was typed, and returns what came back.

// post resolves to { status, type, text, took }. took is in milliseconds; status is 0
// if no response came, and text is then the reason. It never rejects.
export async function post(url, body) {
  const began = performance.now();
  const reply = await fetched(url, body);
  return { ...reply, took: Math.round(performance.now() - began) };
}

async function fetched(url, body) {
  try {
    const headers = { 'Content-Type': 'application/json' };
    const response = await fetch(url, { method: 'POST', headers, body, cache: 'no-store' });
    const type = response.headers.get('Content-Type') ?? '';
    return { status: response.status, type, text: await response.text() };
  } catch (error) {
    return { status: 0, type: '', text: unanswered(error) };
  }
}

// unanswered says why a fetch may have failed; a browser tells scripts no more than that.
export function unanswered(error) {
  return `No response: ${error.message}. The server cannot be reached, or it is on another origin and does not allow this one (CORS).`;
}

// said returns a reply in words: its status and, for a problem (RFC 9457), what was wrong.
export function said(reply) {
  if (reply.status === 0) return reply.text;
  if (reply.status === 202) return '202 Accepted';
  const problem = reply.type.startsWith('application/problem+json') ? parsed(reply.text) : null;
  return problem ? saidProblem(problem) : `${reply.status}`;
}

// saidProblem returns a problem in words.
export function saidProblem({ status, title, detail }) {
  return `${status} ${title}: ${detail}`;
}

// parsed returns the value of a JSON text, or null.
export function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
