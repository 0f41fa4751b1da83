// clang-tidy over the program's .cpp files (not the tests), two at a time. A file that passed is not looked at again until it, a header of ours that it
// includes, its command or .clang-tidy changes: the hash of all that is the name of a stamp in build/lint/tidy.
//   node scripts/lib/tidy.mjs BUILD_DIR [FILE...]     (no FILE: all in the compile database)
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const [buildDir, ...only] = process.argv.slice(2).map((path) => resolve(path));
const stamps = join(root, 'build/lint/tidy');
mkdirSync(stamps, { recursive: true });

const contents = new Map();
function read(path) {
  if (!contents.has(path)) contents.set(path, existsSync(path) ? readFileSync(path, 'utf8') : '');
  return contents.get(path);
}

// The file and every header of ours that it includes, directly or not.
function closure(file, seen = new Set()) {
  if (seen.has(file)) return seen;
  seen.add(file);
  for (const [, header] of read(file).matchAll(/^[ \t]*#[ \t]*include[ \t]*"([^"]+)"/gm)) {
    const path = [join(root, header), join(dirname(file), header)].find((candidate) => existsSync(candidate));
    if (path) closure(path, seen);
  }
  return seen;
}

function stampOf(unit) {
  const hash = createHash('sha256').update('clang-tidy-14').update(unit.command ?? unit.arguments.join(' '));
  hash.update(read(join(root, '.clang-tidy')));
  for (const path of [...closure(unit.file)].sort()) hash.update(`\n${relative(root, path)}\n`).update(read(path));
  return join(stamps, hash.digest('hex'));
}

function tidy(unit) {
  return new Promise((done) => {
    const child = spawn('clang-tidy-14', ['--quiet', '-p', buildDir, unit.file], { stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '';
    let complained = '';
    child.stdout.on('data', (bytes) => (said += bytes));
    child.stderr.on('data', (bytes) => (complained += bytes));
    child.on('error', (error) => done({ code: 1, said: String(error) }));
    child.on('close', (code) => done({ code, said: code === 0 ? '' : said + complained }));
  });
}

const units = JSON.parse(readFileSync(join(buildDir, 'compile_commands.json'), 'utf8'))
  .map((unit) => ({ ...unit, file: resolve(unit.directory, unit.file) }))
  .filter(({ file }) => file.startsWith(root + '/') && file.endsWith('.cpp') && !file.startsWith(join(root, 'build') + '/'))
  // The tests are held to the warnings and the format; the analyzer's minutes go to what runs in production.
  .filter(({ file }) => only.length > 0 || !file.startsWith(join(root, 'tests') + '/'))
  .filter(({ file }) => only.length === 0 || only.includes(file))
  .map((unit) => ({ ...unit, stamp: stampOf(unit) }));
if (units.length === 0) {
  console.error('tidy: the compile database names no file of ours');
  process.exit(1);
}

const waiting = units.filter(({ stamp }) => !existsSync(stamp));
const total = waiting.length;
const started = Date.now();
let finished = 0;
let bad = 0;

async function work() {
  for (let unit = waiting.shift(); unit; unit = waiting.shift()) {
    const { code, said } = await tidy(unit);
    finished += 1;
    if (code === 0) {
      writeFileSync(unit.stamp, '');
    } else {
      bad += 1;
      console.log(said);
    }
    const seconds = Math.round((Date.now() - started) / 1000);
    if (code !== 0 || finished % 10 === 0 || finished === total) {
      console.error(`    clang-tidy ${finished}/${total}, ${seconds} s${code === 0 ? '' : `: ${relative(root, unit.file)} FAILED`}`);
    }
  }
}
await Promise.all(Array.from({ length: Math.max(1, Math.min(2, cpus().length)) }, work));
console.log(`clang-tidy: ${units.length} files, ${units.length - total} unchanged since they passed, ${bad} with findings`);
process.exit(bad === 0 ? 0 : 1);
