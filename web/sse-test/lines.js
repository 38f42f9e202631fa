// @ts-check

// Lines of an event stream, cut and read as the WHATWG HTML standard does
// (section "Server-sent events", "Parsing an event stream").

// LineReader cuts text into lines at LF, CR or CR LF, also where a chunk ends
// between the CR and its LF.
export class LineReader {
  #line = '';
  #afterCR = false;
  #atStart = true;
  #sink;

  // sink.content(text) gets part of a line, sink.line(line, end) a whole one with
  // the characters that ended it, sink.straggler(end) an LF whose CR came earlier.
  constructor(sink) {
    this.#sink = sink;
  }

  push(text) {
    for (const [, content, end] of text.matchAll(/([^\r\n]*)(\r\n|\r|\n|$)/g)) {
      if (content) this.#content(content);
      if (end) this.#end(end);
    }
  }

  #content(content) {
    this.#afterCR = false;
    this.#sink.content(content);
    // A byte order mark at the very start is no part of the first line.
    if (this.#atStart) content = content.replace(/^\uFEFF/, '');
    this.#atStart = false;
    // The page looks at names and short values only, so a line's memory is bounded.
    if (this.#line.length < 4096) this.#line += content;
  }

  #end(end) {
    if (end === '\n' && this.#afterCR) {
      this.#afterCR = false;
      this.#sink.straggler(end);
      return;
    }
    this.#afterCR = end === '\r';
    this.#atStart = false;
    this.#sink.line(this.#line, end);
    this.#line = '';
  }
}

// parseLine says what a browser makes of a line: kind is blank, comment, field, or
// ignored for a field that it does not know or whose value it does not take.
export function parseLine(line) {
  if (line === '') return { kind: 'blank' };
  const colon = line.indexOf(':');
  if (colon === 0) return { kind: 'comment' };
  const name = colon < 0 ? line : line.slice(0, colon);
  const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
  return { kind: isTaken(name, value) ? 'field' : 'ignored', name, value };
}

function isTaken(name, value) {
  switch (name) {
    case 'data':
    case 'event':
      return true;
    case 'id':
      return !value.includes('\0');
    case 'retry':
      return /^[0-9]+$/.test(value);
    default:
      return false;
  }
}
