// The scale check: many subscribers in one room, one publisher. Every subscriber must have every entry, in order; prints what a delivery costs.
//   node fanout.mjs [--subscribers 1000] [--messages 1000] [--workers 2] [--bytes 100]
import { parseArgs } from 'node:util';
import { Broker } from './lib/broker.mjs';
import { Client } from './lib/client.mjs';
import { LeanSubscriber } from './lib/fanout.mjs';
import { until } from './lib/wait.mjs';

const { values } = parseArgs({
  options: {
    subscribers: { type: 'string', default: '1000' },
    messages: { type: 'string', default: '1000' },
    workers: { type: 'string', default: '2' },
    bytes: { type: 'string', default: '100' },
  },
});
const [subscribers, messages, workers, bytes] = ['subscribers', 'messages', 'workers', 'bytes'].map((name) =>
  Number(values[name]),
);
const room = 'fanout';

const broker = await Broker.start({ args: ['--anonymous'], workers });
const writer = await Client.connect(broker.wsUrl, { name: 'publisher' });
await writer.publish(room, { text: 'the room is there' });
const emptyRss = broker.rss();

const readers = [];
while (readers.length < subscribers) {
  const some = Array.from(
    { length: Math.min(100, subscribers - readers.length) },
    () => new LeanSubscriber(broker.port, room, writer.welcome.limits.window),
  );
  await Promise.all(some.map((reader) => reader.ready));
  readers.push(...some);
}
const connectedRss = broker.rss();
const cpuBefore = broker.cpuMs();
const began = performance.now();

const text = 'x'.repeat(bytes);
const inFlight = 32;
let next = 0;
const publish = async () => {
  while (next++ < messages) await writer.publish(room, { text });
};
await Promise.all(Array.from({ length: inFlight }, publish));
const published = performance.now() - began;
const faulty = () => readers.find(({ fault }) => fault);
await until(
  () => faulty() || readers.every(({ count }) => count >= messages),
  () => `${missing()} deliveries are missing`,
  {
    timeout: 120_000,
  },
);
const elapsed = performance.now() - began;
const cpu = broker.cpuMs() - cpuBefore;

function missing() {
  return readers.reduce((sum, { count }) => sum + messages - count, 0);
}
const deliveries = readers.reduce((sum, { count }) => sum + count, 0);
const wrong = readers.filter(({ fault, count }) => fault || count !== messages);
const counted = await broker.metric('parley_deliveries_total');

console.log(`subscribers ${subscribers}, messages ${messages}, body ${bytes} bytes, workers ${workers}`);
console.log(`deliveries ${deliveries} of ${subscribers * messages}; the broker counted ${counted}`);
console.log(
  `published in ${published.toFixed(0)} ms, delivered in ${elapsed.toFixed(0)} ms: ${((deliveries / elapsed) * 1000).toFixed(0)} deliveries/s`,
);
console.log(`broker CPU ${cpu.toFixed(0)} ms: ${((cpu * 1000) / deliveries).toFixed(3)} us per delivery`);
const perSubscriber = (connectedRss - emptyRss) / subscribers / 1024;
console.log(`memory: ${perSubscriber.toFixed(2)} kB per idle subscriber; ${(broker.rss() / 2 ** 20).toFixed(0)} MB at the end`);
for (const reader of wrong.slice(0, 10)) console.log(`WRONG: ${reader.fault ?? `${reader.count} of ${messages}`}`);

readers.forEach((reader) => reader.end());
await writer.close();
await broker.stop();
console.log(wrong.length === 0 ? 'every subscriber has every entry, in order' : `${wrong.length} subscribers are wrong`);
process.exit(wrong.length === 0 && counted >= deliveries ? 0 : 1);
