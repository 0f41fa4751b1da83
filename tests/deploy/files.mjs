// The files around the broker agree with each other and with it: flags exist, runbooks exist, rules and dashboards are in step, the image and the
// compose stack keep the rules of hardening.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import yaml from 'js-yaml';
import { chart, check, finish, root } from './lib/check.mjs';

const text = (path) => readFileSync(join(root, path), 'utf8');
const run = (command, args, options) => spawnSync(command, args, { encoding: 'utf8', cwd: root, ...options });

// Every flag and PARLEY_ variable that the kit uses is one that the broker knows.
const own = (flag) => new RegExp(`- --${flag}$|PARLEY_${flag.toUpperCase().replaceAll('-', '_')}$|--${flag} `, 'm');
const help = run(process.env.PARLEY_BIN, ['--help']).stdout;
const flags = new Set([...help.matchAll(/^ *(?:-\w, *)?--([a-z][\w-]*)/gm)].map(([, flag]) => flag));
const known = (flag) => flags.has(flag);
check('parley --help was read', flags.size > 30, help);
const deployment = readFileSync(join(chart, 'templates/deployment.yaml'), 'utf8');
const users = { 'deployment.yaml': deployment, 'compose.yaml': text('compose.yaml').split('services:')[0] };
for (const [where, content] of Object.entries(users))
  for (const [, flag] of content.matchAll(/^\s+- --([a-z-]+)$/gm)) check(`${where}: --${flag} is a flag of parley`, known(flag));
const schema = JSON.parse(readFileSync(join(chart, 'values.schema.json'), 'utf8'));
for (const flag of Object.keys(schema.properties.settings.properties))
  check(`values.schema.json: settings.${flag} is a flag of parley`, known(flag));
// And the other way: the chart can set every flag but those that it sets itself and those that are for tests.
const setByChart = [
  'config',
  'listen',
  'mqtt-listen',
  'mqtts-listen',
  'tls-cert',
  'tls-key',
  'plain-http',
  'metrics-listen',
  'data-dir',
]
  .concat(['database', 'redis', 'redis-ca-file'])
  .filter((flag) =>
    check(`the chart sets --${flag}`, `${deployment}${text('helm/parley/templates/_helpers.tpl')}`.match(own(flag))),
  );
const notForIt = ['help', 'version', 'echo', 'echo-message-bytes', 'insecure-test-mode', 'web-root', 'tls-only'].concat([
  'database-password-file',
  'redis-password-file',
]); // the URLs are Secrets
for (const flag of flags)
  if (!setByChart.includes(flag) && !notForIt.includes(flag))
    check(`the chart can set ${flag}`, flag in schema.properties.settings.properties);
for (const path of ['Dockerfile', 'helm/parley/templates/_helpers.tpl'])
  for (const [, name] of text(path).matchAll(/\bPARLEY_([A-Z_]+)\b/g))
    check(`${path}: PARLEY_${name}`, known(name.toLowerCase().replaceAll('_', '-')));
