/** The package as users get it: packed, installed in an empty folder, and run from there. */
import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { type PageServer, startPageServer } from './servers/page-server.ts';

const ROOT = join(import.meta.dirname, '..');
const MOST_BYTES = 1_500_000;
const LISTED = Array.from({ length: 6 }, (_, n) => `{"id":${n + 1}}\n`).join('');
const run = promisify(execFile);
const folder = mkdtempSync(join(tmpdir(), 'everypage-package-'));
const installed = join(folder, 'node_modules', 'everypage');
const cache = join(folder, 'cache');
const env: NodeJS.ProcessEnv = {
  ...process.env,
  XDG_STATE_HOME: join(folder, 'state'),
  XDG_CACHE_HOME: cache,
};
// It would stand for the folder above.
delete env['NODE_COMPILE_CACHE'];
// The test runner's variable would make a child's output a test report.
delete env['NODE_TEST_CONTEXT'];
let server: PageServer;
let packed: { readonly filename: string; readonly unpackedSize: number };

before(async () => {
  server = await startPageServer({ protocol: 'both', control: pageOfList });
  writeFileSync(join(folder, 'ca.pem'), server.ca);
  // `prepack` builds, and would replace `dist/` under tests that run beside this one.
  const words = ['pack', '--json', '--ignore-scripts', '--pack-destination', folder];
  if (!existsSync(join(ROOT, 'dist/start.cjs'))) {
    await run(process.execPath, [join(ROOT, 'scripts/build.ts')], { cwd: ROOT });
  }
  const { stdout } = await run('npm', words, { cwd: ROOT });
  packed = [JSON.parse(stdout)].flat()[0];
  // As npm unpacks it, with the one dependency beside it: no network is needed.
  mkdirSync(installed, { recursive: true });
  const tarball = join(folder, packed.filename);
  await run('tar', ['-xzf', tarball, '-C', installed, '--strip-components=1']);
  for (const name of Object.keys(manifest().dependencies)) {
    cpSync(join(ROOT, 'node_modules', name), join(folder, 'node_modules', name), {
      recursive: true,
    });
  }
});

