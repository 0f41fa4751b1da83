// The crash test: publishers and subscribers at work, the broker is killed with SIGKILL at a random moment and started again on the same data
// folder; publishers repeat what was not acknowledged with the same cids, subscribers resume. Then what was acknowledged is compared with
// the history and with what each subscriber saw. The same seed makes the same schedule (not the same interleaving).
import assert from 'node:assert/strict';
import { Broker } from './broker.mjs';
import { Client, Refused } from './client.mjs';
import { Device } from './rest.mjs';
import { Seeded } from './random.mjs';
import { sleep, until } from './wait.mjs';

const rooms = ['crash/a', 'crash/b', 'crash/c'];

// A connection that comes back by itself, as the same guest.
class Person {
  constructor(broker, name) {
    this.broker = broker;
    this.name = name;
  }
  async reconnect() {
    const members = this.token ? { token: this.token } : { name: this.name };
    this.client = await Client.connect(this.broker().wsUrl, members);
    this.token ??= this.client.welcome.token;
  }
}

class Publisher extends Person {
  constructor(broker, name, random) {
    super(broker, name);
    this.random = random;
    this.next = 1;
    this.waiting = new Map(); // cid → message, not acknowledged yet
    this.acked = new Map(); // cid → {room, seq}
    this.faults = [];
    this.work = Promise.resolve();
  }

  message() {
    const cid = `${this.name}-${this.next++}`;
    const fill = 'x'.repeat(this.random.between(0, 1) * this.random.between(0, 3_000));
    return { cid, room: this.random.pick(rooms), body: { text: cid, fill } };
  }

  // Publishes one message; answers whether the connection still lives.
  async send(message) {
    this.waiting.set(message.cid, message);
    try {
      const reply = await this.client.publish(message.room, message.body, { cid: message.cid });
      const known = this.acked.get(message.cid);
      if (known && (known.seq !== reply.seq || !reply.duplicate))
        this.faults.push(`${message.cid}: ${known.seq}, then ${reply.seq}`);
      this.acked.set(message.cid, { ...message, seq: reply.seq });
      this.waiting.delete(message.cid);
      return true;
    } catch (error) {
      if (error instanceof Refused && !error.retry) this.faults.push(`${message.cid}: refused, ${error.message}`);
      return false;
    }
  }

  // Several publishes under way at a time, until told to stop or the connection is gone.
  run() {
    this.stopping = false;
    const lane = async () => {
      while (!this.stopping && (await this.send(this.message())));
    };
    this.work = Promise.all(Array.from({ length: 8 }, lane));
  }

  // After a reconnect: everything not acknowledged again, in the old order; and some acknowledged ones, which must get their old numbers.
  async repeat() {
    const known = [...this.acked.values()];
    const again = Array.from({ length: Math.min(5, known.length) }, () => this.random.pick(known));
    const all = await Promise.all([...this.waiting.values(), ...again].map((message) => this.send(message)));
    if (all.includes(false)) throw new Error(`${this.name}: a repeat was not acknowledged; ${this.faults.join('; ')}`);
  }
}

class Subscriber extends Person {
  constructor(broker, name) {
    super(broker, name);
    this.seen = new Map(rooms.map((room) => [room, []]));
    this.faults = [];
  }
  async resume() {
    await this.reconnect();
    for (const room of rooms) {
      const since = this.seen.get(room).at(-1)?.seq ?? 0;
      const reply = await this.client.subscribe(room, since > 0 ? { since, epoch: this.epoch } : { since });
      if (!reply.recovered) this.faults.push(`${room}: not recovered from ${since}, head ${reply.head}`);
      this.epoch = reply.epoch;
    }
  }
  // What the current connection brought is put behind what came before.
  collect() {
    for (const room of rooms) {
      const subscription = this.client.in(room);
      if (!subscription) continue;
      this.seen.get(room).push(...subscription.entries.map(({ seq, cid }) => ({ seq, cid })));
      subscription.entries = [];
    }
    this.faults.push(...this.client.violations);
  }
}

