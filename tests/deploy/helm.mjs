// The chart: lint and render with both Helms over every environment, negative tests, every object against its schema, and rules of our own.
//   node helm.mjs           HELM_32, HELM_33: the two helm programs; PARLEY_BIN: a broker that reads the rendered config
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import yaml from 'js-yaml';
import { chart, check, environments, finish, root } from './lib/check.mjs';
import { policies } from './lib/policies.mjs';
import { atExit } from '../integration/lib/at_exit.mjs';

const helms = { 'Helm 3.17': process.env.HELM_32, 'Helm 4.1': process.env.HELM_33 };
const scratch = mkdtempSync(join(tmpdir(), 'parley-helm-'));
atExit(() => rmSync(scratch, { recursive: true, force: true }));
const [certificate, privateKey] = [join(scratch, 'tls.crt'), join(scratch, 'tls.key')];
const request = ['req', '-x509', '-newkey', 'ed25519', '-nodes', '-days', '2', '-subj', '/CN=chat.example.org'];
execFileSync('openssl', [...request, '-keyout', privateKey, '-out', certificate], { stdio: 'ignore' });
const run = (helm, args) => spawnSync(helm, args, { encoding: 'utf8', maxBuffer: 1 << 26 });
const apis = ['--kube-version', '1.32.0', '--api-versions', 'monitoring.coreos.com/v1'];
const template = (helm, environment, more = []) =>
  run(helm, [
    'template',
    'parley',
    chart,
    '-n',
    `chat-app-${environment}`,
    '-f',
    join(root, `helm/environments/${environment}.yaml`),
    ...apis,
    ...more,
  ]);

// Every environment, and one with all that no environment turns on.
const everything = [
  'service.mqtts.enabled=true',
  'tls.secretName=cert',
  'httpRoute.enabled=true',
  'httpRoute.parentRefs[0].name=gateway',
  'targetGroupBinding.enabled=true',
  'targetGroupBinding.targetGroupArn=arn:aws:elasticloadbalancing:eu-central-1:111122223333:targetgroup/chat-app-prod/example',
  'extraEnv[0].name=TZ',
  'extraEnv[0].value=UTC',
];
// TLS that ends at the broker, behind an Ingress, with authorities of our own for both servers, and PROXY headers.
const ownTls = [
  'tls.secretName=cert',
  'tls.http=true',
  'service.mqtt.enabled=false',
  'service.mqtts.enabled=true',
  'database.caConfigMap=database-authorities',
  'redis.caConfigMap=redis-authorities',
  'settings.proxy-protocol=true',
  'service.http.port=443',
  'settings.mqtt-packet-bytes=256KiB',
  'settings.doubt-wait=30s',
];
const cases = [
  ...environments.map((name) => [name, name, []]),
  ['everything', 'prod', everything.flatMap((one) => ['--set', one])],
  ['TLS to the end', 'prod', ownTls.flatMap((one) => ['--set', one])],
];

const modules = [
  'kubernetes-models',
  '@kubernetes-models/prometheus-operator',
  '@kubernetes-models/external-secrets',
  '@kubernetes-models/gateway-api',
];
// What Kubernetes 1.32 serves; removed versions would pass their old schema.
const versions = {
  v1: 'kubernetes-models/v1',
  'apps/v1': 'kubernetes-models/apps/v1',
  'batch/v1': 'kubernetes-models/batch/v1',
  'policy/v1': 'kubernetes-models/policy/v1',
  'autoscaling/v2': 'kubernetes-models/autoscaling/v2',
  'networking.k8s.io/v1': 'kubernetes-models/networking.k8s.io/v1',
  'rbac.authorization.k8s.io/v1': 'kubernetes-models/rbac.authorization.k8s.io/v1',
  'monitoring.coreos.com/v1': `${modules[1]}/monitoring.coreos.com/v1`,
  'external-secrets.io/v1': `${modules[2]}/external-secrets.io/v1`,
  'gateway.networking.k8s.io/v1': `${modules[3]}/gateway.networking.k8s.io/v1`,
};
// Kinds that no package describes: their fields, by hand.
const byHand = {
  'elbv2.k8s.aws/v1beta1/TargetGroupBinding': ['targetGroupARN', 'targetType', 'serviceRef'],
};
async function validate(object) {
  const fields = byHand[`${object.apiVersion}/${object.kind}`];
  if (fields) return Object.keys(object.spec).find((key) => !fields.includes(key)) ?? null;
  const from = versions[object.apiVersion];
  if (!from) return `apiVersion ${object.apiVersion} is not allowed`;
  let Model;
  try {
    ({ [object.kind]: Model } = await import(from));
    if (!Model) return `no model for ${object.apiVersion} ${object.kind}`;
  } catch (error) {
    return `no models of ${object.apiVersion}: ${error.message}`;
  }
  try {
    new Model(object).validate();
  } catch (error) {
    return error.message;
  }
  return null;
}

// The validators let unknown fields pass; TypeScript does not: each object becomes a typed literal.
const typed = [];
function misspelt() {
  const folder = join(root, 'tests/deploy/node_modules/.parley');
  mkdirSync(folder, { recursive: true });
  const line = ({ apiVersion, kind }, i) => `import type { I${kind} as T${i} } from '${versions[apiVersion]}';`;
  const literal = (object, i) => `export const o${i}: T${i} = ${JSON.stringify(object, null, 1)};`;
  writeFileSync(join(folder, 'objects.ts'), [...typed.map(line), ...typed.map(literal)].join('\n'));
  const tsc = join(root, 'tests/deploy/node_modules/typescript/bin/tsc');
  const how = ['--noEmit', '--strict', '--skipLibCheck', '--module', 'nodenext', '--target', 'es2022'];
  return run(process.execPath, [tsc, ...how, join(folder, 'objects.ts')]);
}

