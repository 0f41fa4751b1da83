// The judgement of the rows, and docs/benchmarks.md with its plots.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

function valueOf(result, door, metric) {
  const runs = result?.runs.get(door);
  return runs?.length ? median(runs.map(metric.of)) : null;
}

// The rows a second of bare SQLite in transactions of the size nearest to what is under way: 500.
const bareOf = (result) =>
  result.bare.length ? median(result.bare.map((by) => by['500'] ?? Math.max(...Object.values(by)))) : null;

export function judge(results) {
  const verdicts = [];
  for (const result of results) {
    for (const [door, metric, limit] of result.row.limits) {
      const value = valueOf(result, door, metric);
      let bound = limit.figure;
      let base = `${limit.figure} ${metric.unit}`;
      if (limit.share !== undefined) {
        const other = limit.row ? results.find(({ row }) => row.name === limit.row) : result;
        const reference = limit.base === 'bare SQLite' ? bareOf(result) : valueOf(other, limit.base, metric);
        bound = reference === null || reference === undefined ? null : reference * limit.share;
        base = `${limit.share.toFixed(3)} of ${limit.row ?? limit.base}`;
      }
      const known = value !== null && bound !== null && bound !== undefined;
      const good = known ? (metric.more ? value >= bound : value <= bound) : null;
      const ratio = known && limit.share ? ` (${(value / (bound / limit.share)).toFixed(3)} of it)` : '';
      verdicts.push({
        good,
        text:
          `${result.row.name}, ${door}: ${value === null ? '–' : value.toFixed(metric.digits)} ${metric.unit}${ratio}; ` +
          `${metric.more ? 'at least' : 'at most'} ${base}`,
      });
    }
  }
  return verdicts;
}

// ---- plots

const escape = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');

// One bar a door. Logarithmic where the values are far apart.
function bars(title, unit, list, digits) {
  const left = 210;
  const width = 760;
  const line = 26;
  const height = 56 + list.length * line;
  const most = Math.max(...list.map(({ value }) => value));
  const least = Math.min(...list.map(({ value }) => value));
  const log = most / least > 30;
  const low = log ? 10 ** Math.floor(Math.log10(least)) : 0;
  const share = (value) => (log ? Math.log(value / low) / Math.log(most / low) : value / most);
  const bar = ({ name, value }, i) => {
    const y = 42 + i * line;
    const length = Math.max(2, share(value) * (width - left - 100));
    const kind = name.startsWith('Parley') ? 'p' : name === 'floor' ? 'f' : 'o';
    return (
      `<text x="${left - 10}" y="${y + 13}" text-anchor="end">${escape(name)}</text>` +
      `<rect class="${kind}" x="${left}" y="${y}" width="${length.toFixed(1)}" height="${line - 8}" rx="3"/>` +
      `<text x="${(left + length + 8).toFixed(1)}" y="${y + 13}">${value.toFixed(digits)}</text>`
    );
  };
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escape(title)}"><style>` +
    'text{font:13px system-ui,sans-serif;fill:#3d4650}.t{font-weight:600}.p{fill:#0072b2}.o{fill:#9aa5b1}.f{fill:#009e73}' +
    '@media(prefers-color-scheme:dark){text{fill:#d5dbe2}.p{fill:#4aa8e0}.o{fill:#5c6773}.f{fill:#3ccf9f}}</style>' +
    `<text class="t" x="12" y="22">${escape(title)}: ${escape(unit)}${log ? ' (logarithmic)' : ''}</text>${list.map(bar).join('')}</svg>\n`
  );
}

const slug = (text) =>
  text
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '');

// ---- the page

