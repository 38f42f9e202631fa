// @ts-check

// post sends JSON as it was typed, and says what came back.

// post resolves to { status, type, text, took }: took in milliseconds, and status 0
// when no response came, with the reason as the text. It never rejects.
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

// unanswered says what a failed fetch may come from; a browser does not tell scripts more.
export function unanswered(error) {
  return `No response: ${error.message}. The server is not there, or it is another origin and does not allow this one (CORS).`;
}

// said is a reply in words: its status, and where it is a problem (RFC 9457) what was wrong.
export function said(reply) {
  if (reply.status === 0) return reply.text;
  if (reply.status === 202) return '202 Accepted';
  const problem = reply.type.startsWith('application/problem+json') ? parsed(reply.text) : null;
  return problem ? saidProblem(problem) : `${reply.status}`;
}

// saidProblem is a problem in words.
export function saidProblem({ status, title, detail }) {
  return `${status} ${title}: ${detail}`;
}

// parsed is the value of a JSON text, or null.
export function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