for (const [, verb] of [
  ...deployment.matchAll(/args:\n\s+- (\w+)/g),
  ...text('helm/parley/templates/migration.yaml').matchAll(/args: \[(\w+)/g),
]) {
  check(`parley ${verb} is a sub-command`, new RegExp(`^ +${verb} `, 'm').test(help));
}
for (const path of [
  'roles/parley/defaults/main.yml',
  ...['dev', 'staging', 'prod'].map((name) => `inventories/${name}/group_vars/brokers/main.yml`),
])
  for (const flag of Object.keys(yaml.load(text(`ansible/${path}`)).parley_settings))
    check(`ansible/${path}: ${flag} is a flag`, known(flag));
for (const [, name] of text('scripts/compose/make-secrets').matchAll(/(?:'|\\n)([a-z-]+) = (?:postgres|redis):/g))
  check(`make-secrets: ${name} is a flag`, known(name));

// Alerts: severity, span, a runbook that is there, a test that sees it silent and one that sees it fire.
const tests = text('grafana/prometheus/tests/alerts.test.yaml');
const { groups } = yaml.load(text('grafana/prometheus/rules/alerts.rules.yaml'));
for (const rule of groups.flatMap(({ rules }) => rules)) {
  const { alert, labels, annotations } = rule;
  check(`${alert}: severity and span`, ['critical', 'warning', 'info'].includes(labels?.severity) && Boolean(rule.for));
  check(`${alert}: its runbook is there`, existsSync(join(root, annotations.runbook)), annotations.runbook);
  check(`${alert}: a test sees it fire`, new RegExp(`alertname: ${alert}, exp_alerts: \\[\\{`).test(tests));
  check(`${alert}: a test sees it silent`, tests.includes(`alertname: ${alert}, exp_alerts: []`));
}
for (const file of readdirSync(join(root, 'grafana/prometheus/rules')))
  check(`the chart's ${file} is the same`, text(`grafana/prometheus/rules/${file}`) === text(`helm/parley/files/${file}`));
const written = run('node', ['grafana/dashboards.mjs', '--check']);
check('the dashboards are what dashboards.mjs writes', written.status === 0, written.stderr);
// Grafana's own types: a misspelt or misplaced field of a dashboard does not compile.
const typesFolder = join(root, 'tests/deploy/node_modules/.parley');
mkdirSync(typesFolder, { recursive: true });
const dashboards = readdirSync(join(root, 'grafana/dashboards'));
const typed = (name, i) => `export const d${i}: Loose<Dashboard> = ${text(`grafana/dashboards/${name}`)};`;
// Enums are numbers and words in the files.
const loose = [
  'type Loose<T> = T extends string ? `${T}` | T : T extends number ? number :',
  '  T extends readonly (infer U)[] ? Loose<U>[] : T extends object ? { [K in keyof T]: Loose<T[K]> } : T;',
].join('\n');
const compiled = (name, lines) => {
  writeFileSync(join(typesFolder, name), ["import type { Dashboard } from '@grafana/schema';", loose, ...lines].join('\n'));
  const tsc = join(root, 'tests/deploy/node_modules/typescript/bin/tsc');
  const how = ['--noEmit', '--strict', '--skipLibCheck', '--module', 'nodenext', '--target', 'es2022'];
  return run(process.execPath, [tsc, ...how, join(typesFolder, name)]);
};
const fit = compiled('dashboards.ts', dashboards.map(typed));
check("the dashboards are of Grafana's types", fit.status === 0, fit.stdout);
const unfit = compiled('wrong.ts', [typed(dashboards[0], 0).replace('"editable"', '"editible"')]);
check('a misspelt field of a dashboard is seen', unfit.status !== 0 && unfit.stdout.includes('editible'), unfit.stdout);

const receivers = yaml.load(text('grafana/alertmanager/alertmanager.yml'));
check(
  'critical alerts reach the pager',
  receivers.route.routes.some((route) => route.receiver === 'pager' && route.matchers[0].includes('critical')),
);

// Links of the documents.
for (const path of ['docs/operations.md', ...readdirSync(join(root, 'docs/runbooks')).map((file) => `docs/runbooks/${file}`)]) {
  const folder = join(root, path, '..');
  for (const [, link] of text(path).matchAll(/\]\(([^)#:]+\.\w+)(?:#[^)]*)?\)/g))
    check(`${path}: ${link}`, existsSync(join(folder, link)));
}

// The image.
const dockerfile = text('Dockerfile');
const runtime = dockerfile.slice(dockerfile.lastIndexOf('\nFROM '));
check('the image runs as uid 10001', /^USER 10001:10001$/m.test(runtime));
check('the runtime stage runs no command', !/^RUN /m.test(runtime));
check('HEALTHCHECK by parley itself', /HEALTHCHECK .*CMD \["\/usr\/bin\/parley", "check-health"\]/.test(runtime));
for (const label of ['title', 'version', 'revision', 'created'])
  check(`label ${label}`, runtime.includes(`org.opencontainers.image.${label}=`));
const linted = run(join(root, 'tests/deploy/node_modules/.bin/dockerlinter'), [
  '-e',
  '-s',
  'none',
  '-i',
  'ER0012,EF0004',
  '-f',
  'Dockerfile',
]);
check('dockerlinter', linted.status === 0, linted.stdout + linted.stderr);

// The compose stack.
const config = run(process.env.DOCKER_COMPOSE, [
  '--env-file',
  '.env.example',
  '-f',
  'compose.yaml',
  'config',
  '--format',
  'json',
]);
if (check('docker compose reads the file', config.status === 0, config.stderr)) {
  const compose = JSON.parse(config.stdout);
  for (const [name, service] of Object.entries(compose.services)) {
    check(
      `${name}: read-only root, no capabilities, no new privileges`,
      service.read_only && service.cap_drop?.includes('ALL') && service.security_opt?.[0] === 'no-new-privileges:true',
    );
    check(`${name}: an image with a version`, /:[^/]*\d/.test(service.image), service.image);
    const inline = Object.entries(service.environment ?? {}).filter(
      ([key]) => /PASS|SECRET|TOKEN/.test(key) && !/FILE$/.test(key),
    );
    check(`${name}: secrets are files`, inline.length === 0, JSON.stringify(inline));
  }
  for (const name of ['parley-1', 'parley-2', 'haproxy', 'postgres', 'redis', 'prometheus', 'grafana'])
    check(`compose has ${name}`, name in compose.services);
  const jobs = yaml.load(text('grafana/prometheus/prometheus.yml')).scrape_configs;
  for (const job of jobs)
    for (const target of job.static_configs[0].targets) {
      const [host] = target.split(':');
      check(`prometheus: ${host} is in the stack`, host === 'localhost' || host in compose.services);
    }
  check('15 days of metrics', compose.services.prometheus.command.includes('--storage.tsdb.retention.time=15d'));
}
finish('files');
