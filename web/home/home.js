// The home page follows along: a stream tells of each update, and the page asks for
// itself again and takes over the parts that have changed. What is folded open, and
// where the keyboard is, stays. (harness/site is the server)

const retryMilliseconds = 2000;
const lost = document.getElementById('lost');

let source = null;
let retry = 0;
let wanted = shown(); // the version that the server has
let busy = false; // this page is being asked for

function shown() {
  return document.body.dataset.version;
}

// connect opens the stream. A page that nobody sees has none: a browser has six
// connections to a server, and tabs that are left open would use them up.
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
    say(lost, 'The server of this page does not answer. Is it still running? go run ./harness serve');
    if (source.readyState === EventSource.CLOSED) retry = setTimeout(connect, retryMilliseconds);
  });
}

// follow asks for the page until it shows what is wanted, once at a time.
async function follow() {
  if (busy) return;
  busy = true;
  try {
    while (shown() !== wanted) {
      const before = wanted;
      const response = await fetch(location.href);
      take(new DOMParser().parseFromString(await response.text(), 'text/html'));
      // Newer than wanted is as good: its own event is still to come.
      if (wanted === before) wanted = shown();
    }
  } catch {
    // The server has gone, which the stream says; the next one asks again.
  }
  busy = false;
}

// take takes over what has changed from the page as it is now.
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

// same compares two parts without what their reader has folded open.
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

// say changes a text that a screen reader reads out, and only when it differs.
function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

// markScrollers lets the keyboard reach what scrolls sideways.
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
