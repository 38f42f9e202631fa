// Drives a Firefox without a window through WebDriver BiDi: the one at the path that it
// is given, with a profile in the folder that it is given. It reads commands, a line of
// JSON each, as { name, args }, and answers each with a line, { value } or { error }. The
// browser ends with the input, also when the one who was writing has died.

import readline from 'node:readline';
import puppeteer from 'puppeteer-core';

const [executablePath, userDataDir] = process.argv.slice(2);
const endingAtMost = 10000; // milliseconds that the browser may take to end before it is killed
const complaints = []; // the console's warnings and errors
let browser;
let page;

const commands = {
  async open(url, width) {
    try {
      await page.setViewport({ width, height: 800 });
    } catch (error) { // Firefox 140 has the size by then, and no screen to turn
      if (!String(error).includes('setScreenOrientationOverride')) throw error;
    }
    await page.goto(url);
  },
  click: (selector) => page.click(selector),
  value: (expression) => page.evaluate(expression),
  complaints: () => complaints.splice(0),
};

let done = start(); // what was asked up to now, one after the other
const input = readline.createInterface({ input: process.stdin });
input.on('line', (line) => { done = done.then(() => carryOut(JSON.parse(line))); });
input.on('close', end);

async function start() {
  browser = await puppeteer.launch({
    browser: 'firefox',
    executablePath,
    userDataDir,
    headless: true,
    // A proxy that is not there: nothing that a browser likes to ask gets off this machine.
    extraPrefsFirefox: {
      'network.proxy.type': 1,
      'network.proxy.http': '127.0.0.1',
      'network.proxy.http_port': 9,
      'network.proxy.ssl': '127.0.0.1',
      'network.proxy.ssl_port': 9,
      'network.proxy.no_proxies_on': '127.0.0.1, localhost',
    },
  });
  page = await browser.newPage();
  page.on('console', (message) => {
    if (['warn', 'error'].includes(message.type())) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
}

async function carryOut({ name, args }) {
  try {
    print({ value: await commands[name](...args ?? []) });
  } catch (error) {
    print({ error: error.message });
  }
}

function print(line) {
  console.log(JSON.stringify(line));
}

// A process that exits takes the browser along, which puppeteer sees to.
async function end() {
  setTimeout(() => process.exit(1), endingAtMost);
  await browser?.close();
  process.exit(0);
}
