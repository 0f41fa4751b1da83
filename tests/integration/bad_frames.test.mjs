// Bad input, first layer: bytes that are no WebSocket, or a WebSocket that breaks RFC 6455.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Witness } from './lib/bad_input.mjs';
import { RawSocket, closeFrame, frame, opcode } from './lib/raw.mjs';
import { Client } from './lib/client.mjs';

const connect = frame('{"op":"connect","id":1,"name":"raw"}');
const ping = (id) => frame(`{"op":"ping","id":${id}}`);
const bytes = (...numbers) => Buffer.from(numbers);

// Sent on an upgraded connection after `connect`; the close code that must come back.
const violations = [
  ['a frame without a mask', frame('{}', { masked: false }), 1002],
  ['RSV1 set without an extension', frame('{}', { rsv: 4 }), 1002],
  ['RSV2 set', frame('{}', { rsv: 2 }), 1002],
  ['RSV3 set', frame('{}', { rsv: 1 }), 1002],
  ['reserved data opcode 3', frame('{}', { op: 3 }), 1002],
  ['reserved control opcode 11', frame('', { op: 11 }), 1002],
  ['reserved control opcode 15', frame('x', { op: 15 }), 1002],
  ['a fragmented ping', frame('x', { op: opcode.ping, fin: false }), 1002],
  ['a ping of 126 bytes', frame('x'.repeat(126), { op: opcode.ping }), 1002],
  ['a continuation of nothing', frame('x', { op: opcode.continuation }), 1002],
  ['a new message inside a fragmented one', Buffer.concat([frame('{', { fin: false }), ping(2)]), 1002],
  ['a close frame of one byte', frame(bytes(3), { op: opcode.close }), 1002],
  ['close with code 999', closeFrame(999), 1002],
  ['close with code 1005', closeFrame(1005), 1002],
  ['close with code 1006', closeFrame(1006), 1002],
  ['close with code 2000', closeFrame(2000), 1002],
  ['close with a reason that is not UTF-8', frame(bytes(0x03, 0xe8, 0xff, 0xfe), { op: opcode.close }), 1007],
  ['text that is not UTF-8', frame(bytes(0x22, 0xc3, 0x28, 0x22)), 1007],
  ['text with an overlong encoding', frame(bytes(0x22, 0xc0, 0xaf, 0x22)), 1007],
  ['text with a surrogate', frame(bytes(0x22, 0xed, 0xa0, 0x80, 0x22)), 1007],
  ['text that ends inside a character', frame(bytes(0x22, 0xf0, 0x9f, 0x8e)), 1007],
  ['bad UTF-8 across fragments', Buffer.concat([frame(bytes(0xf0, 0x9f), { fin: false }), frame('xx', { op: 0 })]), 1007],
  ['a binary message', frame(bytes(1, 2, 3), { op: opcode.binary }), 1003],
  ['an empty binary message', frame('', { op: opcode.binary }), 1003],
  ['a length of 2^63', frame('', { length: 2n ** 63n, lengthBytes: 8 }), 1002],
  ['a length of 2^62', frame('', { length: 2n ** 62n, lengthBytes: 8 }), 1009],
  ['a length of 10 MB, before its bytes', frame('', { length: 10_000_000 }), 1009],
  ['a message of 200 kB', frame('x'.repeat(200_000)), 1009],
  [
    '200 kB in fragments',
    Buffer.concat(Array.from({ length: 20 }, (_, i) => frame('x'.repeat(10_000), { op: i === 0 ? 1 : 0, fin: false }))),
    1009,
  ],
  ['a length of 5 in eight bytes', frame('{"a":', { lengthBytes: 8 }), 1002],
  ['a length of 5 in two bytes', frame('{"a":', { lengthBytes: 2 }), 1002],
  ['a regular close', closeFrame(1000, 'bye'), 1000],
  ['a close without a code', frame('', { op: opcode.close }), [1000, 1005]],
  ['a close with a private code', closeFrame(4321), [4321, 1000]],
];

