// Bad input, second layer: text frames that are no commands of the native protocol, or commands that cannot be carried out.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Witness } from './lib/bad_input.mjs';
import { RawSocket, frame } from './lib/raw.mjs';

const deep = (levels) => '{"a":'.repeat(levels) + '1' + '}'.repeat(levels);
const publish = (members, id = 7) => `{"op":"publish","id":${id},"room":"bad","body":{},${members}}`;
const inRoom = (room) => `{"op":"publish","id":7,"room":${JSON.stringify(room)},"body":{}}`;

// Sent after `connect`; the error's code. `re: false`: the error cannot carry an id.
const commands = [
  ['not JSON', 'hello', 'bad_request', { re: false }],
  ['an empty frame', '', 'bad_request', { re: false }],
  ['half an object', '{"op":"ping","id":7', 'bad_request', { re: false }],
  ['an array', '[{"op":"ping","id":7}]', 'bad_request', { re: false }],
  ['a string', '"ping"', 'bad_request', { re: false }],
  ['a number', '7', 'bad_request', { re: false }],
  ['null', 'null', 'bad_request', { re: false }],
  ['two objects', '{"op":"ping","id":7}{"op":"ping","id":8}', 'bad_request', { re: false }],
  ['a trailing comma', '{"op":"ping","id":7,}', 'bad_request', { re: false }],
  ['single quotes', "{'op':'ping','id':7}", 'bad_request', { re: false }],
  ['a comment', '{"op":"ping",/* */"id":7}', 'bad_request', { re: false }],
  ['NaN', '{"op":"ping","id":NaN}', 'bad_request', { re: false }],
  ['a leading zero', '{"op":"ping","id":07}', 'bad_request', { re: false }],
  ['a byte order mark', '\ufeff{"op":"ping","id":7}', 'bad_request', { re: false }],
  ['a raw control character in a string', '{"op":"ping","id":7,"x":"\u0001"}', 'bad_request', { re: false }],
  ['a duplicate member', '{"op":"ping","id":7,"id":8}', 'bad_request', { re: false }],
  ['a duplicate member in the body', publish('"x":{"a":1,"a":2}'), 'bad_request', { re: false }],
  ['\\u0000', publish('"x":"\\u0000"'), 'bad_request', { re: false }],
  ['a lone high surrogate', publish('"x":"\\ud800"'), 'bad_request', { re: false }],
  ['a lone low surrogate', publish('"x":"\\udc00"'), 'bad_request', { re: false }],
  ['nesting of 1,000', publish(`"x":${deep(1000)}`), 'bad_request', { re: false }],
  ['60,000 brackets', '['.repeat(60_000), 'bad_request', { re: false }],
  ['an id of -1', '{"op":"ping","id":-1}', 'bad_request', { re: false }],
  ['an id of 1.5', '{"op":"ping","id":1.5}', 'bad_request', { re: false }],
  ['an id of 2^53', '{"op":"ping","id":9007199254740992}', 'bad_request', { re: false }],
  ['an id of 1e400', '{"op":"ping","id":1e400}', 'bad_request', { re: false }],
  ['a text as id', '{"op":"ping","id":"7"}', 'bad_request', { re: false }],
  ['no op', '{"id":7}', 'bad_request'],
  ['an op that is a number', '{"op":1,"id":7}', 'bad_request'],
  ['an unknown op', '{"op":"dance","id":7}', 'bad_request'],
  ['publish without a room', '{"op":"publish","id":7,"body":{}}', 'bad_request'],
  ['publish without a body', '{"op":"publish","id":7,"room":"bad"}', 'bad_request'],
  ['a room that is a number', '{"op":"publish","id":7,"room":5,"body":{}}', 'bad_request'],
  ['an empty room', inRoom(''), 'bad_request'],
  ['a room with +', inRoom('a/+'), 'bad_request'],
  ['a room with #', inRoom('#'), 'bad_request'],
  ['a room that begins with $', inRoom('$SYS/x'), 'bad_request'],
  ['a room of 513 bytes', inRoom('x'.repeat(513)), ['too_large', 'bad_request']],
  ['a room of 100 levels', inRoom('/'.repeat(100)), ['bad_request', 'too_large']],
  ['a body that is an array', '{"op":"publish","id":7,"room":"bad","body":[]}', 'bad_request'],
  ['a body that is a string', '{"op":"publish","id":7,"room":"bad","body":"hi"}', 'bad_request'],
  ['a body that is null', '{"op":"publish","id":7,"room":"bad","body":null}', 'bad_request'],
  ['a type that nobody knows', publish('"type":"song"'), 'bad_request'],
  ['a type that the server makes', publish('"type":"join"'), 'bad_request'],
  ['a message with a target', publish('"target":1'), 'bad_request'],
  ['an edit without a target', publish('"type":"edit"'), 'bad_request'],
  ['a target that is not there', publish('"type":"edit","target":999'), 'not_found'],
  ['a target of -1', publish('"type":"edit","target":-1'), 'bad_request'],
  ['a target of 2^60', publish('"type":"edit","target":1152921504606846976'), 'bad_request'],
  [
    'a reaction without a key',
    '{"op":"publish","id":7,"room":"bad","type":"reaction","target":1,"body":{"on":true}}',
    'bad_request',
  ],
  [
    'a reaction of 33 bytes',
    `{"op":"publish","id":7,"room":"bad","type":"reaction","target":1,"body":{"key":"${'x'.repeat(33)}","on":true}}`,
    ['too_large', 'bad_request'],
  ],
  [
    'a reaction whose on is a number',
    '{"op":"publish","id":7,"room":"bad","type":"reaction","target":1,"body":{"key":"x","on":1}}',
    'bad_request',
  ],
  ['a pin without on', '{"op":"publish","id":7,"room":"bad","type":"pin","target":1,"body":{}}', 'bad_request'],
  ['a cid of 129 bytes', publish(`"cid":"${'x'.repeat(129)}"`), ['too_large', 'bad_request']],
  ['a cid that is a number', publish('"cid":5'), 'bad_request'],
  ['since -1', '{"op":"subscribe","id":7,"room":"bad","since":-1}', 'bad_request'],
  ['since 1.5', '{"op":"subscribe","id":7,"room":"bad","since":1.5}', 'bad_request'],
  ['since as text', '{"op":"subscribe","id":7,"room":"bad","since":"1"}', 'bad_request'],
  ['an epoch that is a number', '{"op":"subscribe","id":7,"room":"bad","epoch":1}', 'bad_request'],
  ['subscribe to a filter', '{"op":"subscribe","id":7,"room":"a/#"}', 'bad_request'],
  ['ack without a seq', '{"op":"ack","id":7,"room":"bad"}', 'bad_request'],
  ['unsubscribe from nothing', '{"op":"unsubscribe","id":7,"room":"bad"}', 'not_found'],
  ['a signal without a type', '{"op":"signal","id":7,"room":"bad","body":{}}', 'bad_request'],
  ['a signal type of 65 bytes', `{"op":"signal","id":7,"room":"bad","type":"${'x'.repeat(65)}"}`, ['too_large', 'bad_request']],
  ['a signal to a room that is not there', '{"op":"signal","id":7,"room":"bad/none","type":"typing"}', 'not_found'],
  ['read without a seq', '{"op":"read","id":7,"room":"bad"}', 'bad_request'],
  ['read in a room that is not there', '{"op":"read","id":7,"room":"bad/nowhere","seq":1}', 'not_found'],
  ['presence of a room that is not there', '{"op":"presence","id":7,"room":"bad/nowhere"}', 'not_found'],
  ['connect again without a token', '{"op":"connect","id":7}', 'bad_request'],
  ['connect again with a forged token', '{"op":"connect","id":7,"token":"eyJhbGciOiJub25lIn0.e30."}', 'unauthorized'],
];

