// node check.mjs SOURCE WORK [NAME...]: copies the tree SOURCE to WORK, and for each plant (plants.mjs) puts it into the copy, builds the test that
// must catch it, runs it, and takes it out again. A plant that is not caught, a test that fails without one, a plant that does not build: exit 1.
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { plants } from './plants.mjs';

const [source, work, ...names] = process.argv.slice(2);
const chosen = plants.filter(({ name }) => names.length === 0 || names.some((part) => name.includes(part)));
if (!work || chosen.length === 0) throw new Error('usage: check.mjs SOURCE WORK [part of a plant’s name...]');

const run = (command, args) => {
  const { status, stdout, stderr } = spawnSync(command, args, {
    cwd: work,
    encoding: 'utf8',
    timeout: 600_000,
    maxBuffer: 1 << 28,
    env: { ...process.env, PARLEY_BIN: join(work, 'build/test/parley') },
  });
  return { good: status === 0, text: `${stdout}${stderr}` };
};

// Only what is another, so that a second run builds little.
const { stdout } = spawnSync('git', ['-C', source, 'ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
  encoding: 'utf8',
  maxBuffer: 1 << 26,
});
for (const file of stdout.split('\0').filter((name) => /^(CMake|broker|http|storage|loadtest|tests|scripts)/.test(name))) {
  const [from, to] = [join(source, file), join(work, file)];
  if (!existsSync(from) || statSync(from).isDirectory()) continue;
  if (existsSync(to) && readFileSync(from).equals(readFileSync(to))) continue;
  mkdirSync(dirname(to), { recursive: true });
  cpSync(from, to);
  utimesSync(to, new Date(), new Date());
}
const modules = join(work, 'tests/node_modules');
if (!existsSync(modules)) symlinkSync(join(source, 'tests/node_modules'), modules);

const build = (target) => run('cmake', ['--build', '--preset', 'test', '--target', target]);
// Whether the test fails, and that it ran at all.
function fails({ test, filter, postgres, rows }) {
  if (rows) {
    const { good, text } = run('node', [join(work, 'tests/integration', rows), ...filter.split(' ')]);
    if (!/\d/.test(text)) throw new Error(`${rows} ${filter} printed no row:\n${text.slice(-2000)}`);
    return !good;
  }
  const asRegex = filter.replaceAll('.', '\\.').replaceAll('*', '.*');
  const { good, text } = postgres
    ? run('ctest', ['--preset', 'test', '-R', asRegex])
    : run(join(work, 'build/test/tests', test), [`--gtest_filter=${filter}`]);
  const ran = postgres
    ? /tests passed, \d+ tests failed out of [2-9]|tests failed out of \d\d/.test(text)
    : /\[==========\] Running [1-9]/.test(text);
  if (!ran) throw new Error(`${test} ${filter} ran no test:\n${text.slice(-2000)}`);
  return !good;
}

const configured = run('cmake', ['--preset', 'test']);
if (!configured.good) throw new Error(configured.text);
for (const target of new Set(chosen.map(({ test }) => test))) {
  const { good, text } = build(target);
  if (!good) throw new Error(`${target} does not build:\n${text.slice(-4000)}`);
}
let bad = 0;
console.log(`${'plant'.padEnd(70)}${'seconds'.padStart(8)}  caught by`);
for (const plant of chosen) {
  const began = Date.now();
  const file = join(work, plant.file);
  const text = readFileSync(file, 'utf8');
  let word = `${plant.test} ${plant.filter}`;
  if (text.split(plant.from).length !== 2) {
    word = `NOTHING: ${plant.file} has not the place for it`;
  } else if (!build(plant.test).good || fails(plant)) {
    word = `NOTHING: ${word} fails without it`;
  } else {
    writeFileSync(
      file,
      text.replace(plant.from, () => plant.to),
    );
    const built = build(plant.test);
    if (!built.good) word = `NOTHING: it does not build\n${built.text.slice(-1500)}`;
    else if (!fails(plant)) word = `NOTHING: ${word} passes`;
    writeFileSync(file, text);
  }
  if (word.startsWith('NOTHING')) ++bad;
  console.log(`${plant.name.padEnd(70)}${((Date.now() - began) / 1000).toFixed(1).padStart(8)}  ${word}`);
}
console.log(`\n${chosen.length - bad} of ${chosen.length} caught`);
process.exitCode = bad === 0 ? 0 : 1;