for (const [tool, helm] of Object.entries(helms)) {
  for (const [name, environment, more] of cases) {
    const lint = run(helm, ['lint', '--strict', chart, '-f', join(root, `helm/environments/${environment}.yaml`), ...more]);
    check(`${tool} lints ${name}`, lint.status === 0, lint.stdout + lint.stderr);
    const rendered = template(helm, environment, more);
    if (!check(`${tool} renders ${name}`, rendered.status === 0, rendered.stderr)) continue;
    const objects = yaml.loadAll(rendered.stdout).filter(Boolean);
    for (const object of objects) {
      if (tool === 'Helm 3.17' && versions[object.apiVersion]) typed.push(object);
      const trouble = await validate(object);
      check(`${name}: ${object.kind} ${object.metadata?.name} is valid`, trouble === null, trouble);
    }
    for (const [rule, trouble] of policies(objects, environment)) check(`${name}: ${rule}`, trouble === null, trouble);
    if (process.env.PARLEY_BIN) {
      const file = join(scratch, 'parley.conf');
      const config = objects.find((o) => o.kind === 'ConfigMap' && o.data['parley.conf']);
      writeFileSync(file, config.data['parley.conf']);
      const { args } = objects.find((o) => o.kind === 'Deployment' && o.metadata.name === 'parley').spec.template.spec
        .containers[0];
      const local = {
        '/etc/parley/parley.conf': file,
        '/etc/parley/tls/tls.crt': certificate,
        '/etc/parley/tls/tls.key': privateKey,
      };
      const read = run(process.env.PARLEY_BIN, ['check-config', ...args.slice(1).map((arg) => local[arg] ?? arg)]);
      check(`${name}: the broker takes its config file and flags`, args[0] === 'serve' && read.status === 0, read.stderr);
    }
  }
  const bare = run(helm, [
    'template',
    'parley',
    chart,
    '-f',
    join(root, 'helm/environments/prod.yaml'),
    '--kube-version',
    '1.32.0',
  ]);
  check(
    `${tool}: without the operator's API no ServiceMonitor`,
    bare.status === 0 && !bare.stdout.includes('monitoring.coreos.com/v1'),
    bare.stderr,
  );

  // What must be refused, and the words that say why.
  const negative = [
    [['--set', 'replcias=3'], /replcias/],
    [['--set', 'replicas=three'], /replicas/],
    [['--set', 'image.digest=sha256:12'], /digest/],
    [['--set', 'service.http.port=70000'], /port/],
    [['--set', 'settings.log-levle=info'], /log-levle/],
    [['--set', 'settings.password-cost=min'], /password-cost/],
    [['--set', 'ingress.timeoutSeconds=60'], /timeoutSeconds/],
    [['--set', 'ingress.controller=caddy'], /controller/],
    [['--set', 'secrets.existingSecret=other'], /exactly one/],
    [['--set', 'secrets.externalSecret.enabled=false'], /exactly one/],
    [['--set', 'secrets.externalSecret.remoteKey='], /remoteKey is needed/],
    [['--set', 'shutdown.graceSeconds=25'], /shorter than graceSeconds/],
    [['--set', 'settings.drain-deadline=2m'], /shorter than graceSeconds/],
    [['--set', 'service.mqtts.enabled=true'], /tls.secretName/],
    [['--set', 'tls.http=true'], /tls.secretName/],
    [['--set', `tls.http=true,tls.secretName=cert,${everything.slice(4, 6).join()}`], /connect in clear/],
    [['--set', 'settings.proxy-protocol=true,settings.trusted-proxy=null'], /trusted-proxy/],
    [['--set', 'settings.mqtt-receive-max=70000'], /mqtt-receive-max/],
    [['--set', 'settings.tls-cert=x'], /tls-cert/],
    [['--set', 'settings.echo=true'], /echo/],
    [['--set', 'httpRoute.enabled=true'], /parentRefs/],
    [['--set', 'targetGroupBinding.enabled=true'], /targetGroupArn is needed/],
    [['--set', 'targetGroupBinding.targetGroupArn=arn:aws:iam::1:role/x'], /targetGroupArn/],
    [['--set', 'autoscaling.minReplicas=20'], /minReplicas/],
    [['--set', 'ingress.controller=nginx'], /tlsSecretName/],
  ];
  for (const [more, words] of negative) {
    const refused = template(helm, 'prod', more);
    check(
      `${tool} refuses ${more[1]}`,
      refused.status !== 0 && words.test(refused.stderr),
      refused.status === 0 ? 'it was rendered' : refused.stderr,
    );
  }
}

const fields = misspelt();
check('no object has a field that Kubernetes does not know', typed.length > 50 && fields.status === 0, fields.stdout);

// Every property of the schema is described, none is open by accident, and values.yaml has a default for each (settings apart: the broker's own).
const schema = JSON.parse(readFileSync(join(chart, 'values.schema.json'), 'utf8'));
const values = yaml.load(readFileSync(join(chart, 'values.yaml'), 'utf8'));
(function walk(node, at, value) {
  if (node.type !== 'object' || !node.properties) return;
  check(`schema ${at || '/'}: no additional properties`, node.additionalProperties === false);
  for (const [key, child] of Object.entries(node.properties)) {
    const here = `${at}.${key}`;
    check(`schema ${here} is described`, Boolean(child.description));
    if (here === '.global') continue;
    if (at !== '.settings' && !at.startsWith('.resources')) check(`values.yaml has ${here}`, value !== undefined && key in value);
    walk(child, here, value?.[key] ?? {});
  }
})(schema, '', values);

// Helm's own kubectl agrees that the files are what they say.
execFileSync(helms['Helm 3.17'], ['package', chart, '-d', scratch]);
finish('chart');
