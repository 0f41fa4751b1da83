// SIGKILL in the middle of QoS 2 traffic: 20 clients, each publishes to its neighbour's topic and is subscribed to its own, with persistent sessions.
// After each crash everybody comes back, repeats what the handshake left open, and goes on; at the end of a round everything has arrived
// exactly once and in order.
import { Broker } from './broker.mjs';
import { MqttClient, build, unique } from './mqtt_client.mjs';
import { Seeded } from './random.mjs';
import { sleep, until } from './wait.mjs';

class Peer {
  constructor(i, version) {
    Object.assign(this, { i, version, clientId: unique('peer'), sent: 0, open: new Map(), got: [], taken: new Set(), freeId: 1 });
    this.own = `peers/${this.clientId}`;
  }

  async come(broker) {
    this.client = await MqttClient.open(broker, { version: this.version });
    this.client.onPacket = (packet) => this.packet(packet);
    await this.client.connect({ clientId: this.clientId, clean: false, props: { sessionExpiry: 600 } });
    if (this.subscribed && !this.client.connack.present) this.lost = true;
    if (!this.subscribed) await this.client.subscribe(this.own, 2);
    this.subscribed = true;
    // What the handshake left open, in the order of the publishes: PUBLISH with DUP, or PUBREL.
    for (const [id, { payload, released }] of this.open) {
      if (released) this.client.ack('pubrel', id);
      else this.client.send(build.publish(this.version, { topic: this.to, payload, qos: 2, id, dup: true }));
    }
  }

  packet(packet) {
    const { client } = this;
    if (packet.type === 'publish') {
      // A receiver's own duty: an identifier that was not released yet is the same message.
      if (!this.taken.has(packet.id)) this.got.push(Number(packet.text));
      this.taken.add(packet.id);
      client.ack('pubrec', packet.id);
    } else if (packet.type === 'pubrel') {
      this.taken.delete(packet.id);
      client.ack('pubcomp', packet.id);
    } else if (packet.type === 'pubrec') {
      if (this.open.has(packet.id)) this.open.get(packet.id).released = true;
      client.ack('pubrel', packet.id);
    } else if (packet.type === 'pubcomp') {
      this.open.delete(packet.id);
      this.more();
    } else return false;
    return true;
  }

  more() {
    while (this.running && this.open.size < 5) {
      const id = this.freeId;
      this.freeId = (this.freeId % 65_535) + 1;
      const payload = `${this.sent++}`;
      this.open.set(id, { payload, released: false });
      this.client.send(build.publish(this.version, { topic: this.to, payload, qos: 2, id }));
    }
  }
}

const columns = ['round', 'killed_after_ms', 'sent', 'got', 'lost', 'doubled', 'unordered', 'sessions_lost'];
const line = (values) => values.map((value) => String(value).padStart(16)).join('');

// One row for each kill; answers how many rows are bad.
export async function mqttCrashTest({ rounds, seed, print }) {
  const random = new Seeded(seed);
  let broker = await Broker.start({ args: ['--anonymous'] });
  const peers = Array.from({ length: 20 }, (_, i) => new Peer(i, i % 2 === 0 ? 5 : 4));
  peers.forEach((peer, i) => (peer.to = peers[(i + 1) % 20].own));
  await Promise.all(peers.map((peer) => peer.come(broker)));
  print(`seed ${seed}`);
  print(line(columns));
  let bad = 0;
  let underWay = 0;
  for (let round = 1; round <= rounds && bad === 0; ++round) {
    const after = random.between(50, 500);
    for (const peer of peers) {
      peer.running = true;
      peer.more();
    }
    await sleep(after);
    await broker.kill();
    await Promise.all(peers.map(({ client }) => client.ended.promise));
    for (const peer of peers) peer.running = false;
    if (peers.some(({ open }) => open.size > 0)) ++underWay;
    broker = await broker.again({ args: ['--anonymous'] });
    await Promise.all(peers.map((peer) => peer.come(broker)));
    await until(() => peers.every(({ open }) => open.size === 0), 'all handshakes end', { timeout: 20_000 }).catch(() => {});
    await until(() => peers.every((peer, i) => peers[(i + 1) % 20].got.length >= peer.sent), 'everything arrives', {
      timeout: 10_000,
    }).catch(() => {});
    await Promise.all(peers.map(({ client }) => client.ping()));
    const row = { round, killed_after_ms: after, sent: 0, got: 0, lost: 0, doubled: 0, unordered: 0, sessions_lost: 0 };
    peers.forEach((peer, i) => {
      const { got, lost } = peers[(i + 1) % 20];
      const distinct = new Set(got);
      row.sent += peer.sent;
      row.got += got.length;
      row.lost += peer.sent - distinct.size;
      row.doubled += got.length - distinct.size;
      row.unordered += got.filter((n, at) => at > 0 && n < got[at - 1]).length;
      row.sessions_lost += lost ? 1 : 0;
    });
    print(line(columns.map((name) => row[name])));
    if (row.lost + row.doubled + row.unordered + row.sessions_lost > 0) ++bad;
  }
  peers.forEach(({ client }) => client.end());
  await broker.stop();
  print(`${bad === 0 ? 'exactly once in every round' : 'NOT exactly once'}; ${underWay} kills with publishes under way`);
  return { bad, underWay };
}
