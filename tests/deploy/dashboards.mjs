// Every panel of every dashboard and every recording rule against a live Prometheus that scrapes the live broker, PostgreSQL, Redis, the node and
// HAProxy through Debian's exporters. Only series of kube-state-metrics, cAdvisor and CloudWatch come from a fixture. No answer may be empty.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import yaml from 'js-yaml';
import { check, finish, root } from './lib/check.mjs';
import { startStack } from './lib/stack.mjs';

const folder = join(root, 'grafana/dashboards');
const dashboards = readdirSync(folder).map((file) => JSON.parse(readFileSync(join(folder, file), 'utf8')));
check('there are five dashboards', dashboards.length === 5, dashboards.length);

const panels = dashboards.flatMap(({ uid, panels: all }) =>
  all
    .filter(({ type }) => type !== 'row')
    .flatMap(({ title, targets }) => targets.map(({ expr }) => ({ name: `${uid}: ${title}`, expr }))),
);
const groups = yaml.load(readFileSync(join(root, 'grafana/prometheus/rules/recording.rules.yaml'), 'utf8')).groups;
const records = groups.flatMap(({ rules }) => rules.map(({ record }) => ({ name: `record ${record}`, expr: record })));
const filled = (expr) => expr.replaceAll('$__rate_interval', '20s').replaceAll('$instance', '.*');

for (const { uid, panels: all } of dashboards) {
  const ids = all.map(({ id }) => id);
  check(`${uid}: the panels' ids differ`, new Set(ids).size === ids.length);
  check(`${uid}: a stable uid`, /^parley-[a-z]+$/.test(uid));
  for (const a of all)
    for (const b of all) {
      if (a.id >= b.id) continue;
      const [p, q] = [a.gridPos, b.gridPos];
      const apart = p.x + p.w <= q.x || q.x + q.w <= p.x || p.y + p.h <= q.y || q.y + q.h <= p.y;
      check(`${uid}: ${a.title} and ${b.title} do not overlap`, apart);
    }
}

const stack = await startStack();
try {
  // Asked until it answers: scrapes and rules come once a second.
  const deadline = Date.now() + 45_000;
  let waiting = [...panels, ...records];
  for (;;) {
    const empty = [];
    for (const panel of waiting) {
      const answer = await stack.query(filled(panel.expr));
      if (answer.status === 'error') check(panel.name, false, `${answer.error}: ${panel.expr}`);
      else if (answer.data.result.length === 0 || answer.data.result.every(({ value }) => value[1] === 'NaN')) empty.push(panel);
      else check(panel.name, true);
    }
    waiting = empty;
    if (waiting.length === 0 || Date.now() > deadline) break;
    await new Promise((done) => setTimeout(done, 2000));
  }
  for (const { name, expr } of waiting) check(name, false, `no data: ${expr}`);

  const targets = await stack.api('targets?state=active');
  for (const { labels, health, lastError } of targets.data.activeTargets)
    check(`target ${labels.job}`, health === 'up', lastError);
  const rules = await stack.api('rules');
  for (const { rules: all } of rules.data.groups)
    for (const { name, health, lastError } of all) check(`rule ${name}`, health === 'ok', lastError);

  const { before, after, refused, said } = await stack
    .backupRoundTrip()
    .catch((error) => ({ before: {}, after: {}, refused: false, said: error.message }));
  const told = `${JSON.stringify({ before, after })} ${said}`;
  check('what was acknowledged before scripts/backup-postgres is there after restore-postgres', after.head >= before.head, told);
  check('the restored log has another epoch, and a client of the old one is told', after.recovered === false, told);
  check('its epoch is another one', before.epoch && after.epoch && before.epoch !== after.epoch, told);
  check('restore-postgres refuses a database that is not empty', refused);

  // Every parley_ series that a dashboard or rule names is one that the broker has.
  const served = new Set([...(await stack.brokerMetrics()).matchAll(/^(parley_\w+)/gm)].map(([, name]) => name));
  const texts = [
    ...dashboards.map((d) => JSON.stringify(d)),
    readFileSync(join(root, 'grafana/prometheus/rules/alerts.rules.yaml'), 'utf8'),
  ];
  for (const text of texts)
    for (const [, name] of text.matchAll(/\b(parley_(?!table)\w+)\b/g))
      check(`${name} is a metric of the broker`, served.has(name));
} finally {
  await stack.stop();
}
finish('dashboards');
