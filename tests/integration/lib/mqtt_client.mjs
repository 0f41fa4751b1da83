// A raw MQTT client: it sends the bytes that a test says, and hands over each packet of the server in order. Nothing is acknowledged by itself, unless asked.
import assert from 'node:assert/strict';
import net from 'node:net';
import WebSocket from 'ws';
import { until, within, deferred, sleep } from './wait.mjs';
import * as build from './mqtt_packets.mjs';

let counter = 0;
// A name that no other test of this run uses.
export const unique = (what) => `${what}${process.pid.toString(36)}x${(counter++).toString(36)}`;

class TcpPipe {
  static async open({ mqttPort }, onBytes, onEnd) {
    const pipe = new TcpPipe();
    pipe.socket = net.connect({ port: mqttPort, host: '127.0.0.1', noDelay: true });
    pipe.socket.on('data', onBytes);
    pipe.socket.on('error', () => {});
    pipe.socket.on('close', onEnd);
    await within(
      new Promise((resolve, reject) => {
        pipe.socket.once('connect', resolve);
        pipe.socket.once('error', reject);
      }),
      'the socket opens',
    );
    return pipe;
  }
  write(bytes) {
    if (!this.socket.destroyed && this.socket.writable) this.socket.write(bytes);
  }
  pause() {
    this.socket.pause();
  }
  resume() {
    this.socket.resume();
  }
  end() {
    this.socket.end();
  }
  destroy() {
    this.socket.destroy();
  }
}

export class WebSocketPipe {
  static async open({ mqttWsUrl }, onBytes, onEnd) {
    const pipe = new WebSocketPipe();
    pipe.socket = new WebSocket(mqttWsUrl, 'mqtt', { perMessageDeflate: false });
    pipe.socket.on('message', (data, isBinary) => {
      assert.ok(isBinary, 'MQTT comes in binary frames');
      onBytes(data);
    });
    pipe.socket.on('close', (code) => {
      pipe.code = code;
      onEnd();
    });
    await within(
      new Promise((resolve, reject) => {
        pipe.socket.once('open', resolve);
        pipe.socket.once('error', reject);
      }),
      'the WebSocket opens',
    );
    assert.equal(pipe.socket.protocol, 'mqtt');
    pipe.socket.on('error', () => {});
    return pipe;
  }
  write(bytes) {
    if (this.socket.readyState === WebSocket.OPEN) this.socket.send(bytes);
  }
  pause() {
    this.socket.pause();
  }
  resume() {
    this.socket.resume();
  }
  end() {
    this.socket.close();
  }
  destroy() {
    this.socket.terminate();
  }
}

export class MqttClient {
  // version: 4 (3.1.1) or 5. ws: over WebSocket. autoAck: acknowledges every publish as it comes.
  static async open(broker, { version = 5, ws = false, autoAck = false } = {}) {
    const client = new MqttClient();
    Object.assign(client, { version, autoAck, rest: Buffer.alloc(0), packets: [], nextId: 1, ended: deferred(), isEnded: false });
    const onBytes = (bytes) => client.received(bytes);
    const onEnd = () => {
      client.isEnded = true;
      client.ended.resolve();
    };
    client.pipe = await (ws ? WebSocketPipe : TcpPipe).open(broker, onBytes, onEnd);
    return client;
  }

  // Opens and connects; `members` as in build.connect. The CONNACK is in client.connack.
  static async connect(broker, members = {}, options = {}) {
    const client = await MqttClient.open(broker, options);
    await client.connect(members);
    return client;
  }

  async connect(members = {}, reason = 0) {
    const { clientId = unique('c'), ...more } = members;
    this.clientId = clientId;
    this.send(build.connect(this.version, { clientId, ...more }));
    this.connack = await this.next('connack');
    assert.equal(this.connack.reason, reason, `CONNACK ${JSON.stringify(this.connack)}`);
    return this.connack;
  }

  received(bytes) {
    this.rest = this.rest.length > 0 ? Buffer.concat([this.rest, bytes]) : bytes;
    for (;;) {
      let found;
      try {
        found = build.parse(this.version, this.rest);
      } catch (error) {
        this.fault = error;
        return;
      }
      if (!found) return;
      this.rest = found.rest;
      const { packet } = found;
      if (this.autoAck && packet.type === 'publish' && packet.qos > 0) this.ack(packet.qos === 1 ? 'puback' : 'pubrec', packet.id);
      if (this.autoAck && packet.type === 'pubrel') this.ack('pubcomp', packet.id);
      if (this.onPacket?.(packet)) continue;
      this.packets.push(packet);
    }
  }

  send(...packets) {
    this.pipe.write(Buffer.concat(packets));
  }

  newId() {
    const id = this.nextId;
    this.nextId = (this.nextId % 65535) + 1;
    return id;
  }

  // The next packet, which must be of this type.
  async next(type, timeout = 5_000) {
    await until(
      () => this.packets.length > 0 || this.isEnded || this.fault,
      () => `${type} comes; the connection is ${this.isEnded ? 'closed' : 'open'}`,
      { timeout, every: 1 },
    );
    if (this.fault) throw this.fault;
    assert.ok(this.packets.length > 0, `the connection was closed instead of ${type}`);
    const packet = this.packets.shift();
    assert.equal(packet.type, type, JSON.stringify(packet));
    return packet;
  }

