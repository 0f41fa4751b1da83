// What no schema says: rules that every rendered release keeps. Each yields [rule, null or what is wrong].

const podOf = (object) => (object.kind === 'Pod' ? object : object.spec?.template);
const matches = (selector, labels) => Object.entries(selector ?? {}).every(([key, value]) => labels?.[key] === value);

function* podSecurity(name, pod) {
  const { spec } = pod;
  const c = spec.securityContext ?? {};
  yield [`${name}: runs as a user that is not root`, c.runAsNonRoot === true && c.runAsUser > 0 ? null : JSON.stringify(c)];
  yield [`${name}: default seccomp`, c.seccompProfile?.type === 'RuntimeDefault' ? null : JSON.stringify(c)];
  yield [
    `${name}: nothing of the host`,
    spec.hostNetwork || spec.hostPID || spec.hostIPC || spec.volumes?.some((v) => v.hostPath) ? 'host' : null,
  ];
  yield [`${name}: no token of the Kubernetes API`, spec.automountServiceAccountToken === false ? null : 'mounted'];
  for (const container of [...spec.containers, ...(spec.initContainers ?? [])]) {
    const s = container.securityContext ?? {};
    const fine =
      s.allowPrivilegeEscalation === false &&
      s.readOnlyRootFilesystem === true &&
      s.capabilities?.drop?.includes('ALL') &&
      !s.privileged &&
      !s.capabilities.add;
    yield [`${name}/${container.name}: restricted, read-only root`, fine ? null : JSON.stringify(s)];
    const r = container.resources ?? {};
    yield [
      `${name}/${container.name}: requests and a memory limit`,
      r.requests?.cpu && r.requests?.memory && r.limits?.memory ? null : JSON.stringify(r),
    ];
    const volumes = new Set(spec.volumes?.map((v) => v.name));
    const missing = (container.volumeMounts ?? []).filter((m) => !volumes.has(m.name) && m.name !== 'data').map((m) => m.name);
    yield [`${name}/${container.name}: its volumes are there`, missing.length ? missing.join() : null];
    yield [
      `${name}/${container.name}: an image with a version`,
      /(:[^/]+|@sha256:[0-9a-f]{64})$/.test(container.image) && !container.image.endsWith(':latest') ? null : container.image,
    ];
  }
}

function* broker(deployment, autoscaled, conf) {
  const [parley] = deployment.spec.template.spec.containers;
  const { rollingUpdate } = deployment.spec.strategy;
  yield [
    'rolling update without a gap',
    rollingUpdate.maxSurge === 1 && rollingUpdate.maxUnavailable === 0 ? null : JSON.stringify(rollingUpdate),
  ];
  yield ['uid 10001', deployment.spec.template.spec.securityContext.runAsUser === 10001 ? null : 'another'];
  yield [
    'replicas only where no autoscaler is',
    autoscaled === !('replicas' in deployment.spec) ? null : JSON.stringify(deployment.spec.replicas),
  ];
  const path = (probe) => parley[probe]?.httpGet?.path;
  yield [
    'liveness and startup ask /healthz, readiness /readyz',
    path('livenessProbe') === '/healthz' && path('startupProbe') === '/healthz' && path('readinessProbe') === '/readyz'
      ? null
      : 'probes',
  ];
  const stop = parley.lifecycle?.preStop?.sleep?.seconds ?? 0;
  const drain = Number(/drain-deadline = (\d+)s/.exec(conf)?.[1]);
  const grace = deployment.spec.template.spec.terminationGracePeriodSeconds;
  yield [
    'preStop and drain end before the grace period',
    stop > 0 && drain > 0 && stop + drain < grace ? null : `${stop} + ${drain} >= ${grace}`,
  ];
  const notes = Object.keys(deployment.spec.template.metadata.annotations);
  yield [
    'checksums of config and secret',
    notes.includes('checksum/config') && notes.includes('checksum/secret') ? null : notes.join(),
  ];
  const zones = deployment.spec.template.spec.topologySpreadConstraints?.map((t) => t.topologyKey) ?? [];
  yield ['spread over zones', zones.includes('topology.kubernetes.io/zone') ? null : zones.join()];
  const fromSecret = parley.env.filter((e) => ['PARLEY_DATABASE', 'PARLEY_REDIS'].includes(e.name) && e.valueFrom?.secretKeyRef);
  yield ['URLs with passwords come from a Secret', fromSecret.length === 2 ? null : JSON.stringify(parley.env)];
}

