// No secret in the tree or its history (gitleaks), and gitleaks does see one that is planted.   GITLEAKS: the program
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { check, finish, root } from './lib/check.mjs';

const config = join(root, '.gitleaks.toml');
const scan = (folder, ...more) =>
  spawnSync(process.env.GITLEAKS, ['detect', '--no-banner', '--redact', '--verbose', '-c', config, '-s', folder, ...more], {
    encoding: 'utf8',
  });
const history = existsSync(join(root, '.git')) ? [] : ['--no-git'];
const real = scan(root, ...history);
check('no secret in the history', real.status === 0, real.stdout + real.stderr);

const scratch = mkdtempSync(join(tmpdir(), 'parley-secrets-'));
// Put together here, so that this file is not one.
const planted = `-----BEGIN RSA ${'PRIVATE'} KEY-----\n${'MIIEpAIBAAKCAQEA7f3kX9q2Lh5sT8vWzY1n'.repeat(8)}\n-----END RSA ${'PRIVATE'} KEY-----\n`;
writeFileSync(join(scratch, 'deploy.pem'), planted);
const seen = scan(scratch, '--no-git');
rmSync(scratch, { recursive: true });
check('a planted key is seen', seen.status === 1 && /private-key/.test(seen.stdout), seen.stdout + seen.stderr);
finish('secrets');
