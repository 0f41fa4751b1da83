// Faults under load: publishers and subscribers on every replica, moving between them and resuming; one fault at a time at a moment that the seed
// chooses; afterwards what was acknowledged, what is stored and what each subscriber saw are compared. The same seed makes the same schedule of
// faults (not the same interleaving).
import { Client, Refused } from './client.mjs';
import { Device } from './rest.mjs';
import { Seeded } from './random.mjs';
import { sleep, until } from './wait.mjs';

// New ones for every run.
let rooms = [];

class WatchedClient extends Client {
  entry(subscription, frame, bytes) {
    super.entry(subscription, frame, bytes);
    this.onEntry?.(frame);
  }
}

class Person {
  constructor(urls, name, random) {
    Object.assign(this, { urls, name, random, faults: [], stopping: false, longestPause: 0 });
  }
  // Tries one address after the other until one takes it.
  async connect() {
    for (let began = Date.now(); !this.stopping; await sleep(50)) {
      const members = this.token ? { token: this.token } : { name: this.name };
      const client = await WatchedClient.connect(this.random.pick(this.urls()), members).catch(() => null);
      if (!client) continue;
      this.longestPause = Math.max(this.longestPause, Date.now() - began);
      this.token ??= client.welcome.token;
      return client;
    }
    return null;
  }
}

class Publisher extends Person {
  constructor(...all) {
    super(...all);
    this.next = 1;
    this.acked = new Map(); // cid → {room, seq}
    this.ackedAt = new Map();
  }
  // Repeats with the same cid until it is acknowledged, wherever a connection is to be had.
  async publish() {
    const cid = `${this.name}-${this.next++}`;
    const room = this.random.pick(rooms);
    while (!this.stopping || this.client) {
      const client = this.client;
      if (!client) {
        await sleep(10);
        continue;
      }
      try {
        const reply = await client.publish(room, { text: cid }, { cid });
        this.acked.set(cid, { room, seq: reply.seq });
        this.ackedAt.set(cid, Date.now());
        return;
      } catch (error) {
        if (error instanceof Refused && !error.retry) this.faults.push(`${cid}: refused, ${error.message}`);
        await sleep(error instanceof Refused ? 50 : 10);
      }
    }
  }
  async run() {
    const connections = (async () => {
      while (!this.stopping) {
        this.client = await this.connect();
        if (this.client) await this.client.closed.promise;
        if (!this.stopping) this.client = null;
      }
    })();
    const lane = async () => {
      while (!this.halted) {
        await this.publish();
        await sleep(this.random.between(0, 8));
      }
    };
    await Promise.all(Array.from({ length: 3 }, lane));
    this.stopping = true;
    await this.client?.close().catch(() => {});
    await connections;
  }
}

class Subscriber extends Person {
  constructor(...all) {
    super(...all);
    this.seen = new Map(rooms.map((room) => [room, []])); // [{seq, cid, at}]
  }
  at(room) {
    return this.seen.get(room).at(-1)?.seq ?? 0;
  }
  async run() {
    while (!this.stopping) {
      const client = await this.connect();
      if (!client) return;
      this.client = client;
      client.onEntry = ({ room, seq, cid }) => {
        if (seq !== this.at(room) + 1) this.faults.push(`${room}: ${seq} came after ${this.at(room)}`);
        this.seen.get(room).push({ seq, cid, at: Date.now() });
      };
      for (const room of rooms) await this.subscribe(client, room);
      await client.closed.promise;
      this.faults.push(...client.violations);
    }
  }
  async subscribe(client, room) {
    for (;;) {
      const since = this.at(room);
      try {
        const reply = await client.subscribe(room, this.epoch ? { since, epoch: this.epoch } : { since });
        if (!reply.recovered) this.faults.push(`${room}: not recovered from ${since}, head ${reply.head}`);
        this.epoch = reply.epoch;
        return;
      } catch (error) {
        if (!(error instanceof Refused)) return; // closed: the loop goes on
        if (!error.retry) return void this.faults.push(`${room}: ${error.message}`);
        await sleep(50);
      }
    }
  }
}

async function judge(url, publishers, subscribers) {
  const device = await new Device(url).guest('judge');
  const row = { acked: 0, lost: 0, doubled: 0, disorder: 0, longest_delay_ms: 0 };
  const notes = [];
  for (const room of rooms) {
    const history = await device.history(room);
    const byCid = new Map(history.map(({ cid, seq }) => [cid, seq]));
    row.doubled += history.length - byCid.size;
    row.disorder += history.filter(({ seq }, i) => seq !== i + 1).length;
    for (const publisher of publishers) {
      for (const [cid, message] of publisher.acked) {
        if (message.room !== room) continue;
        ++row.acked;
        if (byCid.get(cid) !== message.seq) ++row.lost;
      }
    }
    for (const subscriber of subscribers) {
      await until(
        () => subscriber.at(room) >= history.length,
        () => `${subscriber.name} gets to ${history.length} in ${room}, it stands at ${subscriber.at(room)}`,
        { timeout: 30_000 },
      );
      subscriber.seen.get(room).forEach(({ seq, cid, at }, i) => {
        if (seq !== i + 1 || history[i]?.cid !== cid) ++row.disorder;
        const acked = publishers.map(({ ackedAt }) => ackedAt.get(cid)).find(Boolean);
        if (acked) row.longest_delay_ms = Math.max(row.longest_delay_ms, at - acked);
      });
    }
  }
  for (const one of [...publishers, ...subscribers]) notes.push(...one.faults.map((fault) => `${one.name}: ${fault}`));
  row.disorder += notes.length;
  return { ...row, notes };
}

