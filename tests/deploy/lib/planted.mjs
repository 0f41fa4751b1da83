// The faults that plants.mjs plants: file, what stands there, what takes its place, and the words by which the check tells it.
const chart = (name) => `helm/parley/templates/${name}`;
const alerts = 'grafana/prometheus/rules/alerts.rules.yaml';

export const parts = [
  {
    part: 'chart',
    command: ['node', 'tests/deploy/helm.mjs'],
    planted: [
      {
        file: chart('deployment.yaml'),
        from: 'maxUnavailable: 0',
        to: 'maxUnavailable: 1',
        seen: 'rolling update without a gap',
      },
      { file: chart('deployment.yaml'), from: 'revisionHistoryLimit', to: 'revisionHistoryLimt', seen: '"revisionHistoryLimt"' },
      {
        file: chart('deployment.yaml'),
        from: '- --metrics-listen',
        to: '- --metric-listen',
        seen: 'takes its config file and flags',
      },
      {
        file: chart('deployment.yaml'),
        from: 'httpGet: {path: /healthz',
        to: 'httpGet: {path: /readyz',
        seen: 'liveness and startup ask /healthz',
      },
      {
        file: chart('deployment.yaml'),
        from: 'topology.kubernetes.io/zone',
        to: 'topology.kubernetes.io/region',
        seen: 'spread over zones',
      },
      {
        file: chart('_helpers.tpl'),
        from: 'readOnlyRootFilesystem: true',
        to: 'readOnlyRootFilesystem: false',
        seen: 'restricted, read-only root',
      },
      { file: chart('networkpolicy.yaml'), from: '[Ingress, Egress]', to: '[Ingress]', seen: 'default deny' },
      { file: chart('services.yaml'), from: 'targetPort: http', to: 'targetPort: htpp', seen: 'names ports that are there' },
      {
        file: chart('ingress.yaml'),
        from: 'list "/ws" "/mqtt" "/api" "/"',
        to: 'list "/ws" "/api" "/"',
        seen: 'the Ingress has /, /api, /ws, /mqtt',
      },
      {
        file: chart('people.yaml'),
        from: '"verbs" (list "get" "list"))',
        to: '"verbs" (list "get" "update"))',
        seen: 'no role of ours gives rights',
      },
      {
        file: 'helm/parley/values.yaml',
        from: 'scaleDownStabilizationSeconds: 600',
        to: 'scaleDownStabilizationSeconds: 10',
        seen: 'down slowly',
      },
      {
        file: 'helm/parley/values.schema.json',
        from: '"additionalProperties": false',
        to: '"additionalProperties": true',
        seen: 'refuses replcias=3',
      },
    ],
  },
  {
    part: 'files',
    command: ['node', 'tests/deploy/files.mjs'],
    planted: [
      { file: 'helm/parley/values.schema.json', from: '"doubt-wait"', to: '"doubt-wiat"', seen: 'the chart can set doubt-wait' },
      { file: alerts, from: 'runbooks/gaps.md', to: 'runbooks/gapps.md', seen: 'ParleyGaps: its runbook is there' },
      { file: alerts, from: '> 0.25\n        for: 5m', to: '> 0.25', seen: 'ParleyLoopLag: severity and span' },
      {
        file: 'grafana/prometheus/tests/alerts.test.yaml',
        from: 'alertname: ParleyGaps, exp_alerts: []',
        to: 'alertname: Other, exp_alerts: []',
        seen: 'ParleyGaps: a test sees it silent',
      },
      {
        file: 'grafana/dashboards/redis.json',
        from: '"editable"',
        to: '"editible"',
        seen: "the dashboards are of Grafana's types",
      },
      {
        file: 'grafana/prometheus/prometheus.yml',
        from: 'haproxy:8404',
        to: 'haproxi:8404',
        seen: 'prometheus: haproxi is in the stack',
      },
      { file: 'Dockerfile', from: 'USER 10001:10001', to: 'USER 0:0', seen: 'the image runs as uid 10001' },
      { file: 'Dockerfile', from: 'STOPSIGNAL', to: 'RUN true\nSTOPSIGNAL', seen: 'the runtime stage runs no command' },
      { file: 'compose.yaml', from: '<<: *hardened\n    image: redis:7', to: 'image: redis:7', seen: 'redis: read-only root' },
      {
        file: 'compose.yaml',
        from: 'grafana/grafana:11.6.0',
        to: 'grafana/grafana:latest',
        seen: 'grafana: an image with a version',
      },
      {
        file: 'docs/operations.md',
        from: '](runbooks/bad-release.md',
        to: '](runbooks/bad-day.md',
        seen: 'docs/operations.md: runbooks/bad-day.md',
      },
      {
        file: 'ansible/roles/parley/defaults/main.yml',
        from: 'metrics-listen:',
        to: 'metric-listen:',
        seen: 'metric-listen is a flag',
      },
    ],
  },
  {
    part: 'workflows',
    command: ['node', 'tests/deploy/workflows.mjs'],
    planted: [
      {
        file: '.github/workflows/1-build-and-test.yml',
        from: '{contents: read}',
        to: 'write-all',
        seen: '1-build-and-test.yml: reads only by default',
      },
      {
        file: '.github/workflows/5-deploy.yml',
        from: '11bd71901bbe5b1630ceea73d27597364c9af683',
        to: 'v4',
        seen: 'is pinned by its full hash',
      },
      {
        file: '.github/workflows/5-deploy.yml',
        from: 'timeout-minutes',
        to: 'timeout-minute',
        seen: 'unexpected key "timeout-minute"',
      },
      {
        file: '.github/workflows/5-deploy.yml',
        from: 'scripts/check-deployed',
        to: 'scripts/check-deploid',
        seen: 'scripts/check-deploid is there',
      },
      {
        file: '.github/workflows/5-deploy.yml',
        from: '--name "chat-app-$TARGET"',
        to: '--name "${{ github.ref }}" $TARGET',
        seen: 'puts no expression into a script',
      },
      {
        file: '.github/workflows/2-security.yml',
        from: 'concurrency:',
        to: 'concurency:',
        seen: '2-security.yml: has a concurrency group',
      },
    ],
  },
  {
    part: 'alerts',
    command: ['scripts/lib/check_alerts'],
    planted: [
      {
        file: alerts,
        from: 'parley_commit_queue{job="parley"} > 10000',
        to: 'parley_commit_queue{job="parley"} > 1e9',
        seen: 'ParleyCommitQueueLong',
      },
      { file: alerts, from: 'parley_ready{job="parley"} == 0', to: 'parley_ready{job="parley"} == 1', seen: 'ParleyNotReady' },
    ],
  },
  {
    part: 'routes of alerts',
    command: ['scripts/lib/check_alerts'],
    planted: [
      { file: 'grafana/alertmanager/alertmanager.yml', from: 'critical', to: 'crucial', seen: 'severity critical leads to' },
    ],
  },
  {
    part: 'dashboards',
    command: ['node', 'tests/deploy/dashboards.mjs'],
    planted: [
      {
        file: 'grafana/dashboards/application.json',
        from: 'sum(parley_ready{',
        to: 'sum(parley_raedy{',
        seen: 'parley-application: Replicas ready: no data',
      },
      { file: 'grafana/dashboards/redis.json', from: 'min(redis_up)', to: 'min(redis_up', seen: 'parley-redis: Up: ' },
      {
        file: 'grafana/prometheus/rules/recording.rules.yaml',
        from: 'sum(parley_connections{',
        to: 'sum(parley_conections{',
        seen: 'record parley:connections:sum: no data',
      },
      {
        file: 'scripts/restore-postgres',
        from: 'pg_restore ',
        to: 'pg_restore --schema-only ',
        seen: 'what was acknowledged before scripts/backup-postgres is there',
      },
    ],
  },
  {
    part: 'runtime',
    command: ['sh', '-c', 'scripts/lib/check_runtime "$PARLEY_BIN"'],
    planted: [
      {
        file: 'scripts/lib/collect_runtime',
        from: 'ln -s /etc/ssl/certs/ca-certificates.crt',
        to: ': /etc/ssl/certs/ca-certificates.crt',
        seen: 'Redis was not reached by TLS',
      },
    ],
  },
];
