/**
 * `npm test [-- FILES…]`, after the build: all tests, and the static checks beside them; or the tests of
 * some files. Most files load the sources for longer than their tests take, so up to twenty of a folder
 * share a process.
 */
import { spawn } from 'node:child_process';
import { existsSync, globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { pathToFileURL } from 'node:url';

const ROOT = join(import.meta.dirname, '..');
const CACHE = join(ROOT, 'node_modules/.cache/tests');
/** More than cores: many tests wait. */
const CONCURRENCY = 6;
const TOGETHER = 20;
/** They begin first, so that no core is idle while the last file ends. */
const LONGEST = [
  'test/cluster/cluster.test.ts',
  'test/run/postgres-output.test.ts',
  'test/soak/output-soak.test.ts',
  'test/run/sink.test.ts',
  'test/run/resume.test.ts',
  'test/run/fault-memory.test.ts',
  'test/run/outage.test.ts',
  'test/run/stuck-reader.test.ts',
  'test/run/fault-matrix.test.ts',
  'test/first-week.test.ts',
];
/** They look at what belongs to the process: its environment, its folder of state, its memory. */
const ALONE = [
  'test/run/connect-errors.test.ts',
  'test/run/head.test.ts',
  'test/run/shared-memory.test.ts',
];
/** A hook of a whole file, or what it replaces, would be one of all files in its process. */
const HOOK = /^(?:(?:test\.)?(?:before|after)(?:Each)?\(|mock\.)/m;

process.env['NODE_COMPILE_CACHE'] = CACHE;
process.env['EVERYPAGE_TEST_CLI'] = 'dist';

function find(patterns: readonly string[]): string[] {
  const files = globSync(patterns, { cwd: ROOT }).sort();
  return files.map((file) => join(ROOT, file));
}

/** What to start a process for: test files, and files that load several of them. */
function processes(files: readonly string[]): string[] {
  const missing = [...LONGEST, ...ALONE].filter((file) => !existsSync(join(ROOT, file)));
  if (missing.length > 0) throw new Error(`scripts/test.ts names ${missing.join()}: not there`);
  const longest = LONGEST.map((file) => join(ROOT, file)).filter((file) => files.includes(file));
  const others = files.filter((file) => !longest.includes(file));
  const own = new Set(ALONE.map((file) => join(ROOT, file)));
  const isAlone = (file: string) => own.has(file) || HOOK.test(readFileSync(file, 'utf8'));
  const alone = others.filter(isAlone);
  const byFolder = Map.groupBy(
    others.filter((file) => !isAlone(file)),
    (file) => dirname(file),
  );
  mkdirSync(CACHE, { recursive: true });
  const largestFirst = [...byFolder.values()].sort((a, b) => b.length - a.length);
  const shared = largestFirst.flatMap((all) =>
    Array.from({ length: Math.ceil(all.length / TOGETHER) }, (_, at) =>
      all.slice(at * TOGETHER, (at + 1) * TOGETHER),
    ),
  );
  const groups = shared.map((some, at) => {
    const path = join(CACHE, `together-${at + 1}.mjs`);
    writeFileSync(path, some.map((file) => `import '${pathToFileURL(file)}';\n`).join(''));
    return path;
  });
  return [...longest, ...groups, ...alone];
}

async function test(patterns: readonly string[]): Promise<void> {
  const files = processes(find(patterns));
  const execArgv = ['--import', pathToFileURL(join(ROOT, 'test/run/built-thread.ts')).href];
  const events = run({ files, concurrency: CONCURRENCY, cwd: ROOT, execArgv });
  events.on('test:summary', ({ file, success }) => {
    if (file === undefined && !success) process.exitCode = 1;
  });
  for await (const line of events.compose(new spec())) process.stdout.write(line);
}

/** What the checks say comes after the tests, not between their lines. */
async function check(tested: Promise<void>): Promise<void> {
  const child = spawn('npm run --silent --ignore-scripts check:built', {
    cwd: ROOT,
    shell: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const closed = new Promise<number | null>((resolve) => child.on('close', resolve));
  const [out, err, code] = await Promise.all([text(child.stdout), text(child.stderr), closed]);
  await tested;
  process.stdout.write(`\n${out}${err}`);
  if (code === 0) return;
  console.error('The checks failed. Run them alone: npm run check');
  process.exitCode = 1;
}

const asked = process.argv.slice(2);
const tested = test(asked.length > 0 ? asked : ['test/*.test.ts', 'test/!(peers)/**/*.test.ts']);
await (asked.length > 0 ? tested : check(tested));
