// The home page updates itself: a stream announces each update, and the page fetches
// itself again and replaces the parts that changed. Open sections stay open, and the
// keyboard focus stays where it is. (harness/site is the server)

const retryMilliseconds = 2000;
const lost = document.getElementById('lost');

let source = null;
let retry = 0;
let wanted = shown(); // the server's version
let busy = false; // this page is being fetched

function shown() {
  return document.body.dataset.version;
}

// connect opens the stream. A hidden page has none: a browser has six connections to
// a server, and tabs left open would use them up.
function connect() {
  clearTimeout(retry);
  source?.close();
  source = null;
  if (document.hidden) return;
  source = new EventSource('/events');
  source.addEventListener('update', (event) => {
    say(lost, '');
    wanted = event.lastEventId;
    follow();
  });
  source.addEventListener('error', () => {
    say(lost, 'The server of this page does not answer. Is it still running? To start it: go run ./harness serve');
    if (source.readyState === EventSource.CLOSED) retry = setTimeout(connect, retryMilliseconds);
  });
}

// follow fetches the page until it shows the wanted version, one fetch at a time.
async function follow() {
  if (busy) return;
  busy = true;
  try {
    while (shown() !== wanted) {
      const before = wanted;
      const response = await fetch(location.href);
      take(new DOMParser().parseFromString(await response.text(), 'text/html'));
      // A newer version is fine too: its own event is still to come.
      if (wanted === before) wanted = shown();
    }
  } catch {
    // The server is gone, which the stream reports; the next stream fetches again.
  }
  busy = false;
}

// take replaces what changed with the parts of the new page.
function take(page) {
  document.title = page.title;
  document.body.dataset.version = page.body.dataset.version;
  for (const part of document.querySelectorAll('[data-live]')) {
    const fresh = page.getElementById(part.id);
    if (fresh && !same(part, fresh)) replace(part, fresh);
  }
  const verdict = document.getElementById('verdict');
  const fresh = page.getElementById('verdict');
  if (verdict && fresh) {
    say(verdict, fresh.textContent);
    verdict.dataset.state = fresh.dataset.state;
  }
  markScrollers();
}

// same compares two parts, whichever sections are open.
function same(part, fresh) {
  const copy = part.cloneNode(true);
  for (const details of copy.querySelectorAll('details[open]')) details.open = false;
  for (const pre of copy.querySelectorAll('pre[tabindex]')) pre.removeAttribute('tabindex');
  return copy.innerHTML === fresh.innerHTML;
}

// replace puts the fresh content into a part.
function replace(part, fresh) {
  const open = new Set([...part.querySelectorAll('details[open]')].map((details) => details.dataset.key));
  const focused = part.contains(document.activeElement) ? document.activeElement : null;
  const key = focused?.closest('details')?.dataset.key;
  const href = focused?.getAttribute('href');
  part.replaceChildren(...fresh.childNodes);
  for (const details of part.querySelectorAll('details')) {
    details.open = open.has(details.dataset.key);
    if (key && details.dataset.key === key) details.querySelector('summary').focus();
  }
  if (href) [...part.querySelectorAll('a')].find((link) => link.getAttribute('href') === href)?.focus();
}

// say changes a text that a screen reader reads out, but only if it differs.
function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

// markScrollers makes code that scrolls sideways reachable by keyboard.
function markScrollers() {
  for (const pre of document.querySelectorAll('pre')) {
    if (pre.scrollWidth > pre.clientWidth) pre.tabIndex = 0;
    else pre.removeAttribute('tabindex');
  }
}

const origin = document.getElementById('origin');
if (origin) origin.textContent = location.origin;
markScrollers();
addEventListener('resize', markScrollers);
document.addEventListener('visibilitychange', connect);
connect();