function section(result, images) {
  const { row } = result;
  const runs = [...result.runs];
  const out = [`### ${row.name}\n`];
  if (result.command)
    out.push(`\`${result.command.map((word) => word.replace(/^.*\/parley-loadtest$/, 'parley-loadtest')).join(' ')}\`\n`);
  if (runs.length === 0) return `${out.join('\n')}\nNot measured.\n`;
  for (const metric of row.metrics) {
    const list = runs.map(([door, reports]) => ({
      name: door,
      all: reports.map(metric.of),
      value: median(reports.map(metric.of)),
    }));
    const floor = metric.unit.includes('CPU') && result.floors.length ? median(result.floors) : null;
    const base = list.find(({ name }) => name === 'Mosquitto, TCP')?.value;
    out.push(`| ${metric.unit} | median | each round | of Mosquitto, TCP |${floor ? ' of the floor |' : ''}`);
    out.push(`|---|---|---|---|${floor ? '---|' : ''}`);
    for (const { name, all, value } of list) {
      const rounds = all.map((one) => one.toFixed(metric.digits)).join(' ');
      out.push(
        `| ${name} | ${value.toFixed(metric.digits)} | ${rounds} | ${base ? (value / base).toFixed(3) : '–'} |` +
          (floor ? ` ${(value / floor).toFixed(2)} |` : ''),
      );
    }
    if (floor) {
      list.push({ name: 'floor', value: floor });
      const rounds = result.floors.map((one) => one.toFixed(metric.digits)).join(' ');
      out.push(
        `| floor: ${result.floorBytes} bytes a message, ${row.floor.messages} a write | ${floor.toFixed(metric.digits)} | ${rounds} | ` +
          `${base ? (floor / base).toFixed(3) : '–'} | 1 |`,
      );
    }
    const file = `bench-${slug(row.name)}${row.metrics.length > 1 ? `-${slug(metric.unit)}` : ''}.svg`;
    writeFileSync(
      join(images, file),
      bars(
        row.name,
        metric.unit,
        list.filter(({ value }) => value > 0),
        metric.digits,
      ),
    );
    out.push('', `![${row.name}](images/${file})`, '');
  }
  if (result.bare.length) {
    out.push(
      'Bare SQLite in the same run, the same rows, tables, indices and pragmas, by rows in a transaction:\n',
      '| rows | a second |',
      '|---|---|',
    );
    for (const size of Object.keys(result.bare[0]))
      out.push(`| ${size} | ${median(result.bare.map((by) => by[size])).toFixed(0)} |`);
    out.push('');
  }
  const violated = runs.flatMap(([door, reports]) =>
    reports
      .filter(({ violations }) => violations > 0)
      .map((report) => `${door}: ${report.violations} (${report.violation_texts[0]})`),
  );
  if (violated.length) out.push(`Violations: ${violated.join('; ')}.`, '');
  return out.join('\n');
}

const marker = '<!-- below: written by hand, kept by scripts/bench -->';

export function document({ results, verdicts, unusable, machine, rounds, seconds, images, previous }) {
  const state = { true: 'met', false: '**missed**', null: 'not measured' };
  const kept = existsSync(previous) ? readFileSync(previous, 'utf8').split(marker)[1] : undefined;
  return [
    '# Benchmarks\n',
    `Written by \`scripts/bench --rounds ${rounds} --seconds ${seconds}\`; medians of interleaved rounds.`,
    'The server has core 0, the generator (`parley-loadtest`, which verifies every delivery) core 1.',
    'CPU time is that of the server process, user and system; it and ratios within one run are what stays comparable',
    'on a machine that others use, too.',
    'A hypervisor that takes the processors away decides latencies: runs of those rows that lost more than 0.5 % of them (steal) are',
    'made again, at most four times, and the one that lost least counts. 128-byte payloads. Nothing is left out because it looks bad.\n',
    `Machine: ${machine}.\n`,
    'QoS 0 unless the row says otherwise. `Parley, native` is `--qos 0`, signals of the type `message`: like the MQTT rows, and like',
    'what Mosquitto, aedes, Socket.IO and Flask-SocketIO do here, nothing is kept. `Parley, native, committed` is `--qos 1`: each entry is',
    'committed to SQLite before it is delivered and acknowledged.\n',
    '## What must be reached\n',
    '| | row |\n|---|---|',
    ...verdicts.map(({ text, good }) => `| ${state[good]} | ${text} |`),
    '',
    ...[...unusable].map(([door, why]) => `${door} was not measured: ${why}.\n`),
    '## Measurements\n',
    ...results.map((result) => section(result, images)),
    marker + (kept ?? '\n'),
  ].join('\n');
}