// What can go wrong: `hurt` does it, waits as long as the schedule says, and mends it.
export const faults = {
  async 'replica killed'(cluster, random) {
    const i = random.between(0, 1);
    await cluster.broker(i).kill();
    await sleep(random.between(0, 1000));
    await cluster.restart(i);
  },
  async 'replica stopped for a while'(cluster, random) {
    const i = random.between(0, 1);
    cluster.broker(i).signal('SIGSTOP');
    await sleep(random.between(500, 3000));
    cluster.broker(i).signal('SIGCONT');
  },
  async 'replica restarted'(cluster, random) {
    const i = random.between(0, 1);
    await cluster.broker(i).stop();
    await cluster.restart(i);
  },
  async 'Redis killed'(cluster, random) {
    await cluster.redis.kill();
    await sleep(random.between(200, 1500));
    await cluster.redis.again();
  },
  async 'Redis stopped for a while'(cluster, random) {
    cluster.redis.signal('SIGSTOP');
    await sleep(random.between(1000, 7000));
    cluster.redis.signal('SIGCONT');
  },
  async 'Redis cut off from one'(cluster, random) {
    const { bus } = random.pick(cluster.replicas);
    bus.cut();
    await sleep(random.between(1000, 7000));
    bus.heal();
  },
  async 'PostgreSQL killed'(cluster, random) {
    cluster.postgres.kill();
    await sleep(random.between(100, 1000));
    await cluster.postgres.again();
  },
  async 'PostgreSQL stopped for a while'(cluster, random) {
    cluster.postgres.signal('SIGSTOP');
    await sleep(random.between(500, 3000));
    cluster.postgres.signal('SIGCONT');
  },
  async 'PostgreSQL cut off from one'(cluster, random) {
    const { database } = random.pick(cluster.replicas);
    database.cut();
    await sleep(random.between(500, 3000));
    database.heal();
  },
  async 'connections reset'(cluster, random) {
    for (let i = random.between(2, 6); i > 0; --i) {
      const { database, bus } = random.pick(cluster.replicas);
      random.pick([database, bus]).reset();
      await sleep(random.between(10, 200));
    }
  },
};

const columns = ['fault', 'runs', 'acked', 'lost', 'doubled', 'out of order', 'longest delay ms', 'longest pause ms'];
const widths = [32, 6, 9, 7, 9, 14, 18, 18];
export const tableHead = columns.map((name, i) => (i === 0 ? name.padEnd(widths[i]) : name.padStart(widths[i]))).join('');
const tableRow = (row) => row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : String(cell).padStart(widths[i]))).join('');

// One fault under load, on a running cluster. urls: where clients go, by default to every replica.
export async function faultRun(cluster, hurt, random, urls = () => cluster.wsUrls()) {
  rooms = ['a', 'b'].map((name) => `fault/${random.between(0, 1e9)}/${name}`);
  const people = (kind, count, name) =>
    Array.from(
      { length: count },
      (_, i) => new kind(urls, `${name}${i}-${random.between(0, 1e9)}`, new Seeded(random.between(0, 1e9))),
    );
  const publishers = people(Publisher, 4, 'p');
  const subscribers = people(Subscriber, 4, 's');
  const work = [...publishers.map((one) => one.run()), ...subscribers.map((one) => one.run())];
  try {
    return await hurtUnderLoad(cluster, hurt, random, { publishers, subscribers, work });
  } finally {
    for (const one of [...publishers, ...subscribers]) {
      one.halted = one.stopping = true;
      one.client?.terminate();
    }
  }
}

async function hurtUnderLoad(cluster, hurt, random, { publishers, subscribers, work }) {
  await until(() => publishers.every(({ acked }) => acked.size > 5), 'every publisher is at work', { timeout: 20_000 });
  await sleep(random.between(0, 500));
  await hurt(cluster, random);
  await sleep(300);
  publishers.forEach((one) => (one.halted = true));
  await Promise.all(work.slice(0, publishers.length));
  // By now the replicas may be anywhere in finding their servers again.
  await Promise.all(cluster.replicas.map(({ broker }) => broker.untilReady()));
  const row = await judge(cluster.broker(0).url, publishers, subscribers);
  subscribers.forEach((one) => (one.stopping = true));
  await Promise.all(subscribers.map(({ client }) => client?.close().catch(() => {})));
  await Promise.all(work);
  row.longest_pause_ms = Math.max(...publishers.map((one) => one.longestPause), ...subscribers.map((one) => one.longestPause));
  return row;
}

// Every fault `runs` times; prints the table and answers whether all went well.
export async function faultTable(cluster, { seed, runs = 1, print, names = Object.keys(faults), deadline = Infinity }) {
  const random = new Seeded(seed);
  let good = true;
  print(`seed ${seed}`);
  print(tableHead);
  for (const name of names) {
    const sum = { runs: 0, acked: 0, lost: 0, doubled: 0, disorder: 0, delay: 0, pause: 0 };
    for (let i = 0; i < runs && Date.now() < deadline; ++i) {
      const row = await faultRun(cluster, faults[name], random);
      ++sum.runs;
      sum.acked += row.acked;
      sum.lost += row.lost;
      sum.doubled += row.doubled;
      sum.disorder += row.disorder;
      sum.delay = Math.max(sum.delay, row.longest_delay_ms);
      sum.pause = Math.max(sum.pause, row.longest_pause_ms);
      row.notes.slice(0, 10).forEach((note) => print(`  ${note}`));
    }
    print(tableRow([name, sum.runs, sum.acked, sum.lost, sum.doubled, sum.disorder, sum.delay, sum.pause]));
    good &&= sum.lost + sum.doubled + sum.disorder === 0 && (sum.runs === 0 || sum.acked > 0);
  }
  return good;
}