after(async () => {
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Three pages of two records, each with the URL of the next; and a page that is all there is. */
function pageOfList(path: string): string | null {
  if (path === '/all') return '{"items":[{"id":1},{"id":2}],"page":1,"pages":1}';
  if (!path.startsWith('/list')) return null;
  const page = Number(new URL(path, 'https://localhost').searchParams.get('page') ?? 1);
  const items = [{ id: 2 * page - 1 }, { id: 2 * page }];
  return JSON.stringify({ items, next: page < 3 ? `/list?page=${page + 1}` : null });
}

function manifest(): { bin: { everypage: string }; dependencies: Record<string, string> } {
  return JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
}

/** `everypage …args` from the installed package. */
async function everypage(...args: string[]): Promise<string> {
  const command = [join(installed, manifest().bin.everypage), ...args];
  return (await run(process.execPath, command, { cwd: folder, env })).stdout;
}

test('the package takes less than 1.5 MB', () => {
  assert.ok(packed.unpackedSize < MOST_BYTES, `${packed.unpackedSize} bytes`);
});

test('every relative link of a page leads to a file of the repository', () => {
  const broken: string[] = [];
  let links = 0;
  for (const page of globSync('{*,docs/**/*,bench/*}.md', { cwd: ROOT })) {
    const text = readFileSync(join(ROOT, page), 'utf8');
    for (const [, link] of text.matchAll(/\]\(([^)\s#]+)[^)\s]*\)/g)) {
      if (/^https?:/.test(link!)) continue;
      links += 1;
      if (!existsSync(join(ROOT, dirname(page), link!))) broken.push(`${page}: ${link}`);
    }
  }
  assert.ok(links > 50, `only ${links} links were read`);
  assert.deepEqual(broken, []);
});

test('the package brings the man page that its manifest names', () => {
  const { man } = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8'));
  assert.match(readFileSync(join(installed, man), 'utf8'), /^\.TH EVERYPAGE 1 /m);
});

test('the installed command fetches a list over HTTP/2 and verifies its archive', async () => {
  await everypage(server.template(3), '-o', 'list.ndjson', '--cacert', 'ca.pem', '--http2', '-q');
  const lines = readFileSync(join(folder, 'list.ndjson'), 'utf8').trim().split('\n');
  assert.equal(lines.length, 3);
  const verified = JSON.parse(await everypage('verify', 'list.ndjson.everypage', '--json'));
  assert.equal(verified.verdict.name, 'proven');
});

test('the installed command loads undici where HTTP/1.1 is spoken', async () => {
  const args = [server.template(2), '-o', 'one.ndjson', '--cacert', 'ca.pem', '--http1.1', '-q'];
  const command = [join(installed, manifest().bin.everypage), ...args];
  const { stderr } = await run(process.execPath, command, { cwd: folder, env });
  // Node warns of some ways to load.
  assert.equal(stderr, '');
  assert.equal(readFileSync(join(folder, 'one.ndjson'), 'utf8').trim().split('\n').length, 2);
});

for (const [what, more] of [
  ['a list that takes a thread', []],
  ['one page with a report', ['--paginate', 'none', '--report', 'gone.html']],
] as const) {
  test(`an update of the package during ${what} is no bug, and the same command goes on`, async () => {
    const [dist, gone] = [join(installed, 'dist'), join(installed, 'gone')];
    const takeAway = await startPageServer({
      protocol: 'http',
      control: (path) => {
        if (existsSync(dist)) renameSync(dist, gone);
        return pageOfList(path);
      },
    });
    const args = [`${takeAway.origin}/list`, '-o', 'gone.ndjson', ...more];
    try {
      const failed = await everypage(...args).catch((error: { stderr: string }) => error);
      assert.ok(typeof failed === 'object', 'it ended well');
      const said =
        /^everypage: .*everypage was updated or removed while it ran \(the same command goes on\)/m;
      assert.match(failed.stderr, said);
    } finally {
      renameSync(gone, dist);
      await takeAway.close();
    }
  });
}

/** Files with compiled code of the program and of the thread, in the folder that Node makes for its own. */
function keptCode(): string[] {
  return globSync(join(cache, 'everypage/*/{shared,archive,later}-*-{fetch,thread}')).toSorted();
}

test('the installed command keeps its compiled code, and makes it anew where it is damaged', async () => {
  const args = ['-o', 'kept.ndjson', '--cacert', 'ca.pem', '-q', '--fresh'];
  // Some tenths of a second: what is loaded late is taken from what was kept, too.
  const fetchOne = () => everypage(server.template(4), '--rate', '10/s', ...args);
  // What other commands kept is not all made anew by this one.
  rmSync(cache, { recursive: true, force: true });
  await fetchOne();
  const kept = keptCode();
  assert.equal(kept.length, 4);
  const before = kept.map((file) => statSync(file).mtimeMs);
  await fetchOne();
  assert.deepEqual(
    kept.map((file) => statSync(file).mtimeMs),
    before,
  );
  for (const file of kept) writeFileSync(file, readFileSync(file).subarray(0, 1000));
  await fetchOne();
  assert.deepEqual(keptCode(), kept);
  for (const file of kept) assert.ok(statSync(file).size > 1000);
});

test('one page over HTTP/2 loads no code for long lists, nor words of a summary', async () => {
  const kept = join(folder, 'one-page');
  // What is loaded while a slow server is waited for is loaded on a busy machine, too: here no wait is that long.
  const noWait = join(folder, 'no-wait.cjs');
  writeFileSync(
    noWait,
    'const { setTimeout } = globalThis;\n' +
      'globalThis.setTimeout = (work, ms, ...args) =>\n' +
      '  ms < 100 ? setTimeout(() => {}, 0) : setTimeout(work, ms, ...args);\n',
  );
  const args = [`${server.origin}/all`, '-o', 'all.ndjson', '--cacert', 'ca.pem', '--http2', '-q'];
  const command = [join(installed, manifest().bin.everypage), ...args];
  await run(process.execPath, ['--require', noWait, ...command], {
    cwd: folder,
    env: { ...env, NODE_COMPILE_CACHE: kept },
  });
  const loaded = globSync('*/*-fetch', { cwd: kept }).map((file) => file.replace(/^.*[/\\]/, ''));
  assert.ok(loaded.some((file) => file.startsWith('fetching-')));
  assert.deepEqual(
    loaded.filter((file) => /^(?:later|words)-/.test(file)),
    [],
  );
});

test('the installed command keeps no compiled code where Node may keep none', async () => {
  const none = join(folder, 'no-cache');
  const args = [server.template(1), '-o', 'kept.ndjson', '--cacert', 'ca.pem', '-q', '--fresh'];
  const without = { ...env, XDG_CACHE_HOME: none, NODE_DISABLE_COMPILE_CACHE: '1' };
  const command = [join(installed, manifest().bin.everypage), ...args];
  await run(process.execPath, command, { cwd: folder, env: without });
  assert.equal(existsSync(none), false);
});

test('the installed command finds how a list pages', async () => {
  const args = ['-o', 'paged.ndjson', '--cacert', 'ca.pem', '-q'];
  await everypage(`${server.origin}/list`, ...args);
  assert.equal(readFileSync(join(folder, 'paged.ndjson'), 'utf8'), LISTED);
});

test('the installed library reads lists and exports what the sources export', async () => {
  const script = join(folder, 'reads.mjs');
  writeFileSync(
    script,
    `import * as everypage from 'everypage';
const options = { caFile: 'ca.pem' };
const pages = await everypage.allPages(${JSON.stringify(server.template(3))}, options);
const records = [];
for await (const record of everypage.records(${JSON.stringify(`${server.origin}/list`)}, options)) records.push(record);
console.log(JSON.stringify({ names: Object.keys(everypage), pages: pages.length, records: records.length }));
`,
  );
  const { stdout } = await run(process.execPath, [script], { cwd: folder, env });
  const { names, pages, records } = JSON.parse(stdout);
  assert.deepEqual({ pages, records }, { pages: 3, records: 6 });
  const source = await import('../src/index.ts');
  assert.deepEqual(names.toSorted(), Object.keys(source).toSorted());
});

const OLD_NODE = '/usr/bin/node';
const isOldNode = (() => {
  const { stdout = '' } = spawnSync(OLD_NODE, ['-p', 'process.versions.node'], {
    encoding: 'utf8',
  });
  return Number.parseInt(stdout, 10) < 24;
})();

test('an import under an old Node says what to do', { skip: !isOldNode }, () => {
  const code = "import { records } from 'everypage'; console.log(records);";
  const { status, stderr } = spawnSync(OLD_NODE, ['--input-type=module', '-e', code], {
    cwd: folder,
    encoding: 'utf8',
  });
  assert.equal(status, 1);
  assert.match(
    stderr,
    /^Error: everypage needs Node 24 or newer and this is \d+\.\d+\.\d+; install/m,
  );
});

test('the types need no other package, and json takes a type everywhere', async () => {
  const program = `
import { allPages, explain, exportArchive, pages, records, run, verifyArchive } from 'everypage';
import type { IterateOptions, NextPage, RunEvent } from 'everypage';
interface Item { readonly id: number }
const next: NextPage = (page) => page.json<{ more?: string }>().more;
const onEvent = (event: RunEvent) => console.log(event.type);
const options: IterateOptions = { paginate: next, signal: AbortSignal.timeout(1000), onEvent };
const urls = [new URL('https://a.example/'), 'https://a.example/b'];
export async function read(): Promise<readonly number[]> {
  const ids: number[] = (await allPages(urls)).map((page) => page.json<Item>().id);
  for await (const page of pages(urls, options)) ids.push(page.json<Item>().id);
  for await (const { page, ...record } of records(new URL('https://a.example/'))) {
    ids.push(record.json<Item>().id, page.json<Item[]>().length);
  }
  const { archivePath } = await run('https://a.example/', { output: 'x.ndjson' });
  const { records: count } = await exportArchive(archivePath!, { output: 'y.json' });
  const { problems } = await verifyArchive(archivePath!);
  return [...ids, count, problems.length, (await explain(urls[0]!)).pageRecords];
}
`;
  writeFileSync(join(folder, 'program.ts'), program);
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  const tsc = join(ROOT, 'node_modules/.bin/tsc');
  const flags = ['--noEmit', '--strict', '--skipLibCheck', 'false', '--target', 'es2022'];
  const result = await run(tsc, [...flags, '--module', 'nodenext', 'program.ts'], {
    cwd: folder,
  }).catch((error: { stdout: string }) => error);
  assert.equal(result.stdout, '');
});
