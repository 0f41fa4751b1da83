// What is measured, and what must come of it. A row's value is taken from the JSON report of parley-loadtest; `limit` compares medians of
// the same run.

const cpu = { unit: 'µs CPU per delivery', of: (report) => report.cpu_us_per_delivery, digits: 3 };
const memory = { unit: 'kB per idle connection', of: (report) => report.bytes_per_connection / 1024, digits: 2 };
const resident = { unit: 'MB resident at the end', of: (report) => report.rss_end / 1e6, digits: 1 };
const p50 = { unit: 'p50 latency, µs', of: (report) => report.p50_us, digits: 0 };
const p99 = { unit: 'p99 latency, µs', of: (report) => report.p99_us, digits: 0 };
const acks = { unit: 'acknowledged a second', of: (report) => report.published_per_s, digits: 0, more: true };

const all = [
  'Parley, native',
  'Parley, native, committed',
  'Parley, MQTT over TCP',
  'Parley, MQTT over WebSocket',
  'Mosquitto, TCP',
  'Mosquitto, WebSocket',
];
const others = ['aedes, TCP', 'Socket.IO', 'Flask-SocketIO'];
const base = 'Mosquitto, TCP';

// Those who stop reading: the others must not feel it. A p99 of few messages would be that of the worst of them: many messages, and
// more rounds.
const undisturbed = '1,000 subscribers, undisturbed';
const pace = ['--subscribers', '1000', '--rate', '50', '--bytes', '2000'];
const stalled = {
  scenario: 'fanout',
  together: 'stalled',
  seconds: 5,
  rounds: 5,
  quiet: true,
  doors: ['Parley, MQTT over TCP', 'Parley, native, committed'],
  metrics: [p99, resident],
};

// together: rows of the same word take turns, run by run, where one is compared with the other. seconds: of each run at least;
// rounds: at least. doorArgs: more for one door. quiet: latencies, which are the machine's own when a hypervisor takes its time away
// (steal): a run that lost some is made again, and the one that lost least counts.
// limits: [door, metric, what it may be at most (a share of the base's median, or a figure), what is aimed at]
export const rows = [
  {
    name: 'big room, 16 in flight',
    scenario: 'fanout',
    args: ['--subscribers', '1000', '--inflight', '16'],
    doors: [...all, ...others],
    metrics: [cpu],
    limits: [
      ['Parley, native', cpu, { share: 1 / 20, aim: 1 / 28, base }],
      ['Parley, MQTT over TCP', cpu, { share: 1 / 20, aim: 1 / 28, base }],
      ['Parley, MQTT over WebSocket', cpu, { share: 1 / 20, aim: 1 / 28, base }],
    ],
    floor: { sockets: 1000, messages: 16 },
  },
  {
    name: 'big room, 1 in flight',
    scenario: 'fanout',
    args: ['--subscribers', '1000', '--inflight', '1'],
    doors: [...all, ...others],
    metrics: [cpu],
    limits: [
      ['Parley, native', cpu, { share: 1 / 1.6, aim: 1 / 2.3, base }],
      ['Parley, MQTT over TCP', cpu, { share: 1 / 1.6, aim: 1 / 2.3, base }],
      ['Parley, MQTT over WebSocket', cpu, { share: 1 / 1.6, aim: 1 / 2.3, base }],
    ],
    floor: { sockets: 1000, messages: 1 },
  },
  {
    name: '200 rooms × 10 members',
    scenario: 'chat',
    args: ['--rooms', '200', '--members', '10', '--inflight', '1'],
    doors: [...all, ...others],
    metrics: [cpu],
    limits: [
      ['Parley, native', cpu, { share: 1 / 4, aim: 1 / 5, base }],
      ['Parley, MQTT over TCP', cpu, { share: 1 / 4, aim: 1 / 5, base }],
      ['Parley, MQTT over WebSocket', cpu, { share: 1 / 4, aim: 1 / 5, base }],
    ],
    floor: { sockets: 2000, messages: 1 },
  },
  {
    name: '10,000 deliveries a second',
    scenario: 'fanout',
    args: ['--subscribers', '1000', '--rate', '10'],
    quiet: true,
    doors: all,
    metrics: [p50, p99, cpu],
    limits: [
      ['Parley, native', p50, { share: 1, aim: 0.5, base }],
      ['Parley, native', p99, { share: 1, aim: 0.5, base }],
      ['Parley, MQTT over TCP', p50, { share: 1, aim: 0.5, base }],
      ['Parley, MQTT over TCP', p99, { share: 1, aim: 0.5, base }],
    ],
  },
  {
    name: '10,000 idle connections',
    scenario: 'connect',
    args: ['--subscribers', '10000', '--settle', '2'],
    doors: all.filter((door) => door !== 'Parley, native, committed'), // nothing is published
    metrics: [memory],
    limits: [
      ['Parley, MQTT over TCP', memory, { figure: 1.3, aim: 1.0 }],
      ['Parley, MQTT over WebSocket', memory, { figure: 2, aim: 1.5 }],
      ['Parley, native', memory, { figure: 2, aim: 1.5 }],
    ],
  },
  {
    name: '50 publishers × 10 in flight, acknowledged (QoS 1)',
    scenario: 'fanout',
    args: ['--subscribers', '0', '--publishers', '50', '--inflight', '10', '--qos', '1', '--bytes', '128'],
    doors: ['Parley, native, committed', 'Parley, MQTT over TCP', 'Mosquitto, TCP'],
    metrics: [acks],
    limits: [
      ['Parley, native, committed', acks, { share: 0.6, aim: 0.8, base: 'bare SQLite' }],
      ['Parley, MQTT over TCP', acks, { share: 0.6, aim: 0.8, base: 'bare SQLite' }],
    ],
    bareSqlite: true,
  },
  { name: undisturbed, ...stalled, args: pace, limits: [] },
  {
    name: '1,000 subscribers, 10 stop reading',
    ...stalled,
    args: [...pace, '--stalled', '10'],
    // With QoS 0 what a connection cannot take is dropped.
    doorArgs: { 'Parley, MQTT over TCP': ['--lossy'] },
    limits: stalled.doors.flatMap((door) => [
      [door, p99, { share: 1.25, row: undisturbed, base: door }],
      [door, resident, { share: 1.1, row: undisturbed, base: door }],
    ]),
  },
  {
    name: 'two workers on both cores, big room, 16 in flight',
    scenario: 'fanout',
    args: ['--subscribers', '1000', '--inflight', '16'],
    bothCores: true,
    doors: ['Parley, native', 'Parley, native, 2 workers', 'Parley, native, committed', 'Parley, native, committed, 2 workers'],
    metrics: [{ unit: 'deliveries a second', of: (report) => report.deliveries_per_s, digits: 0, more: true }, cpu],
    limits: [],
  },
];
