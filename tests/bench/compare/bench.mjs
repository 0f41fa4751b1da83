// Runs the rows against the doors, interleaved, and writes docs/benchmarks.md. Called by scripts/bench, whose --help says what the options are.
import { spawn, execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, release, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { rows } from './rows.mjs';
import { doors, root } from './servers.mjs';
import { quietest, stolenSince } from './stolen.mjs';
import { document, judge } from './write_up.mjs';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '5' },
    only: { type: 'string', multiple: true },
    doors: { type: 'string', multiple: true },
    output: { type: 'string', default: join(root, 'docs') },
  },
});
const rounds = Number(values.rounds);
const folder = mkdtempSync(join(tmpdir(), 'bench-reports-'));
const bin = (name) => join(process.env.BENCH_BUILD ?? join(root, 'build/release'), name);

function chosen(row) {
  const named = row.doors.filter((door) => !values.doors || values.doors.some((part) => door.includes(part)));
  return named.filter((door) => usable(door));
}

// Doors that cannot be opened here are said, not left out silently.
const unusable = new Map();
function usable(door) {
  if (doors[door].needs === 'mqtt' && !speaksMqtt()) unusable.set(door, 'this build of the broker has no MQTT listener');
  return !unusable.has(door);
}
let mqtt;
function speaksMqtt() {
  mqtt ??= execFileSync(bin('parley'), ['--help'], { encoding: 'utf8' }).includes('--mqtt-listen');
  return mqtt && process.env.BENCH_NO_MQTT === undefined;
}

function run(command) {
  return new Promise((done) => {
    const child = spawn(command[0], command.slice(1), { stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '';
    child.stdout.on('data', (bytes) => (said += bytes));
    child.stderr.on('data', (bytes) => (said += bytes));
    child.once('close', (code) => done({ code, said }));
  });
}

const generator = (row, url, more) => [
  ...[bin('parley-loadtest'), row.scenario, '--url', url, ...row.args],
  ...[
    '--duration',
    String(Math.max(Number(values.seconds), row.seconds ?? 0)),
    '--warmup',
    '1',
    '--drain',
    '20',
    '--quiet',
    '--no-history',
    ...more,
  ],
];

let count = 0;
async function measure(row, door) {
  process.env.BENCH_SERVER_CORES = row.bothCores ? '0,1' : '0';
  let server;
  try {
    server = await doors[door].open();
  } catch (error) {
    unusable.set(door, String(error.message ?? error).split('\n')[0]);
    console.error(`    ${door}: ${unusable.get(door)}`);
    return null;
  }
  const json = join(folder, `${count++}.json`);
  try {
    const stolen = stolenSince();
    const pin = ['taskset', '-c', row.bothCores ? '0,1' : '1'];
    const { code, said } = await run([
      ...pin,
      ...generator(row, doors[door].url(server.ports), [
        ...(row.args.includes('--qos') ? [] : (doors[door].args ?? [])),
        ...(row.doorArgs?.[door] ?? []),
        ...['--server-pid', String(server.pid), '--json', json],
      ]),
    ]);
    if (!existsSync(json)) {
      console.error(`    ${door}: no report (status ${code}): ${said.trim().split('\n').at(-1)}`);
      return null;
    }
    const report = JSON.parse(readFileSync(json, 'utf8'));
    const values_ = row.metrics.map((metric) => `${metric.of(report).toFixed(metric.digits)} ${metric.unit}`).join(', ');
    console.error(`    ${door}: ${values_}${report.violations ? `, ${report.violations} VIOLATIONS` : ''}`);
    return { report, stolen: stolen(), command: generator(row, '…', []) };
  } finally {
    await server.stop();
  }
}

async function floor(row, wireBytes) {
  const { sockets, messages } = row.floor;
  const { said } = await run([
    bin('bench_floor'),
    String(sockets),
    String(wireBytes),
    String(messages),
    values.seconds,
    '0',
    '1',
  ]);
  return JSON.parse(said.trim().split('\n').at(-1)).cpu_us_per_delivery;
}

// Rows a second of SQLite alone, in transactions of about the size that the broker made.
async function bareSqlite() {
  const report = join(folder, 'bare.json'); // not its output: the store logs there, too
  const options = [
    '--benchmark_filter=bare/.*',
    `--benchmark_out=${report}`,
    '--benchmark_out_format=json',
    '--benchmark_min_time=1',
  ];
  await run(['taskset', '-c', '0,1', bin('bench_sqlite_append'), ...options]);
  const by = {};
  for (const one of JSON.parse(readFileSync(report, 'utf8')).benchmarks)
    by[/bare\/(\d+)/.exec(one.name)[1]] = one.items_per_second;
  return by;
}

const repeated = ({ stolen }) =>
  console.error(
    `      (the hypervisor took ${(stolen * 100).toFixed(1)} % of the processors: made again, or the quietest counts)`,
  );

async function round(result) {
  const { row } = result;
  for (const door of chosen(row)) {
    const got = await (row.quiet ? quietest(() => measure(row, door), { repeated }) : measure(row, door));
    if (!got) continue;
    if (!result.runs.has(door)) result.runs.set(door, []);
    result.runs.get(door).push(got.report);
    result.command = got.command;
  }
  if (row.floor) {
    // An MQTT PUBLISH of this payload and topic: the least that could be sent.
    result.floorBytes = 2 + 2 + 'load/4294967295/0'.length + 128;
    result.floors.push(await floor(row, result.floorBytes));
    console.error(`    floor: ${result.floors.at(-1)} µs CPU per delivery`);
  }
  if (row.bareSqlite) {
    result.bare.push(await bareSqlite());
    console.error(`    bare SQLite: ${JSON.stringify(result.bare.at(-1))} rows a second by size of transaction`);
  }
}

const wanted = rows.filter((row) => !values.only || values.only.some((part) => row.name.includes(part)));
const results = wanted.map((row) => ({ row, runs: new Map(), floors: [], bare: [], floorBytes: 0 }));
for (const first of results) {
  const group = results.filter(({ row }) => row === first.row || (row.together && row.together === first.row.together));
  if (group[0] !== first) continue; // its turns have been
  for (let n = 0; n < Math.max(rounds, first.row.rounds ?? 0); ++n) {
    for (const result of group) {
      if (n === 0 || group.length > 1) console.error(`==> ${result.row.name}`);
      await round(result);
    }
  }
}

const verdicts = judge(results);
const machine = `${cpus().length} cores (${cpus()[0].model.trim()}), Linux ${release().match(/^\d+\.\d+/)[0]}`;
mkdirSync(join(values.output, 'images'), { recursive: true });
writeFileSync(
  join(values.output, 'benchmarks.md'),
  document({
    results,
    verdicts,
    unusable,
    machine,
    rounds,
    seconds: values.seconds,
    images: join(values.output, 'images'),
    previous: join(values.output, 'benchmarks.md'),
  }),
);
console.log('');
for (const { text, good } of verdicts) console.log(`${good === null ? 'NOT MEASURED' : good ? 'met' : 'MISSED'}  ${text}`);
const missed = verdicts.filter(({ good }) => good !== true).length;
const violated = results.flatMap(({ runs }) =>
  [...runs].filter(([door, list]) => door.startsWith('Parley') && list.some(({ violations }) => violations > 0)),
);
console.log(
  `${verdicts.length - missed} met, ${missed} missed or not measured, ${violated.length} with violations of the broker's promises; ` +
    `written to ${join(values.output, 'benchmarks.md')}`,
);
process.exit(missed === 0 && violated.length === 0 ? 0 : 1);
