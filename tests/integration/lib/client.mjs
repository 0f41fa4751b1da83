// A client of the native protocol over the package `ws`: a WebSocket implementation that is not ours.
// It checks what every client may rely on: within a subscription each entry is the successor of the one before.
import assert from 'node:assert/strict';
import WebSocket from 'ws';
import { deferred, until, within } from './wait.mjs';

export class Refused extends Error {
  constructor(error) {
    super(`${error.code}: ${error.message}`);
    this.code = error.code;
    this.retry = error.retry;
  }
}

class Subscription {
  constructor(room) {
    this.room = room;
    this.entries = [];
    this.cursor = 0; // everything up to it has arrived
    this.acked = 0;
    this.bytes = 0; // since the last ack
    this.gaps = [];
    this.detached = null;
  }
  seqs() {
    return this.entries.map(({ seq }) => seq);
  }
  bodies() {
    return this.entries.map(({ body }) => body);
  }
}

export class Client {
  constructor({ autoAck = true, socket = {} } = {}) {
    this.socketOptions = socket; // of the WebSocket, e.g. ca
    this.autoAck = autoAck;
    this.nextId = 1;
    this.waiting = new Map();
    this.subscriptions = new Map();
    this.signals = [];
    this.goaways = [];
    this.errors = []; // errors without `re`
    this.violations = []; // a hole, a repeat, an entry of a room that is not subscribed
    this.closed = deferred();
  }

  // Opens the socket and sends `connect` with these members; answers the client once it is accepted.
  static async connect(wsUrl, members = {}, options = {}) {
    const client = new this(options);
    await client.open(wsUrl);
    client.welcome = await client.command('connect', members);
    client.user = client.welcome.user;
    return client;
  }

  async open(wsUrl) {
    this.socket = new WebSocket(wsUrl, 'parley.v1', { perMessageDeflate: false, ...this.socketOptions });
    this.socket.on('message', (data) => this.received(JSON.parse(data.toString('utf8')), data.length));
    this.socket.on('close', (code, reason) => {
      this.closeCode = code;
      this.closeReason = reason.toString();
      for (const { reject } of this.waiting.values()) reject(new Error(`closed with ${code} ${this.closeReason}`));
      this.waiting.clear();
      this.closed.resolve(code);
    });
    this.socket.on('error', (error) => (this.socketError = error));
    await within(
      new Promise((resolve, reject) => {
        this.socket.once('open', resolve);
        this.socket.once('error', reject);
      }),
      'the WebSocket opens',
    );
    assert.equal(this.socket.protocol, 'parley.v1');
  }

  received(frame, bytes) {
    if ('re' in frame) return this.replied(frame);
    if ('goaway' in frame) return this.goaways.push(frame.goaway);
    if ('error' in frame) return this.errors.push(frame.error);
    if ('signal' in frame) return this.signals.push(frame);
    const subscription = this.subscriptions.get(frame.room);
    if (!subscription) return this.violations.push(`a frame of a room that is not subscribed: ${JSON.stringify(frame)}`);
    if ('gap' in frame) {
      subscription.gaps.push(frame.gap);
      subscription.cursor = frame.gap.to;
      return undefined;
    }
    if ('detached' in frame) {
      subscription.detached = frame.detached;
      return undefined;
    }
    return this.entry(subscription, frame, bytes);
  }

  // Acks at half the window, in entries or in bytes.
  entry(subscription, frame, bytes) {
    if (frame.seq !== subscription.cursor + 1) {
      this.violations.push(`${frame.room}: ${frame.seq} came after ${subscription.cursor}`);
    }
    subscription.cursor = frame.seq;
    subscription.bytes += bytes;
    subscription.entries.push(frame);
    const { window = 1024, window_bytes = 2 ** 20 } = this.welcome?.limits ?? {};
    const due = frame.seq - subscription.acked >= window / 2 || subscription.bytes >= window_bytes / 2;
    if (this.autoAck && due) this.ack(frame.room);
  }

  ack(room, seq = this.subscriptions.get(room).cursor) {
    this.subscriptions.get(room).acked = seq;
    this.subscriptions.get(room).bytes = 0;
    this.send({ op: 'ack', room, seq });
  }

  replied(frame) {
    const entry = this.waiting.get(frame.re);
    if (!entry) return this.violations.push(`a reply nobody waits for: ${JSON.stringify(frame)}`);
    this.waiting.delete(frame.re);
    // The cursor is set before the entries that follow in the same read are looked at.
    if (!frame.error) entry.before?.(frame);
    if (frame.error) entry.reject(new Refused(frame.error));
    else entry.resolve(frame);
    return undefined;
  }

  send(frame) {
    this.socket.send(typeof frame === 'string' || Buffer.isBuffer(frame) ? frame : JSON.stringify(frame));
  }

  // Sends a command with an id; answers the reply, or throws Refused.
  command(op, members = {}, before) {
    const id = this.nextId++;
    const reply = deferred();
    reply.promise.catch(() => {}); // who does not wait is not told
    this.waiting.set(id, { ...reply, before });
    this.send({ op, id, ...members });
    return within(reply.promise, `the reply to ${op} ${JSON.stringify(members).slice(0, 100)}`, 20_000);
  }

  async subscribe(room, members = {}) {
    const before = (reply) => {
      const old = this.subscriptions.get(room);
      const subscription = old && members.since !== undefined ? old : new Subscription(room);
      subscription.cursor = members.since !== undefined && reply.recovered ? members.since : reply.head;
      subscription.acked = subscription.cursor;
      subscription.reply = reply;
      this.subscriptions.set(room, subscription);
    };
    return this.command('subscribe', { room, ...members }, before);
  }

  async unsubscribe(room) {
    const reply = await this.command('unsubscribe', { room });
    this.subscriptions.delete(room);
    return reply;
  }

  publish(room, body, members = {}) {
    return this.command('publish', { room, body, ...members });
  }

  in(room) {
    return this.subscriptions.get(room);
  }

  // Until the subscription has got as far as `seq`; answers its entries.
  async upTo(room, seq, timeout = 20_000) {
    await until(
      () => this.in(room).cursor >= seq,
      () => `${room} gets to ${seq}, it stands at ${this.in(room).cursor}`,
      { timeout },
    );
    return this.in(room).entries;
  }

  async signalOf(type, matches = () => true) {
    return until(() => this.signals.find((s) => s.signal === type && matches(s)), `a signal ${type}`);
  }

  // A round trip: everything that the server had queued before it has arrived afterwards.
  ping() {
    return this.command('ping');
  }

  assertSound() {
    assert.deepEqual(this.violations, []);
  }

  async close(code = 1000) {
    if (this.socket.readyState === WebSocket.CLOSED) return this.closeCode;
    this.socket.close(code);
    return within(this.closed.promise, 'the WebSocket closes');
  }

  terminate() {
    this.socket.terminate();
  }
}

// The error that a promise was rejected with; fails when it was not, or with another code.
export async function refused(code, promise) {
  const error = await promise.then(
    (value) => assert.fail(`not refused: ${JSON.stringify(value)}`),
    (reason) => reason,
  );
  assert.ok(error instanceof Refused, String(error?.stack ?? error));
  assert.equal(error.code, code, error.message);
  return error;
}
