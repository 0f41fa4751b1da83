// Bad input, third layer: bytes that are no HTTP, and requests that REST must refuse.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Witness } from './lib/bad_input.mjs';
import { RawSocket } from './lib/raw.mjs';
import { Device, request } from './lib/rest.mjs';
import { until } from './lib/wait.mjs';

const get = (target, ...lines) => ['GET ' + target + ' HTTP/1.1', 'Host: x', ...lines, '', ''].join('\r\n');
const post = (headers, body) =>
  ['POST /api/v1/login HTTP/1.1', 'Host: x', 'Content-Type: application/json', ...headers, '', body].join('\r\n');
const many = (count, line) => Array.from({ length: count }, (_, i) => line(i));

// Raw bytes and the status; 0: closed without an answer.
const bytes = [
  ['garbage', '\x00\x01\x02\x03\r\n\r\n', [400, 0]],
  ['a TLS ClientHello', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03' + 'x'.repeat(60) + '\r\n\r\n', [400, 0]],
  ['an HTTP/2 preface', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', [400, 501, 505]],
  ['HTTP/0.9', 'GET /\r\n\r\n', 400],
  ['HTTP/1.9', 'GET /healthz HTTP/2.5\r\nHost: x\r\n\r\n', 505],
  ['a method that is none', 'BREW /pot HTTP/1.1\r\nHost: x\r\n\r\n', [501, 405]],
  ['CONNECT', 'CONNECT x:80 HTTP/1.1\r\nHost: x\r\n\r\n', [400, 405, 501]],
  ['a method of 100 letters', 'X'.repeat(100) + ' / HTTP/1.1\r\nHost: x\r\n\r\n', [400, 501]],
  ['no Host', 'GET /healthz HTTP/1.1\r\n\r\n', 400],
  ['two Hosts', get('/healthz', 'Host: y'), 400],
  ['a malformed Host', 'GET /healthz HTTP/1.1\r\nHost: a b\r\n\r\n', 400],
  ['a target of 20,000 bytes', get('/' + 'x'.repeat(20_000)), 414],
  ['a space in the target', get('/a b'), 400],
  ['a target without a slash', get('healthz'), 400],
  ['a header of 40,000 bytes', get('/healthz', 'X: ' + 'x'.repeat(40_000)), 431],
  ['500 headers', get('/healthz', ...many(500, (i) => `X-${i}: 1`)), 431],
  ['a header without a colon', get('/healthz', 'Header'), 400],
  ['a space before the colon', get('/healthz', 'X : 1'), 400],
  ['a folded header', get('/healthz', 'X: 1', ' 2'), 400],
  ['a header with NUL', get('/healthz', 'X: a\0b'), 400],
  ['a bare CR', get('/healthz', 'X: a\rb'), 400],
  ['lines that end with LF alone', 'GET /healthz HTTP/1.1\nHost: x\n\n', 400],
  ['Content-Length and chunked', post(['Content-Length: 5', 'Transfer-Encoding: chunked'], '0\r\n\r\n'), 400],
  ['two Content-Lengths', post(['Content-Length: 2', 'Content-Length: 3'], '{}'), 400],
  ['a list as Content-Length', post(['Content-Length: 2, 3'], '{}'), 400],
  ['a Content-Length that is no number', post(['Content-Length: two'], '{}'), 400],
  ['a negative Content-Length', post(['Content-Length: -2'], '{}'), 400],
  ['a signed Content-Length', post(['Content-Length: +2'], '{}'), 400],
  ['a hexadecimal Content-Length', post(['Content-Length: 0x2'], '{}'), 400],
  ['a Content-Length of 2^64', post(['Content-Length: 18446744073709551616'], '{}'), [400, 413]],
  ['a Content-Length of 1 GB, before its bytes', post(['Content-Length: 1000000000'], ''), 413],
  ['a chunk size that is no number', post(['Transfer-Encoding: chunked'], 'xyz\r\n'), 400],
  ['a chunk size of 2^64', post(['Transfer-Encoding: chunked'], '10000000000000000\r\n'), [400, 413]],
  ['a chunk that is longer than it says', post(['Transfer-Encoding: chunked'], '2\r\n{}}}\r\n0\r\n\r\n'), 400],
  ['2 MB in chunks', post(['Transfer-Encoding: chunked'], `200000\r\n${'x'.repeat(0x200000)}\r\n0\r\n\r\n`), 413],
  ['gzip as transfer coding', post(['Transfer-Encoding: gzip'], 'x'), [400, 501]],
  ['chunked, then gzip', post(['Transfer-Encoding: chunked, gzip'], 'x'), [400, 501]],
  ['chunked twice', post(['Transfer-Encoding: chunked, chunked'], '0\r\n\r\n'), 400],
  ['an expectation that nobody knows', post(['Content-Length: 2', 'Expect: tea'], '{}'), 417],
  ['a bad percent escape', get('/api/v1/rooms/%zz'), [400, 401]],
  ['a path that ends in a percent sign', get('/api/v1/rooms/%'), [400, 401]],
  ['a path that decodes to bad UTF-8', get('/api/v1/rooms/%ff'), [400, 401]],
  ['a path with an encoded NUL', get('/api/v1/rooms/%00'), [400, 401]],
  ['a path that climbs', get('/../../etc/passwd'), [400, 404]],
  ['a path that climbs, encoded', get('/%2e%2e/%2e%2e/etc/passwd'), [400, 404]],
];

const login = { name: 'nobody', password: 'long enough' };
const raw = (text, type = 'application/json') => ({ body: text, headers: { 'Content-Type': type } });
const as = (authorization) => ({ headers: { Authorization: authorization } });

// Method, path, options, status. Those with `me` carry the token of a guest.
const requests = [
  ['a body that is not JSON', 'POST', '/login', raw('name=ada'), 400],
  ['a body that is cut', 'POST', '/login', raw('{"name":'), 400],
  ['a body that is an array', 'POST', '/login', raw('[]'), 400],
  ['a body that is not UTF-8', 'POST', '/login', raw(Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])), 400],
  ['a duplicate member', 'POST', '/login', raw('{"name":"a","name":"b","password":"x"}'), 400],
  ['\\u0000 in a name', 'POST', '/login', raw('{"name":"a\\u0000","password":"long enough"}'), [400, 401]],
  ['another media type', 'POST', '/login', raw(JSON.stringify(login), 'text/plain'), 415],
  ['a form', 'POST', '/login', raw('name=a&password=b', 'application/x-www-form-urlencoded'), 415],
  ['no name', 'POST', '/register', { body: { password: 'long enough' } }, 400],
  ['a name of one letter', 'POST', '/register', { body: { name: 'a', password: 'long enough' } }, 400],
  ['a name of 33 letters', 'POST', '/register', { body: { name: 'a'.repeat(33), password: 'long enough' } }, 400],
  ['a name with a space', 'POST', '/register', { body: { name: 'a b', password: 'long enough' } }, 400],
  ['a name with markup', 'POST', '/register', { body: { name: '<b>x</b>', password: 'long enough' } }, 400],
  ['a name that begins with a dot', 'POST', '/register', { body: { name: '.ada', password: 'long enough' } }, 400],
  ['a password of 7 bytes', 'POST', '/register', { body: { name: 'shorty', password: '1234567' } }, 400],
  ['a password of 257 bytes', 'POST', '/register', { body: { name: 'longy', password: 'x'.repeat(257) } }, 400],
  ['a password that is a number', 'POST', '/register', { body: { name: 'numby', password: 12345678 } }, 400],
  ['no token', 'GET', '/me', {}, 401],
  ['a token that is none', 'GET', '/me', as('Bearer x'), 401],
  ['Basic instead of Bearer', 'GET', '/me', as('Basic YWRhOnB3'), 401],
  ['a token with alg none', 'GET', '/me', as('Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJ1XzEifQ.'), 401],
  ['an empty Authorization', 'GET', '/me', as(''), 401],
  ['a refresh cookie that is none', 'POST', '/refresh', { cookie: 'parley_refresh=xyz' }, 401],
  ['no such path', 'GET', '/no/such/path', { me: true }, 404],
  ['no such method', 'DELETE', '/me', { me: true }, 405],
  ['a room with #', 'POST', '/rooms', { me: true, body: { name: 'a/#' } }, 400],
  ['a room without a name', 'POST', '/rooms', { me: true, body: {} }, 400],
  ['a room of 513 bytes', 'POST', '/rooms', { me: true, body: { name: 'x'.repeat(513) } }, [400, 413]],
  ['a visibility that is none', 'POST', '/rooms', { me: true, body: { name: 'v', visibility: 'secret' } }, 400],
  ['a keep that is none', 'POST', '/rooms', { me: true, body: { name: 'k', keep: 'some' } }, 400],
  ['a title of 1,000 bytes', 'POST', '/rooms', { me: true, body: { name: 't', title: 'x'.repeat(1000) } }, [400, 413]],
  ['a message without a body', 'POST', '/rooms/bad/messages', { me: true, body: {} }, 400],
  ['a message whose body is text', 'POST', '/rooms/bad/messages', { me: true, body: { body: 'hi' } }, 400],
  ['a message of 80 kB', 'POST', '/rooms/bad/messages', { me: true, body: { body: { text: 'x'.repeat(80_000) } } }, 413],
  ['a message of 2 MB', 'POST', '/rooms/bad/messages', { me: true, body: { body: { text: 'x'.repeat(2_000_000) } } }, 413],
  ['a type that the server makes', 'POST', '/rooms/bad/messages', { me: true, body: { type: 'leave', body: {} } }, 400],
  ['a limit of 0', 'GET', '/rooms/bad/messages?limit=0', { me: true }, 400],
  ['a limit of 201', 'GET', '/rooms/bad/messages?limit=201', { me: true }, 400],
  ['a limit that is no number', 'GET', '/rooms/bad/messages?limit=many', { me: true }, 400],
  ['before and after', 'GET', '/rooms/bad/messages?before=5&after=1', { me: true }, 400],
  ['a before that is negative', 'GET', '/rooms/bad/messages?before=-1', { me: true }, 400],
  ['a seq that is no number', 'DELETE', '/rooms/bad/messages/one', { me: true }, [400, 404]],
  ['a seq of 2^64', 'DELETE', '/rooms/bad/messages/18446744073709551616', { me: true }, [400, 404]],
  ['a scope that is none', 'GET', '/rooms?scope=all', { me: true }, 400],
  ['a read mark that is text', 'PUT', '/rooms/bad/read', { me: true, body: { seq: 'x' } }, 400],
  ['a signal without a type', 'POST', '/rooms/bad/signals', { me: true, body: { body: {} } }, 400],
  ['a role that is none', 'PUT', '/rooms/bad/members/@ada', { me: true, body: { role: 'king' } }, 400],
];