const head = (lines) => `GET /ws HTTP/1.1\r\nHost: x\r\n${lines.join('\r\n')}\r\n\r\n`;
const good = {
  upgrade: 'Upgrade: websocket',
  connection: 'Connection: Upgrade',
  version: 'Sec-WebSocket-Version: 13',
  key: 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  protocol: 'Sec-WebSocket-Protocol: parley.v1',
};
const handshake = (changes) => head(Object.values({ ...good, ...changes }).filter((line) => line !== undefined));
const handshakes = [
  ['no Upgrade', handshake({ upgrade: undefined }), 426],
  ['no Connection: Upgrade', handshake({ connection: 'Connection: keep-alive' }), 400],
  ['version 8', handshake({ version: 'Sec-WebSocket-Version: 8' }), 426],
  ['no version', handshake({ version: undefined }), 426],
  ['no key', handshake({ key: undefined }), 400],
  ['a key of 15 bytes', handshake({ key: 'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAA' }), 400],
  ['two keys', handshake({ more: good.key }), 400],
  ['another subprotocol', handshake({ protocol: 'Sec-WebSocket-Protocol: chat, soap' }), 400],
  ['a malformed subprotocol list', handshake({ protocol: 'Sec-WebSocket-Protocol: parley.v1, b@d;' }), 400],
  ['a page of another origin', handshake({ origin: 'Origin: https://evil.example' }), 403],
  ['an origin of null', handshake({ origin: 'Origin: null' }), 403],
  ['POST instead of GET', handshake({}).replace('GET', 'POST'), 405],
  ['HTTP/1.0', handshake({}).replace('HTTP/1.1', 'HTTP/1.0'), 400],
];

describe('bad WebSocket input', () => {
  let witness;
  before(async () => {
    witness = await Witness.start();
  });
  after(() => witness.stop());

  it('handshakes', async (t) => {
    for (const [name, request, expected] of handshakes) {
      await witness.run(`handshake: ${name}`, expected, async () => {
        const raw = await RawSocket.open(witness.broker.port);
        raw.write(request);
        const status = await raw.status();
        raw.end();
        return status;
      });
    }
    witness.print(t);
  });

  it('frames', async (t) => {
    witness.rows = [];
    for (const [name, sent, expected] of violations) {
      await witness.run(`frame: ${name}`, expected, async () => {
        const raw = await (await RawSocket.open(witness.broker.port)).upgrade();
        raw.write(connect);
        await raw.reply(1);
        raw.write(sent);
        raw.write(ping(99)); // after the violation nothing is carried out any more
        const code = await raw.closeCode();
        assert.ok(
          !raw.frames.some(({ payload }) => payload.toString().includes('"re":99')),
          'a command after the violation was answered',
        );
        raw.end();
        return code;
      });
    }
    witness.print(t);
  });

  it('connections that end anywhere: in the head, in a frame, in a message, by reset', async () => {
    const upgrade = handshake({});
    for (const cut of [1, 20, upgrade.length - 2]) {
      const raw = await RawSocket.open(witness.broker.port);
      raw.write(upgrade.slice(0, cut));
      raw.end();
      await witness.check();
    }
    for (const sent of [
      connect.subarray(0, 1),
      connect.subarray(0, 9),
      frame('{"op":', { fin: false }),
      frame('', { length: 60_000 }),
    ]) {
      for (const ending of ['end', 'destroy', 'resetAndDestroy']) {
        const raw = await (await RawSocket.open(witness.broker.port)).upgrade();
        raw.write(sent);
        raw.socket[ending]();
        await witness.check();
        raw.end();
      }
    }
  });

  it('what is allowed and rare works: bytes one by one, fragments with a ping between, many frames in one write', async () => {
    const raw = await (await RawSocket.open(witness.broker.port)).upgrade();
    for (const byte of connect) raw.write(bytes(byte));
    assert.equal((await raw.reply(1)).user.name, 'raw');
    raw.write(
      Buffer.concat([
        frame('{"op":"pi', { fin: false }),
        frame('between', { op: opcode.ping }),
        frame('', { op: opcode.continuation, fin: false }),
        frame('ng","id":2}', { op: opcode.continuation }),
        frame('unasked', { op: opcode.pong }),
        ...Array.from({ length: 200 }, (_, i) => ping(100 + i)),
      ]),
    );
    await raw.reply(2);
    await raw.reply(299);
    const pong = await raw.frame(({ op }) => op === opcode.pong, 'a pong');
    assert.equal(pong.payload.toString(), 'between');
    const order = raw.frames.filter(({ op }) => op === opcode.text).map(({ payload }) => JSON.parse(payload).re);
    assert.deepEqual(order, [1, 2, ...Array.from({ length: 200 }, (_, i) => 100 + i)]);
    raw.end();
    await witness.check();
  });

  it('text frames of server and client are plain to a foreign implementation too', async () => {
    const client = await Client.connect(witness.broker.wsUrl, { name: 'foreign' });
    await client.publish('foreign', { text: 'ünï 🎉 \ud83c\udf89' });
    await client.subscribe('foreign', { since: 0 });
    assert.equal((await client.upTo('foreign', 1))[0].body.text, 'ünï 🎉 \ud83c\udf89');
    await client.close();
  });
});
