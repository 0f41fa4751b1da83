// Tests of the checks: faults planted in a copy of the kit, all of one part at a time; its check must fail and name each of them.
//   node plants.mjs [PART]       what scripts/check-deploy sets is needed (HELM_32, PARLEY_BIN, DOCKER_COMPOSE …)
// Terraform's faults are planted by terraform.mjs, a secret by secrets.mjs.
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { check, finish, root } from './lib/check.mjs';
import { parts } from './lib/planted.mjs';
import { atExit } from '../integration/lib/at_exit.mjs';

const scratch = mkdtempSync(join(tmpdir(), 'parley-planted-'));
atExit(() => rmSync(scratch, { recursive: true, force: true }));
const files = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '-z'], {
  cwd: root,
  encoding: 'utf8',
  maxBuffer: 1 << 26,
});
for (const file of files.split('\0').filter(Boolean)) cpSync(join(root, file), join(scratch, file), { recursive: true });
symlinkSync(join(root, 'tests/deploy/node_modules'), join(scratch, 'tests/deploy/node_modules'));

for (const { part, command, planted } of parts) {
  if (process.argv[2] && !part.includes(process.argv[2])) continue;
  const original = new Map();
  for (const { file, from, to } of planted) {
    const path = join(scratch, file);
    const before = readFileSync(path, 'utf8');
    if (!original.has(path)) original.set(path, before);
    check(`${part}: a fault can be planted in ${file}`, before.includes(from), from);
    writeFileSync(
      path,
      before.replace(from, () => to),
    );
  }
  const [program, ...args] = command;
  const told = spawnSync(program, args, { cwd: scratch, encoding: 'utf8', maxBuffer: 1 << 26 });
  const words = told.stdout + told.stderr;
  check(`${part}: fails`, told.status !== 0);
  for (const { file, to, seen } of planted)
    check(`${part}: "${to}" in ${file} is seen`, words.includes(seen), words.slice(-2000));
  for (const [path, before] of original) writeFileSync(path, before);
}
finish('planted faults');