export function* policies(objects, environment) {
  const namespace = `chat-app-${environment}`;
  const of = (kind) => objects.filter((object) => object.kind === kind);
  const pods = objects.map((object) => [object, podOf(object)]).filter(([, pod]) => pod?.spec?.containers);
  const identities = objects.map((o) => `${o.kind}/${o.metadata.name}`);
  yield [
    'no object twice',
    new Set(identities).size === identities.length ? null : identities.filter((one, i) => identities.indexOf(one) !== i).join(),
  ];
  const strays = objects.filter((o) => !o.kind.startsWith('Cluster') && o.metadata.namespace !== namespace);
  yield ['everything is in the namespace', strays.length ? strays.map((o) => o.metadata.name).join() : null];

  for (const [object, pod] of pods) yield* podSecurity(`${object.kind} ${object.metadata.name}`, pod);
  const deployment = of('Deployment').find((d) => d.spec.template.metadata.labels['app.kubernetes.io/component'] === 'broker');
  const conf = of('ConfigMap').find((c) => c.data['parley.conf']).data['parley.conf'];
  yield* broker(deployment, of('HorizontalPodAutoscaler').length > 0, conf);

  for (const service of of('Service')) {
    const targets = pods.filter(([, pod]) => matches(service.spec.selector, pod.metadata?.labels));
    const ports = targets.flatMap(([, pod]) => pod.spec.containers.flatMap((c) => (c.ports ?? []).map((p) => p.name)));
    const missing = service.spec.ports.filter((p) => !ports.includes(p.targetPort));
    yield [`Service ${service.metadata.name} leads to one kind of pod`, targets.length === 1 ? null : `${targets.length}`];
    yield [`Service ${service.metadata.name} names ports that are there`, missing.length ? JSON.stringify(missing) : null];
  }
  const services = new Set(of('Service').map((s) => s.metadata.name));
  for (const ingress of of('Ingress')) {
    const paths = ingress.spec.rules.flatMap((rule) => rule.http.paths);
    const lost = paths.filter((p) => !services.has(p.backend.service.name));
    yield ['the Ingress leads to a Service', lost.length ? JSON.stringify(lost) : null];
    yield [
      'the Ingress has /, /api, /ws, /mqtt',
      ['/', '/api', '/ws', '/mqtt'].every((p) => paths.some((q) => q.path === p)) ? null : 'a path is missing',
    ];
    yield ['the Ingress has TLS', ingress.spec.tls?.length ? null : 'none'];
    const seconds = Object.values(ingress.metadata.annotations).map((v) =>
      Number(/^(?:idle_timeout.timeout_seconds=)?(\d+)$/.exec(v)?.[1] ?? 0),
    );
    yield ['the Ingress lets a WebSocket idle an hour', Math.max(...seconds) >= 3600 ? null : seconds.join()];
  }
  const policiesOf = (pod) => of('NetworkPolicy').filter((p) => matches(p.spec.podSelector.matchLabels, pod.metadata?.labels));
  for (const [object, pod] of pods) {
    const closed = policiesOf(pod).some((p) => p.spec.policyTypes.length === 2 && !p.spec.ingress && !p.spec.egress);
    yield [`${object.kind} ${object.metadata.name}: default deny`, closed ? null : 'no such policy'];
  }
  const own = of('NetworkPolicy').find((p) => p.spec.podSelector.matchExpressions);
  const out = own.spec.egress.flatMap((rule) => rule.ports.map((p) => p.port));
  yield [
    'the broker reaches DNS, the database and Redis',
    [53, 5432, 6379].every((port) => out.includes(port)) ? null : out.join(),
  ];
  for (const budget of of('PodDisruptionBudget'))
    yield [
      'the PodDisruptionBudget is for the broker',
      matches(budget.spec.selector.matchLabels, deployment.spec.template.metadata.labels) ? null : 'another',
    ];
  for (const scaler of of('HorizontalPodAutoscaler')) {
    const { ref, behavior } = { ref: scaler.spec.scaleTargetRef, behavior: scaler.spec.behavior.scaleDown };
    yield [
      'the autoscaler scales the broker, down slowly',
      ref.name === deployment.metadata.name && behavior.stabilizationWindowSeconds >= 300 ? null : JSON.stringify(scaler.spec),
    ];
  }
  for (const binding of [...of('RoleBinding'), ...of('ClusterRoleBinding')]) {
    const known =
      binding.roleRef.name === 'cluster-admin' ||
      objects.some((o) => o.kind === binding.roleRef.kind && o.metadata.name === binding.roleRef.name);
    yield [`${binding.kind} ${binding.metadata.name} names a role that is there`, known ? null : binding.roleRef.name];
  }
  // Who deploys never gives rights, to others or to itself; it does read what an upgrade looks at.
  const giving = [...of('Role'), ...of('ClusterRole')].filter((role) =>
    role.rules.some(
      (r) => r.apiGroups.includes('rbac.authorization.k8s.io') && r.verbs.some((verb) => !['get', 'list'].includes(verb)),
    ),
  );
  yield ['no role of ours gives rights', giving.length ? giving.map((role) => role.metadata.name).join() : null];
  const deployer = of('Role').find((role) => /-cicd$/.test(role.metadata.name));
  const kinds = {
    Deployment: 'deployments',
    HTTPRoute: 'httproutes',
    NetworkPolicy: 'networkpolicies',
    PodDisruptionBudget: 'poddisruptionbudgets',
  };
  const plural = (kind) => kinds[kind] ?? (/[^aeiou]y$|ss$/.test(kind) ? '' : `${kind.toLowerCase()}s`);
  const namespaced = objects.filter((o) => !o.kind.startsWith('Cluster'));
  const needed = deployer ? [...new Set(namespaced.map((o) => plural(o.kind)))] : [];
  const missing = needed.filter((kind) => kind && !deployer.rules.some((r) => r.resources.includes(kind)));
  yield ['the role cicd covers every object of the chart', missing.length ? missing.join() : null];
  for (const role of [...of('Role'), ...of('ClusterRole')]) {
    const reader = /readonly$/.test(role.metadata.name);
    const verbs = role.rules.flatMap((rule) => rule.verbs);
    const wide =
      verbs.includes('*') ||
      (reader && verbs.some((verb) => !['get', 'list', 'watch'].includes(verb))) ||
      (!/cicd$/.test(role.metadata.name) && role.rules.some((r) => r.resources.includes('secrets')));
    yield [`${role.kind} ${role.metadata.name} may no more than it should`, wide ? verbs.join() : null];
  }
  if (environment === 'prod') {
    const rendered = JSON.stringify(objects);
    yield ['no example credentials in production', /example-only|ZXhhbXBsZS1rZXk/.test(rendered) ? 'there are' : null];
    yield ['no Secret with values in production', of('Secret').length ? 'there is' : null];
  }
}
