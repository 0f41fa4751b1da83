// A lean subscriber for the scale check: a raw socket, frames scanned in place, nothing kept. `ws` and JSON.parse would make the clients, not the
// broker, the thing that is measured.
import net from 'node:net';
import { frame } from './raw.mjs';

const marker = Buffer.from('"seq":');

export class LeanSubscriber {
  constructor(port, room, window) {
    this.cursor = 0;
    this.count = 0;
    this.acked = 0;
    this.fault = null;
    this.room = room;
    this.window = window;
    this.state = 'upgrading';
    this.rest = null;
    this.socket = net.connect({ port, host: '127.0.0.1', noDelay: true });
    this.ready = new Promise((resolve, reject) => Object.assign(this, { resolve, reject }));
    this.socket.on('error', (error) => this.fail(String(error)));
    this.socket.on('close', () => this.fail('closed'));
    this.socket.on('data', (bytes) => this.received(bytes));
    this.socket.write(
      'GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n' +
        'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: parley.v1\r\n\r\n',
    );
  }

  fail(why) {
    if (this.ending) return;
    this.fault ??= why;
    this.reject(new Error(why));
  }

  received(bytes) {
    if (this.rest) bytes = Buffer.concat([this.rest, bytes]);
    this.rest = null;
    let at = 0;
    if (this.state === 'upgrading') {
      const end = bytes.indexOf('\r\n\r\n');
      if (end < 0) return void (this.rest = bytes);
      if (!bytes.toString('latin1', 0, 12).endsWith('101')) return this.fail(bytes.toString('latin1', 0, end));
      at = end + 4;
      this.state = 'connecting';
      this.socket.write(frame('{"op":"connect","id":1}'));
      this.socket.write(frame(JSON.stringify({ op: 'subscribe', id: 2, room: this.room })));
    }
    for (;;) {
      if (bytes.length - at < 2) break;
      let length = bytes[at + 1] & 0x7f;
      let start = at + 2;
      if (length === 126) {
        if (bytes.length - at < 4) break;
        length = bytes.readUInt16BE(at + 2);
        start = at + 4;
      }
      if (bytes.length < start + length) break;
      this.message(bytes, start, start + length, bytes[at] & 0x0f);
      at = start + length;
    }
    if (at < bytes.length) this.rest = bytes.subarray(at);
  }

  message(bytes, start, end, op) {
    if (op === 9) return void this.socket.write(frame(bytes.subarray(start, end), { op: 10 }));
    if (op !== 1) return this.fail(`a frame with opcode ${op}`);
    if (this.state !== 'subscribed') {
      const json = JSON.parse(bytes.toString('utf8', start, end));
      if (json.error) return this.fail(JSON.stringify(json));
      if (json.re === 2) {
        this.cursor = json.head;
        this.state = 'subscribed';
        this.resolve();
      }
      return undefined;
    }
    let i = bytes.indexOf(marker, start);
    if (i < 0 || i >= end) return this.fail(`no entry: ${bytes.toString('utf8', start, end)}`);
    let seq = 0;
    for (i += marker.length; bytes[i] >= 48 && bytes[i] <= 57; ++i) seq = seq * 10 + bytes[i] - 48;
    if (seq !== this.cursor + 1) return this.fail(`${seq} came after ${this.cursor}`);
    this.cursor = seq;
    ++this.count;
    if (seq - this.acked >= this.window / 2) {
      this.acked = seq;
      this.socket.write(frame(`{"op":"ack","room":${JSON.stringify(this.room)},"seq":${seq}}`));
    }
    return undefined;
  }

  end() {
    this.ending = true;
    this.socket.destroy();
  }
}
