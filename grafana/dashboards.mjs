// Writes grafana/dashboards/*.json from the short form below:  node grafana/dashboards.mjs [--check]
// A panel: [title, unit, query or [query, legend] …]. Units are Grafana's. `stat` panels show the last value.
import { readFileSync, writeFileSync } from 'node:fs';

const here = new URL('./dashboards/', import.meta.url);
const parley = '{job="parley",instance=~"$instance"}';
const quantile = (q, name) => `histogram_quantile(${q}, sum by (le) (rate(${name}_bucket${parley}[$__rate_interval])))`;
const rate = (name, by = '', more = '') =>
  `sum${by ? ` by (${by})` : ''} (rate(${name}{job="parley",instance=~"$instance"${more}}[$__rate_interval]))`;
const sum = (name) => `sum by (instance) (${name}${parley})`;
const stat = (...panel) => Object.assign(panel, { stat: true });

const dashboards = {
  kubernetes: {
    title: 'Parley / Kubernetes cluster',
    rows: {
      Pods: [
        stat('Replicas available', 'short', 'sum(kube_deployment_status_replicas_available{deployment="parley"})'),
        stat('Replicas wanted', 'short', 'sum(kube_deployment_spec_replicas{deployment="parley"})'),
        stat('Restarts in an hour', 'short', 'sum(increase(kube_pod_container_status_restarts_total{container="parley"}[1h]))'),
        stat('Nodes ready', 'short', 'sum(kube_node_status_condition{condition="Ready",status="true"})'),
        ['Pods by phase', 'short', ['sum by (phase) (kube_pod_status_phase{namespace=~"chat-app-.*"})', '{{phase}}']],
        ['Replicas of the autoscaler', 'short', ['kube_horizontalpodautoscaler_status_current_replicas', 'current'], ['kube_horizontalpodautoscaler_spec_max_replicas', 'most']],
      ],
      Resources: [
        ['CPU of a pod', 'short', ['sum by (pod) (rate(container_cpu_usage_seconds_total{container="parley"}[$__rate_interval]))', '{{pod}}']],
        ['Memory of a pod', 'bytes', ['sum by (pod) (container_memory_working_set_bytes{container="parley"})', '{{pod}}']],
        ['CPU throttled', 'percentunit', ['sum by (pod) (rate(container_cpu_cfs_throttled_periods_total{container="parley"}[$__rate_interval])) / sum by (pod) (rate(container_cpu_cfs_periods_total{container="parley"}[$__rate_interval]))', '{{pod}}']],
        ['Network of a pod', 'Bps', ['sum by (pod) (rate(container_network_transmit_bytes_total[$__rate_interval]))', '{{pod}} out'], ['sum by (pod) (rate(container_network_receive_bytes_total[$__rate_interval]))', '{{pod}} in']],
      ],
    },
  },
  application: {
    title: 'Parley / application',
    instances: true,
    rows: {
      Now: [
        stat('Replicas ready', 'short', `sum(parley_ready${parley})`),
        stat('Connections', 'short', `sum(parley_connections${parley})`),
        stat('Publishes', 'ops', rate('parley_publishes_total')),
        stat('Deliveries', 'ops', rate('parley_deliveries_total')),
        stat('Ack latency p99', 's', quantile(0.99, 'parley_ack_latency_seconds')),
        stat('Acks that were good, 1 h', 'percentunit', 'parley:ack_success:ratio1h'),
        stat('Replicas degraded', 'short', `sum(parley_degraded${parley})`),
        stat('Certificate expires in', 's', `min(parley_tls_certificate_expires_seconds${parley}) - time()`),
        stat('Epochs of the log, 1 d', 'short', `sum(increase(parley_epoch_changes_total${parley}[1d]))`),
      ],
      Messages: [
        ['Ack latency', 's', [quantile(0.5, 'parley_ack_latency_seconds'), 'p50'], [quantile(0.95, 'parley_ack_latency_seconds'), 'p95'], [quantile(0.99, 'parley_ack_latency_seconds'), 'p99']],
        ['Delivery latency', 's', [quantile(0.5, 'parley_delivery_latency_seconds'), 'p50'], [quantile(0.95, 'parley_delivery_latency_seconds'), 'p95'], [quantile(0.99, 'parley_delivery_latency_seconds'), 'p99']],
        ['Commit time', 's', [quantile(0.5, 'parley_commit_seconds'), 'p50'], [quantile(0.99, 'parley_commit_seconds'), 'p99']],
        ['Publishes and commits', 'ops', [rate('parley_publishes_total'), 'publishes'], [rate('parley_committed_total'), 'entries committed'], [rate('parley_commits_total'), 'commits']],
        ['Deliveries and signals', 'ops', [rate('parley_deliveries_total'), 'deliveries'], [rate('parley_signals_total'), 'signals']],
        ['Errors', 'ops', [rate('parley_publish_errors_total'), 'publishes refused'], [rate('parley_failed_commits_total'), 'commits failed'], [rate('parley_malformed_total', 'protocol'), 'malformed {{protocol}}']],
        ['Drops by reason', 'ops', [rate('parley_drops_total', 'reason'), '{{reason}}']],
        ['Entries of a commit', 'short', [quantile(0.5, 'parley_batch_entries'), 'p50'], [quantile(0.99, 'parley_batch_entries'), 'p99']],
        ['Waiting for a commit', 'short', [sum('parley_commit_queue'), '{{instance}}']],
      ],
      Connections: [
        ['Connections', 'short', [sum('parley_connections'), '{{instance}}'], [sum('parley_connections_max'), '{{instance}} most']],
        ['Sessions and subscriptions', 'short', [`sum(parley_sessions${parley})`, 'sessions'], [`sum(parley_subscriptions${parley})`, 'subscriptions'], [`sum(parley_rooms_loaded${parley})`, 'rooms in memory']],
        ['Accepted', 'ops', [rate('parley_connections_accepted_total', 'instance'), '{{instance}}']],
        ['Ended by reason', 'ops', [rate('parley_connections_ended_total', 'reason'), '{{reason}}']],
        ['Slow readers', 'ops', [rate('parley_slow_readers_total'), 'fell behind'], [rate('parley_log_pages_total'), 'pages read for them'], [rate('parley_gap_entries_total'), 'entries pruned before they read']],
        ['Traffic', 'Bps', [rate('parley_sent_bytes_total'), 'sent'], [rate('parley_received_bytes_total'), 'received']],
      ],
      Replicas: [
        ['What a replica reaches', 'short', [sum('parley_storage_up'), '{{instance}} storage'], [sum('parley_redis_up'), '{{instance}} Redis']],
        ['Behind the log', 'short', [sum('parley_lagging_rooms'), '{{instance}} rooms']],
        ['Since the database told which rooms moved', 's', [sum('parley_heads_age_seconds'), '{{instance}}']],
        ['Entries of other replicas', 'ops', [rate('parley_remote_entries_total'), 'brought by Redis'], [rate('parley_filled_entries_total'), 'read from the database']],
        ['Messages between replicas', 'ops', [rate('parley_bus_messages_total', 'direction'), '{{direction}}'], [rate('parley_bus_unsent_total'), 'not taken by Redis'], [rate('parley_bus_refused_total'), 'refused']],
        ['Publishes in doubt', 'short', [sum('parley_publishes_in_doubt'), '{{instance}} now'], [rate('parley_publishes_given_up_total'), 'given up a second']],
      ],
      MQTT: [
        ['Clients and sessions', 'short', [`sum(parley_mqtt_clients${parley})`, 'clients'], [`sum(parley_mqtt_sessions${parley})`, 'sessions in memory'], [`sum(parley_mqtt_sessions_away${parley})`, 'sessions away'], [`sum(parley_mqtt_subscriptions${parley})`, 'subscriptions']],
        ['MQTT messages', 'ops', [rate('parley_mqtt_messages_received_total'), 'received'], [rate('parley_mqtt_messages_sent_total'), 'sent'], [rate('parley_mqtt_messages_resent_total'), 'sent again']],
        ['Packets received by type', 'ops', [rate('parley_mqtt_packets_received_total', 'type'), '{{type}}']],
        ['MQTT messages dropped by reason', 'ops', [rate('parley_mqtt_messages_dropped_total', 'reason'), '{{reason}}']],
        ['MQTT connections', 'ops', [rate('parley_mqtt_connects_total'), 'CONNECT'], [rate('parley_mqtt_connects_refused_total', 'reason'), 'refused: {{reason}}'], [rate('parley_mqtt_connections_ended_total', 'reason'), 'ended: {{reason}}'], [rate('parley_mqtt_take_overs_total'), 'taken over']],
        ['Stored sessions', 'ops', [rate('parley_mqtt_session_saves_total'), 'saved'], [rate('parley_mqtt_session_saves_failed_total'), 'not saved'], [rate('parley_mqtt_sessions_expired_total'), 'expired'], [rate('parley_mqtt_wills_total'), 'wills published']],
      ],
      HTTP: [
        ['Requests by status', 'reqps', [rate('parley_http_requests_total', 'status'), '{{status}}']],
        ['Share of 5xx', 'percentunit', `${rate('parley_http_requests_total', '', ',status="5xx"')} / clamp_min(${rate('parley_http_requests_total')}, 1e-9)`],
        ['Limits that were hit', 'ops', [rate('parley_http_refused_total', 'reason'), '{{reason}}']],
        ['Logins', 'ops', [rate('parley_logins_total'), 'good'], [rate('parley_failed_logins_total'), 'failed'], [rate('parley_limited_logins_total'), 'too many']],
      ],
      Process: [
        ['Loop lag', 's', [`max by (instance, loop) (parley_loop_lag_seconds${parley})`, '{{instance}} {{loop}}']],
        ['CPU', 'short', [rate('parley_cpu_seconds_total', 'instance'), '{{instance}}']],
        ['Memory', 'bytes', [sum('parley_resident_memory_bytes'), '{{instance}}']],
        ['Descriptors', 'short', [sum('parley_open_descriptors'), '{{instance}} open'], [sum('parley_descriptors_max'), '{{instance}} limit']],
        ['Versions', 'short', [`count by (version) (parley_build_info${parley})`, '{{version}}']],
      ],
    },
  },
  database: {
    title: 'Parley / PostgreSQL',
    rows: {
      Now: [
        stat('Up', 'short', 'min(pg_up)'),
        stat('Connections used', 'percentunit', 'sum(pg_stat_database_numbackends) / max(pg_settings_max_connections)'),
        stat('Database size', 'bytes', 'sum(pg_database_size_bytes{datname="parley"})'),
        stat('Replication lag', 's', 'max(pg_replication_lag_seconds)'),
      ],
      Load: [
        ['Connections by database', 'short', ['sum by (datname) (pg_stat_database_numbackends)', '{{datname}}']],
        ['Transactions', 'ops', ['sum(rate(pg_stat_database_xact_commit[$__rate_interval]))', 'commits'], ['sum(rate(pg_stat_database_xact_rollback[$__rate_interval]))', 'rollbacks']],
        ['Rows', 'ops', ['sum(rate(pg_stat_database_tup_inserted[$__rate_interval]))', 'inserted'], ['sum(rate(pg_stat_database_tup_updated[$__rate_interval]))', 'updated'], ['sum(rate(pg_stat_database_tup_fetched[$__rate_interval]))', 'fetched']],
        ['Cache hit ratio', 'percentunit', 'sum(rate(pg_stat_database_blks_hit[$__rate_interval])) / clamp_min(sum(rate(pg_stat_database_blks_hit[$__rate_interval]) + rate(pg_stat_database_blks_read[$__rate_interval])), 1e-9)'],
        ['Deadlocks', 'ops', 'sum(rate(pg_stat_database_deadlocks[$__rate_interval]))'],
        ['Locks', 'short', ['sum by (mode) (pg_locks_count)', '{{mode}}']],
      ],
      Tables: [
        ['Table sizes', 'bytes', ['topk(10, parley_table_bytes)', '{{relname}}']],
        ['Rows of tables', 'short', ['topk(10, parley_table_live_rows)', '{{relname}}']],
        ['Dead rows', 'short', ['topk(10, parley_table_dead_rows)', '{{relname}}']],
        ['Longest transaction', 's', 'max(pg_stat_activity_max_tx_duration)'],
      ],
    },
  },
  redis: {
    title: 'Parley / Redis',
    rows: {
      Now: [
        stat('Up', 'short', 'min(redis_up)'),
        stat('Clients', 'short', 'sum(redis_connected_clients)'),
        stat('Memory', 'bytes', 'sum(redis_memory_used_bytes)'),
        stat('Keys', 'short', 'sum(redis_db_keys)'),
      ],
      Load: [
        ['Hit ratio', 'percentunit', 'sum(rate(redis_keyspace_hits_total[$__rate_interval])) / clamp_min(sum(rate(redis_keyspace_hits_total[$__rate_interval]) + rate(redis_keyspace_misses_total[$__rate_interval])), 1e-9)'],
        ['Commands', 'ops', ['sum by (cmd) (rate(redis_commands_total[$__rate_interval]))', '{{cmd}}']],
        ['Memory', 'bytes', ['sum(redis_memory_used_bytes)', 'used'], ['sum(redis_memory_used_rss_bytes)', 'resident']],
        ['Keys', 'short', ['sum by (db) (redis_db_keys)', '{{db}}'], ['sum by (db) (redis_db_keys_expiring)', '{{db}} expiring']],
        ['Evicted and expired', 'ops', ['sum(rate(redis_evicted_keys_total[$__rate_interval]))', 'evicted'], ['sum(rate(redis_expired_keys_total[$__rate_interval]))', 'expired']],
        ['Channels', 'short', 'sum(redis_pubsub_channels)'],
        ['Network', 'Bps', ['sum(rate(redis_net_output_bytes_total[$__rate_interval]))', 'out'], ['sum(rate(redis_net_input_bytes_total[$__rate_interval]))', 'in']],
      ],
    },
  },
  infrastructure: {
    title: 'Parley / infrastructure',
    rows: {
      Nodes: [
        ['CPU used', 'percentunit', ['1 - avg by (instance) (rate(node_cpu_seconds_total{mode="idle"}[$__rate_interval]))', '{{instance}}']],
        ['Memory used', 'percentunit', ['1 - node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes', '{{instance}}']],
        ['Disk used', 'percentunit', ['1 - max by (instance, mountpoint) (node_filesystem_avail_bytes / (node_filesystem_size_bytes > 0))', '{{instance}} {{mountpoint}}']],
        ['Network', 'Bps', ['sum by (instance) (rate(node_network_transmit_bytes_total[$__rate_interval]))', '{{instance}} out'], ['sum by (instance) (rate(node_network_receive_bytes_total[$__rate_interval]))', '{{instance}} in']],
        ['Load', 'short', ['node_load5', '{{instance}}']],
        ['Open descriptors', 'short', ['node_filefd_allocated', '{{instance}}']],
      ],
      'Load balancer': [
        ['HAProxy sessions', 'short', ['sum by (proxy) (haproxy_frontend_current_sessions)', '{{proxy}}']],
        ['HAProxy backends up', 'short', ['sum by (proxy) (haproxy_backend_active_servers)', '{{proxy}}']],
        ['HAProxy traffic', 'Bps', ['sum(rate(haproxy_frontend_bytes_out_total[$__rate_interval]))', 'out'], ['sum(rate(haproxy_frontend_bytes_in_total[$__rate_interval]))', 'in']],
        ['ALB connections', 'short', 'sum(aws_applicationelb_active_connection_count_sum)'],
        ['ALB 5xx', 'short', 'sum(aws_applicationelb_httpcode_elb_5_xx_count_sum)'],
      ],
      Cost: [stat('Estimated charges of the month', 'currencyUSD', 'max(aws_billing_estimated_charges_maximum)')],
      Monitoring: [
        ['Scrape targets up', 'short', ['sum by (job) (up)', '{{job}}']],
        ['Scrape time', 's', ['max by (job) (scrape_duration_seconds)', '{{job}}']],
      ],
    },
  },
};