describe('bad HTTP', () => {
  let witness;
  let guest;
  before(async () => {
    witness = await Witness.start();
    guest = await new Device(witness.broker.url).guest('guest');
    await guest.must(201, 'POST', '/rooms/bad/messages', { body: { text: 'there is one' } });
  });
  after(() => witness.stop());

  it('bytes that are no proper request', async (t) => {
    for (const [name, text, expected] of bytes) {
      await witness.run(`bytes: ${name}`, expected, async () => {
        const socket = await RawSocket.open(witness.broker.port);
        socket.write(Buffer.from(text, 'latin1'));
        const status = await socket.status();
        socket.end();
        return status;
      });
    }
    witness.print(t);
  });

  it('requests that REST refuses, as problem+json with a code', async (t) => {
    witness.rows = [];
    for (const [name, method, path, options, expected] of requests) {
      await witness.run(`${method} with ${name}`, expected, async () => {
        const answer = await request(witness.broker.url, method, `/api/v1${path}`, {
          token: options.me && guest.token,
          ...options,
        });
        if (answer.status >= 400) {
          assert.match(answer.headers['content-type'], /^application\/problem\+json/, name);
          assert.equal(answer.body.status, answer.status);
          assert.ok(answer.body.title && answer.body.detail !== undefined, answer.text);
        }
        return answer.status;
      });
    }
    witness.print(t);
  });

  it('after a request that cannot be read nothing more is read from the connection', async () => {
    const socket = await RawSocket.open(witness.broker.port);
    socket.write('GET /healthz HTTP/1.1\r\nHost: x\r\nX : 1\r\n\r\nGET /readyz HTTP/1.1\r\nHost: x\r\n\r\n');
    assert.equal(await socket.status(), 400);
    const text = socket.text();
    assert.equal(text.match(/HTTP\/1\.1 /g).length, 1);
    socket.end();
    await witness.check();
  });

  it('pipelined requests are answered in order', async () => {
    const socket = await RawSocket.open(witness.broker.port);
    socket.write(get('/healthz') + get('/api/v1/nothing') + get('/api/v1/info') + get('/healthz', 'Connection: close'));
    const statuses = () => [...socket.text().matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => Number(status));
    await until(() => socket.ended, 'the connection ends');
    assert.deepEqual(statuses(), [200, 404, 200, 200]);
  });
});
