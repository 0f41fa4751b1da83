// Two people in two browsers talk through the broker, whatever happens between them.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Broker } from '../integration/lib/broker.mjs';
import { Device } from '../integration/lib/rest.mjs';
import { until } from '../integration/lib/wait.mjs';
import { Person, launch, phone } from './lib/person.mjs';

describe('chat in the browser', { timeout: 300_000 }, () => {
  let browser;
  let broker;
  let ada, bob;
  const said = [];
  const say = async (person, text) => {
    await person.say(text);
    said.push(text);
  };
  const bothSee = () => Promise.all([ada.sees(said), bob.sees(said)]);

  before(async () => {
    broker = await Broker.start({ args: ['--anonymous'] });
    const host = await new Device(broker.url).register('host');
    for (const name of ['offline', 'restart', 'reload', 'phone']) await host.must(201, 'POST', '/rooms', { name });
    browser = await launch();
    [ada, bob] = [await Person.enter(browser, broker), await Person.enter(browser, broker)];
    await ada.register('ada');
    await bob.register('bob');
  });
  after(async () => {
    await ada?.leave();
    await bob?.leave();
    await browser?.close();
    await broker?.stop();
  });

  it('one makes a room, the other joins, they talk', async () => {
    await ada.button('New room').click();
    await ada.page.getByLabel('Room name').fill('garden');
    await ada.button('Create room').click();
    await ada.isIn('garden');
    await bob.open('garden');
    await bob.button('Join room').click();
    await bob.page.getByRole('link', { name: 'garden' }).waitFor();
    for (let i = 1; i <= 3; ++i) {
      await say(ada, `ada says ${i}`);
      await bob.row(`ada says ${i}`).waitFor();
      await say(bob, `bob says ${i}`);
      await ada.row(`bob says ${i}`).waitFor();
    }
    await bothSee();
  });

  it('markup stays text', async () => {
    await say(ada, '<img src=x onerror="document.title=1"> & <b>bold</b>');
    await bothSee();
    assert.notEqual(await bob.page.title(), '1');
  });

  it('an edit and a deletion reach the other', async () => {
    await say(ada, 'a mitsake');
    await say(ada, 'not for you');
    await bothSee();
    await ada.row('a mitsake').hover();
    await ada.button('Edit').click();
    const box = ada.page.getByRole('textbox', { name: 'Edit message' });
    await box.fill('a mistake');
    await box.press('Enter');
    await bob.row('a mistake').waitFor();
    await ada.row('not for you').hover();
    await ada.button('More').click();
    await ada.page.getByRole('menuitem', { name: 'Delete' }).click();
    await ada.page.getByRole('dialog').getByRole('button', { name: 'Delete', exact: true }).click();
    for (const person of [ada, bob]) {
      await person.row('deleted this message').waitFor();
      await until(async () => (await person.row('not for you').count()) === 0, 'the deleted text is gone');
    }
    assert.equal(await bob.row('a mitsake').count(), 0);
  });

  it('one goes offline, writes, and comes back: both end with the same log', async () => {
    await Promise.all([ada.open('offline'), bob.open('offline')]);
    said.length = 0;
    await say(ada, 'before');
    await bothSee();
    bob.proxy.set('closed');
    await bob.page
      .getByRole('status')
      .filter({ hasText: /Reconnecting|Connecting/ })
      .first()
      .waitFor();
    await say(ada, 'bob cannot see this yet');
    await ada.sees(said);
    for (const text of ['written offline 1', 'written offline 2', 'written offline 3']) await say(bob, text);
    await until(async () => (await bob.messages()).filter(({ state }) => state === 'sending').length === 3, 'three wait');
    bob.proxy.set('open');
    await bob
      .button('Retry now')
      .click({ timeout: 2_000 })
      .catch(() => {}); // it may have come back by itself
    await bothSee();
  });

  it('the broker restarts under them', async () => {
    await Promise.all([ada.open('restart'), bob.open('restart')]);
    said.length = 0;
    await say(ada, 'first life');
    await bothSee();
    await broker.stop();
    await say(bob, 'while it is down');
    broker = await broker.again({ args: ['--anonymous'] });
    await bothSee();
    await say(ada, 'second life');
    await bothSee();
    await broker.kill();
    await say(ada, 'after a crash');
    broker = await broker.again({ args: ['--anonymous'] });
    await bothSee();
  });

  it('a reload keeps what was not sent, and sends it in order, once', async () => {
    await Promise.all([ada.open('reload'), bob.open('reload')]);
    said.length = 0;
    await say(bob, 'hello');
    await bothSee();
    ada.proxy.set('no-websocket');
    for (let i = 1; i <= 5; ++i) await say(ada, `unsent ${i}`);
    await until(async () => (await ada.messages()).filter(({ state }) => state === 'sending').length === 5, 'five wait');
    await ada.page.reload();
    await ada.isIn('reload');
    let texts;
    await until(
      async () => JSON.stringify((texts = await ada.texts())) === JSON.stringify(said),
      () => `they are still there after the reload: ${JSON.stringify(texts)}`,
    );
    assert.deepEqual(await bob.texts(), ['hello']);
    ada.proxy.set('open');
    await ada
      .button('Retry now')
      .click({ timeout: 2_000 })
      .catch(() => {});
    await bothSee();
  });

  it('unread counts while one is elsewhere, and goes when one looks', async () => {
    await bob.open('restart');
    await ada.open('garden');
    for (let i = 1; i <= 3; ++i) await ada.say(`unread ${i}`);
    await bob.page.getByRole('link', { name: 'garden, 3 unread' }).waitFor();
    await bob.page.getByRole('link', { name: 'garden, 3 unread' }).click();
    await bob.row('unread 3').waitFor();
    await bob.page.getByRole('separator', { name: 'New messages' }).waitFor();
    await bob.page.getByRole('link', { name: 'garden', exact: true }).waitFor();
  });

  it('on a phone: one column at a time, no sideways scrolling, a guest can talk', async () => {
    const guest = await Person.enter(browser, broker, phone);
    guest.name = 'guest';
    await guest.button('Continue as guest').tap();
    await guest.page.evaluate(() => (location.hash = '#/r/phone'));
    await guest.isIn('phone');
    await guest.composer().fill('from a phone');
    await guest.button('Send').tap();
    await guest.sees(['from a phone']);
    await guest.row('from a phone').getByText('guest', { exact: true }).waitFor();
    const widths = await guest.page.evaluate(() => [document.documentElement.scrollWidth, window.innerWidth]);
    assert.ok(widths[0] <= widths[1], `the page is ${widths[0]} wide on a screen of ${widths[1]}`);
    const box = await guest.composer().boundingBox();
    assert.ok(box.y + box.height <= 844, 'the composer is on the screen');
    await guest.button('Back to rooms').tap();
    await guest.page.getByRole('navigation', { name: 'Rooms' }).waitFor();
    await guest.leave();
  });

  it('signing out ends the session; a wrong password says so', async () => {
    const carol = await Person.enter(browser, broker);
    await carol.register('carol');
    await carol.page.getByRole('button', { name: 'Account of carol' }).click();
    await carol.page.getByRole('menuitem', { name: 'Sign out' }).click();
    await carol.page.getByRole('heading', { name: 'Sign in to Parley' }).waitFor();
    await carol.signIn('carol', 'not her password');
    await carol.page.getByRole('alert').filter({ hasText: 'not right' }).waitFor();
    await carol.signIn('carol');
    await carol.page.getByRole('button', { name: 'Account of carol' }).waitFor();
    await carol.leave();
  });
});
