// --production refuses what is for development: example passwords, settings for tests.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, it } from 'node:test';
import { binary } from './lib/broker.mjs';

const checkConfig = (...args) => spawnSync(binary, ['check-config', '--production', ...args], { encoding: 'utf8' });

describe('production', () => {
  for (const [name, args, words] of [
    ['a test mode', ['--insecure-test-mode'], /insecure-test-mode/],
    ['the echo', ['--echo'], /--echo/],
    ['every origin', ['--allowed-origin', '*'], /allowed-origin/],
    ["an example's password", ['--database', 'postgres://parley:example-only@localhost/parley'], /an example's/],
  ])
    it(`refuses ${name}`, () => {
      const { status, stderr } = checkConfig(...args);
      assert.equal(status, 2);
      assert.match(stderr, words);
    });
  it('takes what is fit', () => assert.equal(checkConfig('--allowed-origin', 'https://chat.example.org').status, 0));
});
