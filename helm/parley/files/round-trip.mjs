// One message there and back, over the WebSocket protocol or MQTT 3.1.1: what `helm test` and the deployment's smoke test run. Node 22, no packages.
//   node round-trip.mjs ws://HOST:PORT/ws | wss://… | mqtt://HOST:PORT      PARLEY_TOKEN: an access token, where guests are not allowed
import { connect } from 'node:net';

const url = new URL(process.argv[2] ?? 'ws://127.0.0.1:8080/ws');
const token = process.env.PARLEY_TOKEN;
const room = 'parley-smoke-test';
const text = `round trip ${Date.now()} ${Math.random()}`;
const limit = setTimeout(() => fail('no answer within 15 s'), 15_000);

function fail(why) {
  console.error(`${url}: ${why}`);
  process.exit(1);
}
function done(ms) {
  clearTimeout(limit);
  console.log(`${url}: there and back in ${ms} ms`);
  process.exit(0);
}

function overWebSocket() {
  const socket = new WebSocket(url, 'parley.v1');
  const send = (command) => socket.send(JSON.stringify(command));
  let sent = 0;
  let acknowledged = false;
  let received = false;
  socket.onopen = () => send({ op: 'connect', id: 1, ...(token ? { token } : {}) });
  socket.onerror = () => fail('cannot connect');
  socket.onclose = ({ code, reason }) => fail(`closed with ${code} ${reason}`);
  socket.onmessage = ({ data }) => {
    const frame = JSON.parse(data);
    if (frame.error) fail(`${frame.error.code}: ${frame.error.message}`);
    if (frame.re === 1) send({ op: 'subscribe', id: 2, room });
    if (frame.re === 2) {
      sent = Date.now();
      send({ op: 'publish', id: 3, room, cid: text, body: { text } });
    }
    if (frame.re === 3) acknowledged = frame.seq > 0;
    if (frame.body?.text === text) received = true;
    if (acknowledged && received) done(Date.now() - sent);
  };
}

function overMqtt() {
  const field = (value) => Buffer.concat([Buffer.from([value.length >> 8, value.length & 255]), value]);
  const string = (value) => field(Buffer.from(value));
  function packet(head, ...parts) {
    const body = Buffer.concat(parts);
    const length = [];
    for (let rest = body.length; ; rest >>= 7) {
      length.push(rest > 127 ? (rest & 127) | 128 : rest);
      if (rest <= 127) break;
    }
    return Buffer.concat([Buffer.from([head, ...length]), body]);
  }
  const socket = connect(Number(url.port || 1883), url.hostname);
  let input = Buffer.alloc(0);
  let sent = 0;
  let acknowledged = false;
  let received = false;
  const take = (head, body) => {
    const kind = head >> 4;
    if (kind === 2 && body[1] !== 0) fail(`refused with ${body[1]}`);
    if (kind === 2) socket.write(packet(0x82, Buffer.from([0, 1]), string(room), Buffer.from([1])));
    if (kind === 9 && body[2] > 2) fail('the subscription was refused');
    if (kind === 9) {
      sent = Date.now();
      socket.write(packet(0x32, string(room), Buffer.from([0, 2]), Buffer.from(text)));
    }
    if (kind === 4) acknowledged = true;
    if (kind === 3 && body.includes(text)) received = true;
    if (acknowledged && received) done(Date.now() - sent);
  };
  socket.on('error', (error) => fail(error.message));
  socket.on('close', () => fail('closed'));
  socket.on('connect', () => {
    const flags = 2 | (token ? 0xc0 : 0);
    const who = token ? [string('token'), string(token)] : [];
    socket.write(packet(0x10, string('MQTT'), Buffer.from([4, flags, 0, 60]), string(''), ...who));
  });
  socket.on('data', (bytes) => {
    input = Buffer.concat([input, bytes]);
    for (;;) {
      let at = 1;
      let length = 0;
      do {
        if (at >= input.length) return;
        length |= (input[at] & 127) << (7 * (at - 1));
      } while (input[at++] & 128);
      if (input.length < at + length) return;
      take(input[0], input.subarray(at, at + length));
      input = input.subarray(at + length);
    }
  });
}

if (url.protocol === 'mqtt:') overMqtt();
else overWebSocket();
