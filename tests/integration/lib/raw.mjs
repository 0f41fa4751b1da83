// Bytes as they are: a raw socket, a WebSocket handshake by hand, frames built and read by hand (RFC 6455 §5.2).
import net from 'node:net';
import { randomBytes } from 'node:crypto';
import { until } from './wait.mjs';

export const opcode = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 };

// One frame. length: what the header says instead of the truth; lengthBytes: 0, 2 or 8, how it is written.
export function frame(payload, { op = opcode.text, fin = true, rsv = 0, masked = true, length, lengthBytes } = {}) {
  const bytes = Buffer.isBuffer(payload) ? payload : Buffer.from(payload);
  const said = BigInt(length ?? bytes.length);
  const width = lengthBytes ?? (said < 126n ? 0 : said < 65536n ? 2 : 8);
  const head = Buffer.alloc(2 + width);
  head[0] = (fin ? 0x80 : 0) | (rsv << 4) | op;
  head[1] = (masked ? 0x80 : 0) | (width === 0 ? Number(said) : width === 2 ? 126 : 127);
  if (width === 2) head.writeUInt16BE(Number(said), 2);
  if (width === 8) head.writeBigUInt64BE(BigInt.asUintN(64, said), 2);
  if (!masked) return Buffer.concat([head, bytes]);
  const key = randomBytes(4);
  return Buffer.concat([head, key, bytes.map((byte, i) => byte ^ key[i % 4])]);
}

export function closeFrame(code, reason = '') {
  const payload = Buffer.alloc(2);
  payload.writeUInt16BE(code);
  return frame(Buffer.concat([payload, Buffer.from(reason)]), { op: opcode.close });
}

// Server frames at the front of `bytes`: {frames: [{fin, op, payload}], rest}.
export function parseFrames(bytes) {
  const frames = [];
  for (;;) {
    if (bytes.length < 2) break;
    let length = bytes[1] & 0x7f;
    let at = 2;
    if (length === 126) {
      if (bytes.length < 4) break;
      length = bytes.readUInt16BE(2);
      at = 4;
    } else if (length === 127) {
      if (bytes.length < 10) break;
      length = Number(bytes.readBigUInt64BE(2));
      at = 10;
    }
    if (bytes.length < at + length) break;
    frames.push({ fin: (bytes[0] & 0x80) !== 0, op: bytes[0] & 0x0f, payload: bytes.subarray(at, at + length) });
    bytes = bytes.subarray(at + length);
  }
  return { frames, rest: bytes };
}

export class RawSocket {
  static async open(port) {
    const raw = new RawSocket();
    raw.received = Buffer.alloc(0);
    raw.ended = false;
    raw.socket = net.connect({ port, host: '127.0.0.1', noDelay: true });
    raw.socket.on('data', (bytes) => (raw.received = Buffer.concat([raw.received, bytes])));
    raw.socket.on('error', () => (raw.ended = true));
    raw.socket.on('end', () => (raw.ended = true));
    raw.socket.on('close', () => (raw.ended = true));
    await until(() => raw.socket.readyState === 'open', 'the socket opens', { every: 1 });
    return raw;
  }

  write(bytes) {
    if (!this.socket.destroyed) this.socket.write(bytes);
  }

  text() {
    return this.received.toString('latin1');
  }

  // The status of the first HTTP answer, once its head is there; 0 when the connection ended without one.
  async status() {
    await until(
      () => /\r\n\r\n/.test(this.text()) || this.ended,
      () => `an answer to come; so far ${JSON.stringify(this.text())}`,
      {
        every: 2,
      },
    );
    return Number(/^HTTP\/1\.1 (\d{3})/.exec(this.text())?.[1] ?? 0);
  }

  // Upgrades to parley.v1 by hand; what came after the head stays in `received`.
  async upgrade() {
    this.write(
      'GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n' +
        'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: parley.v1\r\n\r\n',
    );
    const status = await this.status();
    if (status !== 101) throw new Error(`the upgrade was answered ${status}: ${this.text()}`);
    this.received = this.received.subarray(this.received.indexOf('\r\n\r\n') + 4);
    this.frames = [];
    return this;
  }

  takeFrames() {
    const { frames, rest } = parseFrames(this.received);
    this.received = rest;
    this.frames.push(...frames);
    return this.frames;
  }

  async frame(matches, what) {
    return until(
      () => this.takeFrames().find(matches),
      () => `${what}; got ${this.frames.map((f) => f.payload.toString()).join(' | ')}`,
      {
        every: 2,
      },
    );
  }

  // The JSON reply with that `re` (undefined: the first error without one).
  async reply(re) {
    const found = await this.frame(({ op, payload }) => {
      if (op !== opcode.text) return false;
      const json = JSON.parse(payload.toString());
      return re === undefined ? json.error && !('re' in json) : json.re === re;
    }, `the reply to ${re}`);
    return JSON.parse(found.payload.toString());
  }

  // The code of the server's close frame; 'no close frame' when the connection ended without one.
  async closeCode() {
    await until(
      () => this.takeFrames().some(({ op }) => op === opcode.close) || this.ended,
      () => `a close frame; got ${this.frames.map((f) => f.payload.toString('latin1')).join(' | ')}`,
      { every: 2 },
    );
    const close = this.frames.find(({ op }) => op === opcode.close);
    if (!close) return 'no close frame';
    return close.payload.length >= 2 ? close.payload.readUInt16BE(0) : 1005;
  }

  end() {
    this.socket.destroy();
  }
}