// Sent as the first frame: the error's code; the connection is closed with 1008 where `closes`.
const firsts = [
  ['a publish', '{"op":"publish","id":7,"room":"bad","body":{}}', 'unauthorized', 1008],
  ['a subscribe', '{"op":"subscribe","id":7,"room":"bad"}', 'unauthorized', 1008],
  ['a ping', '{"op":"ping","id":7}', 'unauthorized', 1008],
  ['connect with an empty token of spaces', '{"op":"connect","id":7,"token":"   "}', 'unauthorized'],
  ['connect with garbage', '{"op":"connect","id":7,"token":"a.b.c"}', 'unauthorized'],
  [
    'connect with alg none',
    '{"op":"connect","id":7,"token":"eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.eyJzdWIiOiJ1XzEifQ."}',
    'unauthorized',
  ],
  [
    'connect with a token of 10 kB',
    `{"op":"connect","id":7,"token":"${'x'.repeat(10_000)}"}`,
    ['unauthorized', 'too_large', 'bad_request'],
  ],
  ['connect with a token that is a number', '{"op":"connect","id":7,"token":5}', 'bad_request'],
  ['connect with a client of 129 bytes', `{"op":"connect","id":7,"client":"${'x'.repeat(129)}"}`, ['too_large', 'bad_request']],
];

