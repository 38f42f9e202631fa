// @ts-check

// JSONField is a text area for JSON, with a message below it that says what is wrong.

import { element } from '../shared/dom.js';

let made = 0; // gives each field its own id

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

  // text returns what was typed, or null if it is not valid JSON; then the field says so.
  // An optional field may be empty.
  text() {
    if (this.#isOptional && this.#area.value.trim() === '') return '';
    try {
      JSON.parse(this.#area.value);
    } catch (error) {
      this.#say(`This is not valid JSON: ${error.message}`);
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
