// The home page updates itself: a stream announces each update, and the page fetches
// itself again and replaces the parts that changed. Open sections stay open, and the
// keyboard focus stays where it is. (harness/site is the server)

const retryMilliseconds = 2000;
const copiedMilliseconds = 2000;
const openedKey = `open ${location.pathname}`;
const opened = new Set(remembered()); // the keys of the open sections
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
    say(lost, 'The server of this page does not answer. Is it still running? To start it: go run ./harness watch');
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
  for (const button of copy.querySelectorAll('.copy')) button.textContent = 'Copy';
  return copy.innerHTML === fresh.innerHTML;
}

// replace puts the fresh content into a part.
function replace(part, fresh) {
  const focused = part.contains(document.activeElement) ? document.activeElement : null;
  const key = focused?.closest('details')?.dataset.key;
  const href = focused?.getAttribute('href');
  part.replaceChildren(...fresh.childNodes);
  openAgain(part);
  if (key) [...part.querySelectorAll('details')].find((details) => details.dataset.key === key)?.querySelector('summary').focus();
  if (href) [...part.querySelectorAll('a')].find((link) => link.getAttribute('href') === href)?.focus();
}

// openAgain opens the sections that the reader has opened on this page. Those of a step stay open while the code does not
// compile and the step is not shown, and when the page is loaded again.
function openAgain(part) {
  for (const details of part.querySelectorAll('details[data-key]')) details.open = opened.has(details.dataset.key);
}

// remember keeps which sections are open, in this tab.
function remember(details) {
  markScrollers(); // what was folded had no width
  if (!details.isConnected || !details.dataset.key) return;
  if (details.open) opened.add(details.dataset.key);
  else opened.delete(details.dataset.key);
  try {
    sessionStorage.setItem(openedKey, JSON.stringify([...opened]));
  } catch {
    // A browser that stores nothing forgets them on a reload.
  }
}

// remembered returns which sections were open when the page was left.
function remembered() {
  try {
    return JSON.parse(sessionStorage.getItem(openedKey)) ?? [];
  } catch {
    return [];
  }
}

// copy copies the code before the button.
async function copy(button) {
  let said = 'Copied';
  try {
    await navigator.clipboard.writeText(button.previousElementSibling.textContent.trim());
  } catch {
    said = 'Not copied';
  }
  button.textContent = said;
  setTimeout(() => { button.textContent = 'Copy'; }, copiedMilliseconds);
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
openAgain(document);
markScrollers();
addEventListener('resize', markScrollers);
document.addEventListener('toggle', (event) => remember(event.target), true); // it does not bubble
document.addEventListener('click', (event) => {
  const button = event.target.closest('.copy');
  if (button) copy(button);
});
document.addEventListener('visibilitychange', connect);
connect();
