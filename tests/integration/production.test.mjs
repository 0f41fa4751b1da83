// --production refuses what is for development: example passwords, settings for tests.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { binary } from './lib/broker.mjs';

const checkConfig = (...args) => spawnSync(binary, ['check-config', '--production', ...args], { encoding: 'utf8' });

describe('production', () => {
  for (const [name, args, words] of [
    ['a test mode', ['--insecure-test-mode'], /insecure-test-mode/],
    ['the echo', ['--echo'], /--echo/],
    ['every origin', ['--allowed-origin', '*'], /allowed-origin/],
    ["an example's password of Redis", ['--redis', 'rediss://:EXAMPLE-only@localhost:6379'], /--redis is an example's/],
    ["an example's password", ['--database', 'postgres://parley:example-only@localhost/parley'], /an example's/],
  ])
    it(`refuses ${name}`, () => {
      const { status, stderr } = checkConfig(...args);
      assert.equal(status, 2);
      assert.match(stderr, words);
    });
  it("refuses to start with an example's key for tokens", () => {
    const folder = mkdtempSync(join(tmpdir(), 'parley-production-'));
    writeFileSync(join(folder, 'token.keys'), 'example ZXhhbXBsZS1rZXktZm9yLWRldmVsb3BtZW50LW9ubHk\n', { mode: 0o400 });
    const ports = ['--listen', '127.0.0.1:0', '--mqtt-listen', 'off'];
    const { status, stderr } = spawnSync(binary, ['serve', '--production', '--data-dir', folder, ...ports], {
      encoding: 'utf8',
      timeout: 10_000,
    });
    rmSync(folder, { recursive: true });
    assert.notEqual(status, 0);
    assert.notEqual(status, null, 'it went on running');
    assert.match(stderr, /an example's key/);
  });
  it('takes what is fit', () => assert.equal(checkConfig('--allowed-origin', 'https://chat.example.org').status, 0));
});
