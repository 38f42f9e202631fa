// @ts-check

// JSONField is a text area for JSON, and says beside it what is wrong there.

import { element } from '../shared/dom.js';

let made = 0; // so that each has an id of its own

export class JSONField {
  #area;
  #isOptional;
  #trouble = element('p', 'wrong');

  constructor(area, isOptional = false) {
    this.#area = area;
    this.#isOptional = isOptional;
    this.#trouble.id = `wrong-${++made}`;
    this.#trouble.setAttribute('role', 'alert');
    area.setAttribute('aria-describedby', this.#trouble.id);
    (area.closest('label') ?? area).after(this.#trouble);
    area.addEventListener('input', () => this.#say(''));
  }

  // text returns what was typed, or null when that is no JSON; then the field says so.
  // In an optional field, nothing is fine too.
  text() {
    if (this.#isOptional && this.#area.value.trim() === '') return '';
    try {
      JSON.parse(this.#area.value);
    } catch (error) {
      this.#say(`This is no JSON: ${error.message}`);
      return null;
    }
    return this.#area.value;
  }

  focus() {
    this.#area.focus();
  }

  #say(trouble) {
    this.#trouble.textContent = trouble;
    this.#area.setAttribute('aria-invalid', trouble !== '');
  }
}
