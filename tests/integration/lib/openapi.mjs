// The served description of REST, as a judge: every exchange must be described (path, method, status, media type), its request body (where the
// broker accepted it) and its answer must be valid against the schemas.
import assert from 'node:assert/strict';
import Ajv2020 from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';

const pointer = (part) => part.replaceAll('~', '~0').replaceAll('/', '~1');

export class Description {
  constructor(document) {
    this.document = document;
    this.ajv = new Ajv2020({ strict: false, allErrors: true, validateFormats: true });
    addFormats(this.ajv);
    this.ajv.addSchema({ $id: 'openapi', ...document });
    this.validators = new Map();
    // Paths stand below the server's address, or carry /api/v1 themselves.
    this.prefix = Object.keys(document.paths).every((path) => path.startsWith('/api/v1')) ? '/api/v1' : '';
    this.seen = new Set(); // "GET /rooms/{room} 200"
    this.operations = Object.entries(document.paths).flatMap(([path, item]) =>
      Object.keys(item)
        .filter((key) => ['get', 'put', 'post', 'patch', 'delete'].includes(key))
        .map((method) => ({ path, method, pattern: new RegExp(`^${path.replaceAll(/\{[^}]+\}/g, '[^/]+')}$`) })),
    );
  }

  // Follows a $ref inside the document; answers the object and where it stands.
  resolve(where) {
    let node = this.document;
    for (const part of where) node = node?.[part];
    while (node?.$ref) {
      assert.ok(node.$ref.startsWith('#/'), node.$ref);
      where = node.$ref
        .slice(2)
        .split('/')
        .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
      node = this.document;
      for (const part of where) node = node?.[part];
      assert.ok(node, `nothing at ${where.join('/')}`);
    }
    return { node, where };
  }

  validate(where, value, what) {
    const key = `openapi#/${where.map((part) => encodeURIComponent(pointer(part))).join('/')}`;
    if (!this.validators.has(key)) this.validators.set(key, this.ajv.compile({ $ref: key }));
    const validator = this.validators.get(key);
    assert.ok(validator(value), `${what}: ${this.ajv.errorsText(validator.errors)}\n${JSON.stringify(value)}`);
  }

  check({ method, path, requestBody, answer }) {
    const bare = this.prefix + path.split('?')[0];
    const candidates = this.operations.filter((op) => op.method === method.toLowerCase() && op.pattern.test(bare));
    // "/rooms/{room}" and "/rooms/mine" may both match: the one with fewer parameters is meant.
    const operation = candidates.sort((a, b) => a.path.split('{').length - b.path.split('{').length)[0];
    assert.ok(operation, `${method} ${path} is not described`);
    const base = ['paths', operation.path, operation.method];
    const what = `${method} ${operation.path} ${answer.status}`;
    const responses = this.resolve([...base, 'responses']);
    const key = [String(answer.status), 'default'].find((candidate) => candidate in responses.node);
    assert.ok(key, `${what}: this status is not described`);
    this.seen.add(what);
    const { node: response, where } = this.resolve([...responses.where, key]);

    if (answer.status < 300 && requestBody !== undefined && typeof requestBody === 'object') {
      const request = this.resolve([...base, 'requestBody']);
      assert.ok(request.node, `${what}: a body was accepted that is not described`);
      this.validate([...request.where, 'content', 'application/json', 'schema'], requestBody, `${what}, the request`);
    }
    if (!response.content) {
      assert.equal(answer.text, '', `${what}: has a body that is not described`);
      return;
    }
    const type = (answer.headers['content-type'] ?? '').split(';')[0];
    assert.ok(type in response.content, `${what}: media type '${type}' is not described`);
    this.validate([...where, 'content', type, 'schema'], answer.body, what);
  }

  // Operations that no exchange was a success of.
  untouched() {
    return this.operations
      .map(({ path, method }) => `${method.toUpperCase()} ${path}`)
      .filter((operation) => ![...this.seen].some((seen) => seen.startsWith(`${operation} 2`)));
  }
}
