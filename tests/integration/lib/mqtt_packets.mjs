// MQTT control packets as bytes: builders for what a client sends, a parser for what a server sends. Version 4 is 3.1.1, version 5 is 5.0.
import { Reader, bytesOf, propertyBlock, text, u16, u8, varint } from './mqtt_wire.mjs';

export const types = {
  connect: 1,
  connack: 2,
  publish: 3,
  puback: 4,
  pubrec: 5,
  pubrel: 6,
  pubcomp: 7,
  subscribe: 8,
  suback: 9,
  unsubscribe: 10,
  unsuback: 11,
  pingreq: 12,
  pingresp: 13,
  disconnect: 14,
  auth: 15,
};
const names = Object.fromEntries(Object.entries(types).map(([name, type]) => [type, name]));

export function packet(type, flags, ...parts) {
  const body = Buffer.concat(parts);
  return Buffer.concat([u8((types[type] << 4) | flags), varint(body.length), body]);
}

const block = (version, props) => (version === 5 ? propertyBlock(props) : Buffer.alloc(0));

// All members are optional. will: {topic, payload, qos, retain, props}. flags: connect flags instead of the right ones.
export function connect(version, c = {}) {
  const { clientId = '', clean = true, keepAlive = 0, will, username, password, props, flags, name = 'MQTT', level = version } = c;
  const bits =
    flags ??
    (clean ? 2 : 0) |
      (will ? 4 | ((will.qos ?? 0) << 3) | (will.retain ? 0x20 : 0) : 0) |
      (password !== undefined ? 0x40 : 0) |
      (username !== undefined ? 0x80 : 0);
  const parts = [text(name), u8(level), u8(bits), u16(keepAlive), block(version, props), text(clientId)];
  if (will) parts.push(block(version, will.props), text(will.topic), text(will.payload ?? ''));
  if (username !== undefined) parts.push(text(username));
  if (password !== undefined) parts.push(text(password));
  return packet('connect', 0, ...parts);
}

export function publish(version, { topic = '', payload = '', qos = 0, id, dup = false, retain = false, props } = {}) {
  const flags = (dup ? 8 : 0) | (qos << 1) | (retain ? 1 : 0);
  return packet('publish', flags, text(topic), qos > 0 ? u16(id) : Buffer.alloc(0), block(version, props), bytesOf(payload));
}

// puback, pubrec, pubrel, pubcomp. Without reason and properties the short form.
export function ack(version, type, id, { reason, props } = {}) {
  const flags = type === 'pubrel' ? 2 : 0;
  if (version !== 5 || (reason === undefined && !props)) return packet(type, flags, u16(id));
  return packet(type, flags, u16(id), u8(reason ?? 0), props ? propertyBlock(props) : Buffer.alloc(0));
}

// filters: [{filter, qos, noLocal, retainAsPublished, retainHandling}] or [[filter, options byte]]
export function subscribe(version, id, filters, { props, flags = 2 } = {}) {
  const list = filters.map((one) => {
    if (Array.isArray(one)) return Buffer.concat([text(one[0]), u8(one[1])]);
    const { filter, qos = 0, noLocal = false, retainAsPublished = false, retainHandling = 0 } = one;
    return Buffer.concat([text(filter), u8(qos | (noLocal ? 4 : 0) | (retainAsPublished ? 8 : 0) | (retainHandling << 4))]);
  });
  return packet('subscribe', flags, u16(id), block(version, props), ...list);
}

export function unsubscribe(version, id, filters, { props, flags = 2 } = {}) {
  return packet('unsubscribe', flags, u16(id), block(version, props), ...filters.map((filter) => text(filter)));
}

export const pingreq = () => packet('pingreq', 0);

export function disconnect(version, { reason, props } = {}) {
  if (version !== 5 || (reason === undefined && !props)) return packet('disconnect', 0);
  return packet('disconnect', 0, u8(reason ?? 0), props ? propertyBlock(props) : Buffer.alloc(0));
}

export function auth({ reason = 0, props = {} } = {}) {
  return packet('auth', 0, u8(reason), propertyBlock(props));
}

// The packet at the front of `bytes`, as {packet, rest}; null when it is not complete. Throws when it is none that a server may send.
export function parse(version, bytes) {
  let length = 0;
  let at = 1;
  for (let factor = 1; ; factor *= 128, ++at) {
    if (at >= bytes.length) return null;
    if (at > 4) throw new Error('the server sent a remaining length of five bytes');
    length += (bytes[at] & 0x7f) * factor;
    if (bytes[at] < 0x80) break;
  }
  ++at;
  if (bytes.length < at + length) return null;
  const raw = Buffer.from(bytes.subarray(0, at + length));
  return { packet: { ...decode(version, raw[0], new Reader(raw.subarray(at))), raw }, rest: bytes.subarray(at + length) };
}

function decode(version, first, reader) {
  const type = names[first >> 4];
  const flags = first & 0x0f;
  if (!type || !(type in decoders)) throw new Error(`the server sent a packet of type ${first >> 4}`);
  if (type !== 'publish' && flags !== (type === 'pubrel' ? 2 : 0)) throw new Error(`the server sent ${type} with flags ${flags}`);
  const out = { type, ...decoders[type](version, reader, flags) };
  if (reader.left > 0) throw new Error(`the server sent ${type} with ${reader.left} bytes too many`);
  return out;
}

function decodeAck(version, reader) {
  const id = reader.u16();
  if (version !== 5) return { id };
  const reason = reader.left > 0 ? reader.u8() : 0;
  return { id, reason, props: reader.left > 0 ? reader.properties() : {} };
}
function decodeReasons(version, reader, inVersion4 = true) {
  const id = reader.u16();
  const props = version === 5 ? reader.properties() : {};
  return { id, props, reasons: version === 5 || inVersion4 ? [...reader.take(reader.left)] : [] };
}

const decoders = {
  connack: (version, reader) => {
    const flags = reader.u8();
    if (flags > 1) throw new Error(`the server sent CONNACK with reserved flags: ${flags}`);
    const reason = reader.u8();
    return { present: flags === 1, reason, props: version === 5 && reader.left > 0 ? reader.properties() : {} };
  },
  publish: (version, reader, flags) => {
    const qos = (flags >> 1) & 3;
    if (qos === 3) throw new Error('the server sent PUBLISH with QoS 3');
    const topic = reader.text();
    const id = qos > 0 ? reader.u16() : undefined;
    if (id === 0) throw new Error('the server sent PUBLISH with packet identifier 0');
    const props = version === 5 ? reader.properties() : {};
    const payload = Buffer.from(reader.take(reader.left));
    return { dup: flags >= 8, qos, retain: (flags & 1) === 1, topic, id, props, payload, text: payload.toString() };
  },
  puback: decodeAck,
  pubrec: decodeAck,
  pubrel: decodeAck,
  pubcomp: decodeAck,
  suback: (version, reader) => decodeReasons(version, reader),
  unsuback: (version, reader) => decodeReasons(version, reader, false),
  pingresp: () => ({}),
  disconnect: (version, reader) => {
    if (version !== 5) throw new Error('a 3.1.1 server sends no DISCONNECT');
    const reason = reader.left > 0 ? reader.u8() : 0;
    return { reason, props: reader.left > 0 ? reader.properties() : {} };
  },
  auth: (version, reader) => {
    if (version !== 5) throw new Error('a 3.1.1 server sends no AUTH');
    const reason = reader.left > 0 ? reader.u8() : 0;
    return { reason, props: reader.left > 0 ? reader.properties() : {} };
  },
};
