// Terraform's files, really run: fmt, init, validate and plan of every environment against the AWS provider's own schema (a stand-in serves it),
// `terraform test` of the topology, and faults planted in a copy that those must catch.
//   node terraform.mjs [--quick]     --quick: fmt, validate and plan of production only
// PARLEY_AWS_PACKAGE names the npm package's archive.
import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { check, environments, finish, root } from './lib/check.mjs';
import { moduleOf, writeSchema } from './terraform/schema.mjs';
import { faults } from './terraform/faults.mjs';
import { atExit } from '../integration/lib/at_exit.mjs';

const quick = process.argv.includes('--quick');
const scratch = mkdtempSync(join(tmpdir(), 'parley-terraform-'));
atExit(() => rmSync(scratch, { recursive: true, force: true }));

const filesUnder = (folder) =>
  readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? filesUnder(join(folder, entry.name)) : [join(folder, entry.name)],
  );
const sources = filesUnder(join(root, 'terraform')).filter((file) => file.endsWith('.tf'));
const named = new Set();
for (const file of sources)
  for (const [, kind, type] of readFileSync(file, 'utf8').matchAll(/^(resource|data) "(aws_\w+)"/gm))
    named.add(kind === 'data' ? `data.${type}` : type);
// Only the modules that are needed are unpacked; one that is not there is an unknown type.
const modules = ['provider', ...[...named].map(moduleOf)].map((name) => `package/lib/${name}/index.js`);
spawnSync('tar', ['xzf', process.env.PARLEY_AWS_PACKAGE, '-C', scratch, ...modules]);
const schema = writeSchema(join(scratch, 'package'), join(scratch, 'schema.json'), [...named].sort());
check('every type is one of the provider', schema.unknown.length === 0, schema.unknown.join());

// The stand-in, where Terraform looks for providers.
const mirror = join(
  scratch,
  'mirror/registry.terraform.io/hashicorp/aws/6.25.0',
  `linux_${process.arch === 'x64' ? 'amd64' : process.arch}`,
);
mkdirSync(mirror, { recursive: true });
const program = join(mirror, 'terraform-provider-aws_v6.25.0');
writeFileSync(program, `#!/bin/sh\nexec '${process.execPath}' '${join(root, 'tests/deploy/terraform/provider.mjs')}'\n`);
chmodSync(program, 0o755);
writeFileSync(
  join(scratch, 'terraformrc'),
  `disable_checkpoint = true\nprovider_installation {\n  filesystem_mirror {\n    path = "${join(scratch, 'mirror')}"\n  }\n}\n`,
);
const env = {
  PATH: process.env.PATH,
  HOME: scratch,
  TF_CLI_CONFIG_FILE: join(scratch, 'terraformrc'),
  TF_DISABLE_PLUGIN_TLS: '1',
  TF_IN_AUTOMATION: '1',
  CHECKPOINT_DISABLE: '1',
  PARLEY_TF_SCHEMA: join(scratch, 'schema.json'),
};
const terraform = (folder, ...args) =>
  spawnSync('terraform', [`-chdir=${folder}`, ...args, '-no-color'], { encoding: 'utf8', env, maxBuffer: 1 << 26 });
const said = (result) => (result.stdout + result.stderr).slice(-4000);

const format = spawnSync('terraform', ['fmt', '-check', '-recursive', '-diff', join(root, 'terraform')], {
  encoding: 'utf8',
  env,
});
check('terraform fmt', format.status === 0, format.stdout + format.stderr);

// In a copy: init writes lock files and .terraform, and the state is a local file there.
const copy = join(scratch, 'terraform');
cpSync(join(root, 'terraform'), copy, { recursive: true, filter: (path) => !/\.terraform(\/|$|\.lock)/.test(path) });
for (const environment of environments)
  writeFileSync(join(copy, 'environments', environment, 'backend_override.tf'), 'terraform {\n  backend "local" {}\n}\n');

const init = (folder) => terraform(folder, 'init', '-input=false', '-backend=false');
for (const environment of quick ? ['prod'] : environments) {
  const folder = join(copy, 'environments', environment);
  const ready = terraform(folder, 'init', '-input=false');
  if (!check(`${environment}: init`, ready.status === 0, said(ready))) continue;
  const valid = terraform(folder, 'validate');
  check(`${environment}: validate`, valid.status === 0, said(valid));
  const plan = terraform(folder, 'plan', '-input=false', '-refresh=false', '-out=plan', '-var-file=terraform.tfvars.example');
  if (!check(`${environment}: plan`, plan.status === 0, said(plan))) continue;
  const shown = terraform(folder, 'show', '-json', 'plan');
  const changes = JSON.parse(shown.stdout).resource_changes ?? [];
  check(
    `${environment}: the plan makes the stack`,
    changes.filter(({ change }) => change.actions[0] === 'create').length > 80,
    changes.length,
  );
  // What the provider fills with defaults is unknown in a plan, so this was written by us.
  const of = (type) => changes.filter((one) => one.type === type).map(({ change }) => change.after);
  check(`${environment}: every bucket is private`, of('aws_s3_bucket_public_access_block').length === of('aws_s3_bucket').length);
  check(`${environment}: no plain key anywhere`, !/AKIA[0-9A-Z]{16}|BEGIN [A-Z ]*PRIVATE KEY/.test(shown.stdout));
  if (environment === 'prod')
    check(
      'prod: the databases are protected',
      of('aws_db_instance').length === 2 && of('aws_db_instance').every((one) => one.deletion_protection),
    );
}

if (!quick) {
  const bootstrap = join(copy, 'bootstrap');
  const made = init(bootstrap);
  const valid = made.status === 0 ? terraform(bootstrap, 'validate') : made;
  check('bootstrap: validate', valid.status === 0, said(valid));

  const stack = join(copy, 'modules/stack');
  const ready = init(stack);
  check('stack: init', ready.status === 0, said(ready));
  const test = terraform(stack, 'test');
  const [, passed = 0] = /Success! (\d+) passed, 0 failed/.exec(test.stdout) ?? [];
  check('terraform test', test.status === 0 && Number(passed) >= 3, said(test));

  // All faults of a step at once: each must be named.
  for (const step of ['test', 'validate']) {
    const planted = faults.filter(({ seenBy = 'test' }) => seenBy === step);
    for (const { name, file, from, to } of planted) {
      const before = readFileSync(join(copy, file), 'utf8');
      check(`fault "${name}" can be planted`, before.includes(from));
      writeFileSync(join(copy, file), before.replace(from, to));
    }
    const result = step === 'test' ? terraform(stack, 'test') : terraform(join(copy, 'environments/prod'), 'validate');
    const words = (result.stdout + result.stderr).replace(/[\s│╷╵]+/g, ' ');
    for (const fault of planted)
      check(`fault "${fault.name}" is seen`, result.status !== 0 && words.includes(fault.words), words.slice(-1500));
    cpSync(join(root, 'terraform/modules'), join(copy, 'modules'), { recursive: true });
  }
}
check('no lock files or state are left in the tree', !existsSync(join(root, 'terraform/environments/prod/terraform.tfstate')));
finish('terraform');