// One row of the table: counts of all rooms; everything but acked and found must be 0.
async function compare(broker, publishers, subscribers) {
  const row = { acked: 0, found: 0, lost: 0, doubled: 0, holes: 0, unlike: 0, faults: 0 };
  const device = await new Device(broker.url).guest('judge');
  for (const room of rooms) {
    const history = await device.history(room);
    const bySeq = new Map(history.map((entry) => [entry.seq, entry.cid]));
    const byCid = new Map(history.map((entry) => [entry.cid, entry.seq]));
    row.found += history.length;
    row.doubled += history.length - byCid.size;
    row.holes += history.filter(({ seq }, i) => seq !== i + 1).length;
    for (const publisher of publishers) {
      for (const [cid, message] of publisher.acked) {
        if (message.room !== room) continue;
        ++row.acked;
        if (byCid.get(cid) !== message.seq) ++row.lost;
      }
    }
    for (const subscriber of subscribers) {
      await until(
        () =>
          (subscriber.seen.get(room).at(-1)?.seq ?? 0) >= history.length || subscriber.client.in(room).cursor >= history.length,
        `${subscriber.name} gets to ${history.length} in ${room}`,
        { timeout: 30_000 },
      );
      subscriber.collect();
      const seen = subscriber.seen.get(room);
      if (seen.length !== history.length) ++row.unlike;
      row.unlike += seen.filter(({ seq, cid }, i) => seq !== i + 1 || bySeq.get(seq) !== cid).length;
    }
  }
  row.faults = [...publishers, ...subscribers].reduce((n, { faults }) => n + faults.length, 0);
  return row;
}

const columns = ['round', 'killed_after_ms', 'acked', 'found', 'lost', 'doubled', 'holes', 'unlike', 'faults'];
export const tableHead = columns.map((name) => name.padStart(16)).join('');
const tableRow = (row) => columns.map((name) => String(row[name]).padStart(16)).join('');

export async function crashTest({ rounds, seed, print, deadline = Infinity }) {
  const random = new Seeded(seed);
  let broker = await Broker.start({ args: ['--anonymous'] });
  const current = () => broker;
  const publishers = Array.from({ length: 6 }, (_, i) => new Publisher(current, `publisher${i}`, new Seeded(seed + i)));
  const subscribers = Array.from({ length: 4 }, (_, i) => new Subscriber(current, `subscriber${i}`));
  await Promise.all([...publishers.map((one) => one.reconnect()), ...subscribers.map((one) => one.resume())]);

  print(`seed ${seed}`);
  print(tableHead);
  const total = { rounds: 0, killed_under_way: 0, bad: 0 };
  let row;
  for (let round = 1; round <= rounds && Date.now() < deadline; ++round) {
    const after = random.between(5, 600);
    publishers.forEach((one) => one.run());
    await sleep(after);
    await broker.kill();
    await Promise.all([...publishers, ...subscribers].map(({ client }) => client.closed.promise));
    publishers.forEach((one) => (one.stopping = true));
    await Promise.all(publishers.map(({ work }) => work));
    if (publishers.some(({ waiting }) => waiting.size > 0)) ++total.killed_under_way;
    subscribers.forEach((one) => one.collect());

    broker = await broker.again({ args: ['--anonymous'] });
    await Promise.all([
      ...publishers.map(async (one) => {
        await one.reconnect();
        await one.repeat();
      }),
      ...subscribers.map((one) => one.resume()),
    ]);
    row = { round, killed_after_ms: after, ...(await compare(broker, publishers, subscribers)) };
    print(tableRow(row));
    ++total.rounds;
    total.bad = row.lost + row.doubled + row.holes + row.unlike + row.faults;
    if (total.bad > 0) {
      [...publishers, ...subscribers]
        .flatMap(({ faults }) => faults)
        .slice(0, 20)
        .forEach((fault) => print(`  ${fault}`));
      break;
    }
  }
  await Promise.all([...publishers, ...subscribers].map(({ client }) => client.close()));
  await broker.stop();
  print(
    `runs ${total.rounds}, acked ${row.acked}, found ${row.found}, lost ${row.lost}, doubled ${row.doubled}; ` +
      `${total.killed_under_way} kills with publishes under way`,
  );
  assert.ok(total.killed_under_way > 0, 'no kill hit a publish under way: the test has tested nothing');
  assert.ok(row.acked > 0);
  return { ...total, ...row };
}