describe('bad commands', () => {
  let witness;
  before(async () => {
    witness = await Witness.start(['--connect-timeout', '2s']);
  });
  after(() => witness.stop());

  async function open(greeting = '{"op":"connect","id":1,"name":"raw"}') {
    const raw = await (await RawSocket.open(witness.broker.port)).upgrade();
    if (greeting) {
      raw.write(frame(greeting));
      await raw.reply(1);
    }
    return raw;
  }

  it('each bad command gets its error, and the connection goes on', async (t) => {
    for (const [name, text, expected, { re = true } = {}] of commands) {
      await witness.run(`command: ${name}`, expected, async () => {
        const raw = await open();
        raw.write(frame(text));
        const { error } = await raw.reply(re ? 7 : undefined);
        assert.equal(error.retry, false, 'a bad command is not to be tried again');
        assert.ok(error.message.length > 0);
        raw.write(frame('{"op":"ping","id":8}'));
        await raw.reply(8);
        raw.end();
        return error.code;
      });
    }
    witness.print(t);
  });

  it('the first frame must be connect', async (t) => {
    witness.rows = [];
    for (const [name, text, expected, closes] of firsts) {
      await witness.run(`first: ${name}`, expected, async () => {
        const raw = await open('');
        raw.write(frame(text));
        const { error } = await raw.reply(7);
        if (closes) assert.equal(await raw.closeCode(), closes);
        raw.end();
        return error.code;
      });
    }
    witness.print(t);
  });

  it('the limits themselves are allowed', async () => {
    const raw = await open();
    const fill = 65_536 - JSON.stringify({ text: '' }).length;
    raw.write(frame(`{"op":"publish","id":2,"room":"${'r'.repeat(512)}","cid":"${'c'.repeat(128)}","body":{"text":"t"}}`));
    assert.equal((await raw.reply(2)).seq, 1);
    raw.write(frame(`{"op":"publish","id":3,"room":"bad/limit","body":${JSON.stringify({ text: 'x'.repeat(fill) })}}`));
    const reply = await raw.reply(3).catch(() => null);
    // A body of the full size needs a frame that is a little larger: one of the two limits answers.
    assert.ok(reply?.seq === 1 || reply?.error?.code === 'too_large' || (await raw.closeCode()) === 1009);
    raw.end();
    await witness.check();
  });

  it('one who goes on sending what is no command is closed with 1008', async () => {
    const raw = await open();
    for (let i = 0; i < 20; ++i) raw.write(frame('nonsense'));
    assert.equal(await raw.closeCode(), 1008);
    const errors = raw.frames.filter(({ payload }) => payload.toString().includes('bad_request'));
    assert.equal(errors.length, 10, 'ten are answered, the one after them closes');
    raw.end();
    await witness.check();
  });

  it('one who never says connect is closed with 1008', async () => {
    const raw = await open('');
    assert.equal(await raw.closeCode(), 1008);
    raw.end();
  });

  it('the 1,001st subscription is refused, the thousand go on', async () => {
    const raw = await open();
    for (let i = 1; i <= 1001; ++i) raw.write(frame(`{"op":"subscribe","id":${100 + i},"room":"bad/many/${i}"}`));
    const last = await raw.reply(1101);
    assert.ok(['too_large', 'rate_limited'].includes(last.error.code), last.error.code);
    assert.equal((await raw.reply(1100)).head, 0);
    raw.end();
    await witness.check();
  });
});