const datasource = { type: 'prometheus', uid: 'prometheus' };

function panelOf([title, unit, ...queries], { stat: single, id, x, y, w }) {
  const targets = queries.map((query, i) => {
    const [expr, legendFormat] = Array.isArray(query) ? query : [query, title];
    return { refId: String.fromCharCode(65 + i), datasource, expr, legendFormat, ...(single ? { instant: true } : { range: true }) };
  });
  return {
    id,
    type: single ? 'stat' : 'timeseries',
    title,
    datasource,
    gridPos: { h: single ? 4 : 8, w, x, y },
    fieldConfig: { defaults: { unit, min: 0 }, overrides: [] },
    options: single
      ? { reduceOptions: { calcs: ['lastNotNull'], fields: '', values: false } }
      : { legend: { displayMode: 'list', placement: 'bottom', showLegend: true }, tooltip: { mode: 'multi', sort: 'desc' } },
    targets,
  };
}

function dashboardOf(name, { title, instances, rows }) {
  const panels = [];
  let id = 1;
  let y = 0;
  for (const [row, list] of Object.entries(rows)) {
    panels.push({ id: id++, type: 'row', title: row, collapsed: false, gridPos: { h: 1, w: 24, x: 0, y: y++ }, panels: [] });
    let x = 0;
    let high = 0;
    for (const panel of list) {
      const w = panel.stat ? 4 : 8;
      if (x + w > 24) [x, y, high] = [0, y + high, 0];
      panels.push(panelOf(panel, { stat: panel.stat, id: id++, x, y, w }));
      x += w;
      high = Math.max(high, panel.stat ? 4 : 8);
    }
    y += high;
  }
  const instance = {
    name: 'instance',
    label: 'replica',
    type: 'query',
    datasource,
    query: { query: 'label_values(parley_build_info{job="parley"}, instance)', refId: 'instance' },
    refresh: 2,
    includeAll: true,
    multi: true,
    allValue: '.*',
    current: { text: 'All', value: '$__all' },
  };
  return {
    uid: `parley-${name}`,
    title,
    tags: ['parley'],
    schemaVersion: 39,
    version: 1,
    editable: false,
    refresh: '30s',
    time: { from: 'now-1h', to: 'now' },
    timezone: 'browser',
    templating: { list: instances ? [instance] : [] },
    annotations: { list: [] },
    panels,
  };
}

let stale = 0;
for (const [name, dashboard] of Object.entries(dashboards)) {
  const file = new URL(`${name}.json`, here);
  const text = `${JSON.stringify(dashboardOf(name, dashboard), null, 2)}\n`;
  if (process.argv[2] !== '--check') writeFileSync(file, text);
  else if (readFileSync(file, 'utf8') !== text) stale = console.error(`${file.pathname} is not what dashboards.mjs writes: run node grafana/dashboards.mjs`) ?? 1;
}
process.exit(stale);
