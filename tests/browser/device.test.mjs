// A person in a browser and a device that speaks MQTT are in one room.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { after, before, describe, it } from 'node:test';
import { Broker } from '../integration/lib/broker.mjs';
import { until, within } from '../integration/lib/wait.mjs';
import { Person, launch } from './lib/person.mjs';

// A program of Debian's mosquitto-clients; `ended` is its exit code.
function device(program, broker, ...args) {
  const child = spawn('stdbuf', ['-oL', program, '-h', '127.0.0.1', '-p', String(broker.mqttPort), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const running = { child, out: '' };
  child.stdout.on('data', (bytes) => (running.out += bytes));
  running.ended = new Promise((resolve, reject) => child.once('error', reject).once('close', resolve));
  return running;
}

describe('a device and a browser', { timeout: 120_000 }, () => {
  let broker;
  let browser;
  let ada;
  let listener;
  before(async () => {
    broker = await Broker.start({ args: ['--anonymous'] });
    browser = await launch();
    ada = await Person.enter(browser, broker);
    await ada.register('ada');
    await ada.button('New room').click();
    await ada.page.getByLabel('Room name').fill('greenhouse');
    await ada.button('Create room').click();
    await ada.isIn('greenhouse');
  });
  after(async () => {
    listener?.child.kill();
    await ada?.leave();
    await browser?.close();
    await broker?.stop();
  });

  it('what mosquitto_pub says stands in the browser, also after a reload', async () => {
    const said = device('mosquitto_pub', broker, '-t', 'greenhouse', '-q', '1', '-m', '21.5 degrees');
    assert.equal(await within(said.ended, 'mosquitto_pub ends'), 0);
    await ada.sees(['21.5 degrees']);
    await ada.page.reload();
    await ada.isIn('greenhouse');
    await ada.sees(['21.5 degrees']);
  });

  it('what is typed in the browser arrives at mosquitto_sub', async () => {
    listener = device('mosquitto_sub', broker, '-t', 'greenhouse', '-q', '1', '-C', '1', '-d', '-F', 'got %p');
    await until(() => listener.out.includes('Subscribed'), 'mosquitto_sub is subscribed');
    await ada.say('thank you');
    assert.equal(await within(listener.ended, 'mosquitto_sub ends'), 0);
    assert.match(listener.out, /^got thank you$/m);
    await ada.sees(['21.5 degrees', 'thank you']);
  });
});