  // The first packet of this type among those that come; others stay.
  async find(type, matches = () => true, timeout = 5_000) {
    const at = () => this.packets.findIndex((packet) => packet.type === type && matches(packet));
    await until(
      () => at() >= 0 || this.isEnded || this.fault,
      () => `${type} comes; there are ${JSON.stringify(this.packets.slice(0, 20).map(({ raw, ...rest }) => rest && raw.toString('hex')))}`,
      { timeout, every: 1 },
    );
    if (this.fault) throw this.fault;
    assert.ok(at() >= 0, `the connection was closed instead of ${type}`);
    return this.packets.splice(at(), 1)[0];
  }

  // Until so many publishes have come; answers and removes them, the other packets stay.
  async publishes(count, timeout = 10_000) {
    const all = () => this.packets.filter(({ type }) => type === 'publish');
    await until(
      () => all().length >= count || this.isEnded || this.fault,
      () => `${count} publishes come, not ${all().length}: ${all().map((p) => `${p.topic} ${p.text.slice(0, 30)}`).slice(0, 20).join(', ')}`,
      { timeout, every: 1 },
    );
    if (this.fault) throw this.fault;
    const found = all();
    assert.ok(found.length >= count, `closed after ${found.length} publishes of ${count}`);
    this.packets = this.packets.filter(({ type }) => type !== 'publish');
    return found;
  }

  ack(type, id, more) {
    this.send(build.ack(this.version, type, id, more));
  }

  async subscribe(filters, qos = 0, more = {}) {
    const { props, ...options } = more;
    const list = [filters].flat().map((one) => (typeof one === 'string' ? { filter: one, qos, ...options } : one));
    const id = this.newId();
    this.send(build.subscribe(this.version, id, list, { props }));
    const suback = await this.find('suback', (packet) => packet.id === id);
    assert.equal(suback.reasons.length, list.length);
    return suback;
  }

  async unsubscribe(...filters) {
    const id = this.newId();
    this.send(build.unsubscribe(this.version, id, filters));
    return this.find('unsuback', (packet) => packet.id === id);
  }

  // Publishes and goes through the handshake; answers the PUBACK or the PUBREC.
  async publish(topic, payload = '', { qos = 0, reason = 0, ...more } = {}) {
    const id = qos > 0 ? this.newId() : undefined;
    this.send(build.publish(this.version, { topic, payload, qos, id, ...more }));
    if (qos === 0) return undefined;
    const first = await this.find(qos === 1 ? 'puback' : 'pubrec', (packet) => packet.id === id);
    if (this.version === 5 && reason !== null) {
      // 0x10: nobody subscribes, which is no failure.
      if (reason === 0) assert.ok(first.reason === 0 || first.reason === 0x10, `${first.type} ${first.reason}`);
      else assert.equal(first.reason, reason);
    }
    if (qos === 2 && !(first.reason >= 0x80)) {
      this.ack('pubrel', id);
      await this.find('pubcomp', (packet) => packet.id === id);
    }
    return first;
  }

  async ping() {
    this.send(build.pingreq());
    await this.find('pingresp');
  }

  // Answers all publishes that have come, after everything that was under way has come: a message of its own has passed through the log behind it.
  async settle() {
    const topic = unique('fence/');
    await this.subscribe(topic, 0);
    await this.publish(topic, '.', { qos: 1 });
    await this.find('publish', (packet) => packet.topic === topic);
    const found = this.packets.filter(({ type, topic: other }) => type === 'publish' && !other.startsWith('fence/'));
    this.packets = this.packets.filter(({ type }) => type !== 'publish');
    await this.unsubscribe(topic);
    return found;
  }

  // The server closes the connection; in 5.0 with a DISCONNECT of this reason (a list: one of them; undefined: any, or none).
  async closes(reason, timeout = 5_000) {
    await within(this.ended.promise, () => `the server closes; it sent ${JSON.stringify(this.packets.map((p) => p.raw.toString('hex')))}`, timeout);
    if (this.fault) throw this.fault;
    const last = this.packets.at(-1);
    if (this.version === 5 && reason !== undefined) {
      assert.equal(last?.type, 'disconnect', 'a DISCONNECT comes before the end');
      const all = [reason].flat();
      assert.ok(all.includes(last.reason), `DISCONNECT 0x${last.reason.toString(16)}, not 0x${all.map((r) => r.toString(16))}: ${JSON.stringify(last.props)}`);
      assert.ok(!('sessionExpiry' in last.props), 'a server sends no session expiry on DISCONNECT');
    }
    return last;
  }

  // Says goodbye as a client does, and waits until the server has closed.
  async disconnect(more) {
    this.send(build.disconnect(this.version, more));
    await within(this.ended.promise, 'the server closes after DISCONNECT', 5_000);
  }

  // The connection breaks, without a DISCONNECT.
  async drop() {
    this.pipe.destroy();
    await this.ended.promise;
  }

  end() {
    this.pipe.destroy();
  }
}

export { build, sleep };
