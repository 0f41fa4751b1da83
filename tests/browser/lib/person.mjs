// A person in front of a browser: everything is found by its role and name, as a person or a screen reader finds it.
import assert from 'node:assert/strict';
import { chromium } from 'playwright-core';
import { until } from '../../integration/lib/wait.mjs';
import { Proxy } from './proxy.mjs';

export async function launch() {
  return chromium.launch({
    executablePath: process.env.PARLEY_CHROMIUM ?? '/usr/bin/chromium',
    args: [
      '--headless',
      ...(process.getuid() === 0 ? ['--no-sandbox'] : []),
      '--disable-gpu',
      '--disable-quic',
      '--disable-dev-shm-usage',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}

export const desktop = { viewport: { width: 1280, height: 900 } };
export const phone = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };

export class Person {
  static async enter(browser, broker, options = desktop) {
    const person = new Person();
    person.proxy = await Proxy.start(broker.port);
    person.context = await browser.newContext(options);
    person.page = await person.context.newPage();
    person.page.setDefaultTimeout(15_000);
    person.problems = [];
    person.page.on('pageerror', (error) => person.problems.push(String(error)));
    await person.page.goto(person.proxy.url);
    return person;
  }

  button(name) {
    return this.page.getByRole('button', { name, exact: true });
  }

  async register(name, password = `password of ${name}`) {
    this.name = name;
    await this.button('Create an account').click();
    await this.page.getByLabel('Name', { exact: true }).fill(name);
    await this.page.getByLabel('Password', { exact: true }).fill(password);
    await this.button('Create account').click();
    await this.page.getByRole('button', { name: `Account of ${name}` }).waitFor();
  }

  async signIn(name, password = `password of ${name}`) {
    this.name = name;
    await this.page.getByLabel('Name', { exact: true }).fill(name);
    await this.page.getByLabel('Password', { exact: true }).fill(password);
    await this.button('Sign in').click();
  }

  async asGuest() {
    await this.button('Continue as guest').click();
    await this.page.getByRole('button', { name: /^Account of/ }).waitFor();
  }

  async open(room) {
    await this.page.evaluate((hash) => (location.hash = hash), `#/r/${encodeURIComponent(room)}`);
    await this.isIn(room);
  }

  // The room stands there, loaded. An empty one has no log, but says so.
  async isIn(room) {
    await this.page.getByRole('heading', { level: 1, name: room }).waitFor();
    await this.page
      .getByRole('log', { name: `Messages in ${room}` })
      .or(this.page.getByText(`This is the beginning of ${room}`))
      .waitFor();
  }

  composer() {
    return this.page.getByRole('textbox', { name: 'Message', exact: true });
  }

  async say(text) {
    await this.composer().fill(text);
    await this.composer().press('Enter');
  }

  // The messages of the open room, as they stand on the screen from top to bottom.
  messages() {
    return this.page.evaluate(() =>
      [...document.querySelectorAll('[role=log] article')].map((row) => ({
        seq: Number(row.dataset.seq ?? 0),
        cid: row.dataset.cid,
        state: row.dataset.state,
        text: row.querySelector('.message-body').innerText.trim(),
      })),
    );
  }

  async texts() {
    return (await this.messages()).map(({ text }) => text);
  }

  // Until exactly these messages stand there, in this order, all of them sent.
  async sees(expected) {
    let last;
    await until(
      async () => {
        last = await this.messages();
        return (
          JSON.stringify(last.map(({ text }) => text)) === JSON.stringify(expected) && last.every(({ state }) => state === 'sent')
        );
      },
      () => `${this.name} sees ${JSON.stringify(expected)}, not ${JSON.stringify(last)}`,
      { timeout: 20_000, every: 50 },
    );
    const seqs = last.map(({ seq }) => seq);
    assert.deepEqual(
      seqs,
      [...new Set(seqs)].sort((a, b) => a - b),
      'each once, in the order of the log',
    );
  }

  row(text) {
    return this.page.getByRole('log').locator('article').filter({ hasText: text });
  }

  async leave() {
    assert.deepEqual(this.problems, [], `errors in ${this.name}'s page`);
    await this.context.close();
    this.proxy.stop();
  }
}
