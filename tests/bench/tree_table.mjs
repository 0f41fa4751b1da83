// Reads the JSON of bench_subscription_tree, prints its table, and fails when a row misses its limit.
// node tree_table.mjs DOC [--update]     --update writes the table between its two marks in DOC
import fs from 'node:fs';

const [doc, mode] = process.argv.slice(2);
const marks = ['<!-- tree: made by scripts/bench-tree -->', '<!-- end of tree -->'];
const shapes = [
  'each to a topic of its own (`devices/17/commands`)',
  'each to a wildcard of its own (`devices/17/+/set`)',
  'all to a thousand topics (`rooms/17`)',
  'half own topics, a quarter own wildcards, a quarter in 250 wildcards alike (`sites/17/#`)',
];
const small = 1000;
const large = 1_000_000;
const costLimit = 20; // times the small tree's cost, for each subscription that matches
const weightLimit = 200; // bytes a subscription

const runs = new Map(JSON.parse(fs.readFileSync(0, 'utf8')).benchmarks.map((one) => [one.name, one]));
const run = (name) => {
  const found = runs.get(name);
  if (!found || found.time_unit !== 'ns') throw new Error(`the benchmark did not run ${name}, or not in nanoseconds`);
  return found;
};
const perMatch = (one) => one.cpu_time / Math.max(1, one.matches);

let bad = 0;
const lines = [
  '| 1,000,000 subscriptions | a match, ns | matching | ns for each | the same with 1,000 | bytes a subscription |',
  '|---|---|---|---|---|---|',
];
shapes.forEach((shape, index) => {
  const [few, many] = [run(`Match/${index}/${small}`), run(`Match/${index}/${large}`)];
  const ok = perMatch(many) <= costLimit * perMatch(few) && many.bytes_per_subscription <= weightLimit;
  if (!ok) ++bad;
  const cells = [shape, many.cpu_time, many.matches, perMatch(many), perMatch(few), many.bytes_per_subscription];
  const text = cells.map((cell, at) => (at === 0 ? cell : at === 2 ? +cell.toFixed(2) : Math.round(cell)));
  lines.push(`| ${text.join(' | ')} |${ok ? '' : ' MISSED'}`);
});
const nothing = run('MatchNothing').cpu_time;
if (nothing > costLimit * perMatch(run(`Match/3/${small}`))) ++bad;
lines.push(`| the last again, a topic that nobody subscribed to | ${Math.round(nothing)} | 0 | | | |`);
console.log(lines.join('\n'));

if (mode === '--update' && bad === 0) {
  const text = fs.readFileSync(doc, 'utf8');
  const [from, to] = marks.map((mark) => text.indexOf(mark));
  if (from < 0 || to < from) throw new Error(`${doc} has no place for the table`);
  fs.writeFileSync(doc, `${text.slice(0, from + marks[0].length)}\n\n${lines.join('\n')}\n\n${text.slice(to)}`);
}
if (bad > 0) {
  const limits = `${costLimit} times the small tree's cost for each match, ${weightLimit} bytes a subscription`;
  console.error(`error: ${bad} rows miss their limit (${limits})`);
}
process.exit(bad === 0 ? 0 : 1);
