// A trace's page: the steps of a lesson, the red one first, each with what its pairs sent. The page is one file that
// holds everything it needs: in it, this code follows sequence.js and its imports, in one script.

import { element, set } from '../shared/dom.js';
import { readable } from '../shared/visible.js';
import { Sequence } from './sequence.js';

const run = JSON.parse(document.getElementById('trace').textContent);
const place = document.getElementById('steps');

run.steps.forEach((step) => place.append(stepOf(step)));

// stepOf shows a step; its messages are drawn when it is opened.
function stepOf(step) {
  const made = element('details', `page-step ${step.failed ? 'failed' : ''}`);
  const summary = element('summary', '');
  summary.append(...breakable(step.name), ` · ${step.failed ? 'red' : counted(step)}`);
  made.append(summary);
  if (step.message) made.append(set(element('pre', 'page-message', ...readable(step.message)), { tabindex: 0 }));
  let drawn = false;
  const draw = () => {
    if (!drawn) made.append(...drawingsOf(step));
    drawn = true;
  };
  made.addEventListener('toggle', draw);
  if (step.failed) {
    made.open = true;
    draw();
  }
  return made;
}

function drawingsOf(step) {
  if (!step.pairs.length) return [element('p', 'page-hint', 'Nothing went over a wire in this step.')];
  const names = step.pairs.map((pair, i) => pair.part || (step.pairs.length > 1 ? `Pair ${i + 1} of ${step.pairs.length}` : 'On the wire'));
  const order = [...step.pairs.keys()].sort((a, b) => step.pairs[b].failed - step.pairs[a].failed);
  return order.flatMap((i) => {
    const pair = step.pairs[i];
    const parts = [element('h2', '', pair.failed && step.pairs.length > 1 ? `${names[i]} · red` : names[i])];
    if (!pair.messages.length) return [...parts, element('p', 'page-hint', 'Nothing went over this wire.')];
    const room = element('div', '');
    new Sequence(room, pair);
    parts.push(room);
    if (pair.left) parts.push(element('p', 'page-hint', pair.left));
    return parts;
  });
}

// breakable allows a long name to wrap before each of its words.
function breakable(name) {
  return name.split(/(?=[A-Z])/).flatMap((word) => [word, document.createElement('wbr')]);
}

function counted(step) {
  const messages = step.pairs.reduce((n, pair) => n + pair.messages.length, 0);
  return messages === 1 ? '1 message' : `${messages} messages`;
}
