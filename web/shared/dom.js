// @ts-check

// The functions that all pages make elements with.

// element makes an element of a class with children. Strings become text, never
// markup: what a stream sends cannot be trusted.
export function element(tag, className, ...children) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  made.append(...children);
  return made;
}

// svg makes an element of a drawing.
export function svg(tag, attributes = {}) {
  return set(document.createElementNS('http://www.w3.org/2000/svg', tag), attributes);
}

// set gives an element attributes, and returns it.
export function set(made, attributes) {
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}
