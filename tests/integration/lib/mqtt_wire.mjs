// MQTT's data types and properties as bytes (MQTT 5 §1.5, §2.2.2), written from the standard alone: the tests' own codec, independent of the broker's.
// Builders check nothing, so that malformed packets can be made.

export const u8 = (n) => Buffer.from([n]);
export function u16(n) {
  const out = Buffer.alloc(2);
  out.writeUInt16BE(n);
  return out;
}
export function u32(n) {
  const out = Buffer.alloc(4);
  out.writeUInt32BE(n);
  return out;
}
// Variable byte integer; width: at least so many bytes (more than needed is malformed).
export function varint(n, width = 1) {
  const out = [];
  do {
    out.push((n % 128) | 0);
    n = Math.floor(n / 128);
  } while (n > 0 || out.length < width);
  return Buffer.from(out.map((byte, i) => (i < out.length - 1 ? byte | 0x80 : byte)));
}
export const bytesOf = (value) => (Buffer.isBuffer(value) ? value : Buffer.from(value, 'utf8'));
// UTF-8 string or binary data: two bytes of length, then the bytes.
export function text(value) {
  const bytes = bytesOf(value);
  return Buffer.concat([u16(bytes.length), bytes]);
}
export const pair = ([name, value]) => Buffer.concat([text(name), text(value)]);

// name → [identifier, type]
export const properties = {
  payloadFormat: [0x01, 'u8'],
  messageExpiry: [0x02, 'u32'],
  contentType: [0x03, 'text'],
  responseTopic: [0x08, 'text'],
  correlationData: [0x09, 'binary'],
  subscriptionId: [0x0b, 'varint'],
  sessionExpiry: [0x11, 'u32'],
  assignedClientId: [0x12, 'text'],
  serverKeepAlive: [0x13, 'u16'],
  authMethod: [0x15, 'text'],
  authData: [0x16, 'binary'],
  requestProblem: [0x17, 'u8'],
  willDelay: [0x18, 'u32'],
  requestResponse: [0x19, 'u8'],
  responseInformation: [0x1a, 'text'],
  serverReference: [0x1c, 'text'],
  reasonString: [0x1f, 'text'],
  receiveMaximum: [0x21, 'u16'],
  topicAliasMaximum: [0x22, 'u16'],
  topicAlias: [0x23, 'u16'],
  maximumQos: [0x24, 'u8'],
  retainAvailable: [0x25, 'u8'],
  user: [0x26, 'pair'], // several
  maximumPacketSize: [0x27, 'u32'],
  wildcardAvailable: [0x28, 'u8'],
  subscriptionIdsAvailable: [0x29, 'u8'],
  sharedAvailable: [0x2a, 'u8'],
};
const writers = { u8, u16, u32, varint, text, binary: text, pair };
const byId = new Map(Object.entries(properties).map(([name, [id, type]]) => [id, { name, type }]));
const several = new Set(['user', 'subscriptionId']);

export function property(name, value) {
  const [id, type] = properties[name];
  return Buffer.concat([u8(id), writers[type](value)]);
}
// An object, or the raw bytes of the properties. A list as value: the property once for each.
export function propertyBlock(values = {}) {
  let body = values;
  if (!Buffer.isBuffer(values)) {
    const parts = [];
    for (const [name, value] of Object.entries(values)) {
      const all = name === 'user' || (Array.isArray(value) && properties[name][1] !== 'pair') ? value : [value];
      for (const one of all) parts.push(property(name, one));
    }
    body = Buffer.concat(parts);
  }
  return Buffer.concat([varint(body.length), body]);
}

export class Reader {
  constructor(bytes) {
    this.bytes = bytes;
    this.at = 0;
  }
  get left() {
    return this.bytes.length - this.at;
  }
  take(n) {
    if (n > this.left) throw new Error(`the server sent a packet that ends early: ${this.bytes.toString('hex')}`);
    this.at += n;
    return this.bytes.subarray(this.at - n, this.at);
  }
  u8() {
    return this.take(1)[0];
  }
  u16() {
    return this.take(2).readUInt16BE();
  }
  u32() {
    return this.take(4).readUInt32BE();
  }
  varint() {
    let value = 0;
    for (let i = 0, factor = 1; i < 4; ++i, factor *= 128) {
      const byte = this.u8();
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) {
        if (i > 0 && byte === 0) throw new Error('the server sent a length that is not minimal');
        return value;
      }
    }
    throw new Error('the server sent a length of five bytes');
  }
  binary() {
    return Buffer.from(this.take(this.u16()));
  }
  text() {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(this.binary());
  }
  pair() {
    return [this.text(), this.text()];
  }
  properties() {
    const out = {};
    const block = new Reader(this.take(this.varint()));
    while (block.left > 0) {
      const known = byId.get(block.varint());
      if (!known) throw new Error(`the server sent a property that does not exist: ${block.bytes.toString('hex')}`);
      const value = block[known.type]();
      if (several.has(known.name)) (out[known.name] ??= []).push(value);
      else if (known.name in out) throw new Error(`the server sent ${known.name} twice`);
      else out[known.name] = value;
    }
    return out;
  }
}
