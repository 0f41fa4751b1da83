// REST as a person's device: remembers the access token and the refresh cookie.
import assert from 'node:assert/strict';
import http from 'node:http';

// One request, one connection; answers {status, headers, body (parsed when JSON), text}.
export function request(base, method, path, { body, headers = {}, token, cookie } = {}) {
  const url = new URL(path, base);
  const payload =
    body === undefined ? undefined : typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body);
  const all = { ...headers };
  if (payload !== undefined) {
    all['Content-Type'] ??= 'application/json';
    all['Content-Length'] = Buffer.byteLength(payload);
  }
  if (token) all.Authorization = `Bearer ${token}`;
  if (cookie) all.Cookie = cookie;
  return new Promise((resolve, reject) => {
    // new URL() would decode nothing that we encoded; the path is sent as given.
    const outgoing = http.request(
      { host: url.hostname, port: url.port, method, path, headers: all, agent: false },
      (incoming) => {
        const chunks = [];
        incoming.on('data', (chunk) => chunks.push(chunk));
        incoming.on('error', reject);
        incoming.on('end', () => {
          const text = Buffer.concat(chunks).toString('utf8');
          const json = /\bjson\b/.test(incoming.headers['content-type'] ?? '') && text.length > 0;
          resolve({ status: incoming.statusCode, headers: incoming.headers, text, body: json ? JSON.parse(text) : undefined });
        });
      },
    );
    outgoing.on('error', reject);
    outgoing.end(payload);
  });
}

export const segment = (name) => encodeURIComponent(name);

export class Device {
  constructor(base) {
    this.base = base;
    this.log = []; // every exchange, for the check against the API's description
  }

  async call(method, path, options = {}) {
    const answer = await request(this.base, method, `/api/v1${path}`, { token: this.token, cookie: this.cookie, ...options });
    const set = answer.headers['set-cookie']?.find((line) => line.startsWith('parley_refresh='));
    if (set) {
      this.setCookie = set;
      this.cookie = set.split(';')[0];
    }
    this.log.push({ method, path, requestBody: options.body, answer });
    return answer;
  }

  // A call that must answer with `status`; answers the body.
  async must(status, method, path, body, options = {}) {
    const answer = await this.call(method, path, { body, ...options });
    assert.equal(answer.status, status, `${method} ${path} answered ${answer.status}: ${answer.text}`);
    return answer.body;
  }

  // A call that must be refused with this code.
  async refused(code, method, path, body, options = {}) {
    const answer = await this.call(method, path, { body, ...options });
    assert.equal(answer.body?.code, code, `${method} ${path} answered ${answer.status}: ${answer.text}`);
    assert.match(answer.headers['content-type'], /^application\/problem\+json/);
    assert.equal(answer.status, answer.body.status);
    return answer;
  }

  keep(body) {
    this.user = body.user;
    this.token = body.access_token;
    return this;
  }

  async register(name, password = `password of ${name}`) {
    return this.keep(await this.must(201, 'POST', '/register', { name, password }));
  }

  async login(name, password = `password of ${name}`) {
    return this.keep(await this.must(200, 'POST', '/login', { name, password }));
  }

  async guest(name) {
    return this.keep(await this.must(201, 'POST', '/guest', name === undefined ? {} : { name }));
  }

  publish(room, body, more = {}) {
    return this.call('POST', `/rooms/${segment(room)}/messages`, { body: { body, ...more } });
  }

  // The whole history of a room by pages, oldest first.
  async history(room, limit = 200) {
    const entries = [];
    for (let after = 0; ;) {
      const page = await this.must(200, 'GET', `/rooms/${segment(room)}/messages?after=${after}&limit=${limit}`);
      entries.push(...page.entries);
      if (!page.more) return entries;
      assert.ok(page.entries.length > 0, 'a page that promises more is not empty');
      after = page.entries.at(-1).seq;
    }
  }
}
