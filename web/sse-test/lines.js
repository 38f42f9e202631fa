// @ts-check

// Lines of an event stream, cut and read as the WHATWG HTML standard says
// (section "Server-sent events", "Parsing an event stream").

// LineReader cuts text into lines at LF, CR or CRLF, even if a chunk ends between
// the CR and its LF.
export class LineReader {
  #line = '';
  #afterCR = false;
  #atStart = true;
  #sink;

  // sink.content(text) gets part of a line, sink.line(line, end) a whole line with its
  // line ending, and sink.straggler(end) an LF whose CR came in an earlier chunk.
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
    // A byte order mark at the very start is not part of the first line.
    if (this.#atStart) content = content.replace(/^\uFEFF/, '');
    this.#atStart = false;
    // The page needs only names and short values, so it keeps only so much of a line.
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

// parseLine returns how a browser reads a line: kind is blank, comment, field, or
// ignored, for a field that it does not know or whose value it does not accept.
export function parseLine(line) {
  if (line === '') return { kind: 'blank' };
  const colon = line.indexOf(':');
  if (colon === 0) return { kind: 'comment', value: line.slice(1).trim() };
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
