// @ts-check

// What the events that a server sends about its own stream mean, in words.

// types are the types of these events (lessons 08 and 10).
export const types = ['start', 'reset', 'gap'];

// meaning returns { text, trouble } for such an event, or null for any other.
export function meaning(type, data) {
  switch (type) {
    case 'start':
      return { text: 'The server keeps a log. If the connection is lost, the browser comes back with this id, and gets what came after it.', trouble: false };
    case 'reset':
      return { text: 'The server no longer has what came after the id that the browser sent: events are missing before this one.', trouble: true };
    case 'gap':
      return { text: `${count(data)} missing here, because this page did not read fast enough.`, trouble: true };
    default:
      return null;
  }
}

function count(data) {
  if (!/^[1-9][0-9]{0,14}$/.test(data)) return 'Events are';
  return data === '1' ? '1 event is' : `${Number(data).toLocaleString('en')} events are`;
}
