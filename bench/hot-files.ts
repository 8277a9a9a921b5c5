/**
 * Which source files take part in each page: `npm run hot-files`. A range runs against a local
 * HTTP/2 server; when it is in the middle, V8 counts the calls of every function on both threads.
 * A file is listed where one of its functions runs at least once for each page. The two lists of
 * docs/architecture.md should name the same files; what they lack or have too much is printed last.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { Session } from 'node:inspector/promises';
import { join, relative } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { run } from '../src/index.ts';
import { start, stop, temporaryFolder } from './processes.ts';

const PAGES = 4000;
/** Early: a loop that V8 has optimised by then counts no calls that it has taken in. */
const COUNTED_FROM = 100;
const SOURCES = fileURLToPath(new URL('../src/', import.meta.url));

interface FunctionCoverage {
  readonly functionName: string;
  readonly ranges: readonly { readonly count: number }[];
}
type Coverage = readonly {
  readonly url: string;
  readonly functions: readonly FunctionCoverage[];
}[];
type Post = (method: string, params?: object) => Promise<object>;

/** The inspector of each thread: the main one and the workers it can see. */
async function attachToThreads(): Promise<Post[]> {
  const session = new Session();
  session.connect();
  const threads: Post[] = [
    (method, params) => session.post(method as 'Profiler.enable', params as undefined) as never,
  ];
  const waiting = new Map<number, (result: object) => void>();
  let sent = 0;
  session.on('NodeWorker.attachedToWorker', ({ params: { sessionId } }) => {
    threads.push((method, params) => {
      const id = ++sent;
      const message = JSON.stringify({ id, method, params });
      const answered = new Promise<object>((resolve) => waiting.set(id, resolve));
      void session.post('NodeWorker.sendMessageToWorker', { sessionId, message });
      return answered;
    });
  });
  session.on('NodeWorker.receivedMessageFromWorker', ({ params }) => {
    const { id, result } = JSON.parse(params.message);
    waiting.get(id)?.(result);
  });
  await session.post('NodeWorker.enable', { waitForDebuggerOnStart: false });
  return threads;
}

/** Calls of the function of a file that runs most often. */
function countFiles(coverage: Coverage, into: Map<string, number>): void {
  for (const { url, functions } of coverage) {
    const path = url.startsWith('file:') ? fileURLToPath(url) : url;
    if (!path.startsWith(SOURCES)) continue;
    // The module itself is a function without a name, which has run once.
    const most = Math.max(0, ...functions.map(({ ranges }) => ranges[0]!.count));
    const file = relative(SOURCES, path);
    into.set(file, Math.max(most, into.get(file) ?? 0));
  }
}

const folder = temporaryFolder();
const entry = join(import.meta.dirname, '../test/servers/page-server-process.ts');
const server = start(process.execPath, [entry, '{"protocol":"h2"}'], {
  stdio: ['pipe', 'pipe', 'inherit'],
});
const [line] = await once(createInterface({ input: server.stdout! }), 'line');
const { origin, caFile } = JSON.parse(line);
const files = new Map<string, number>();
let threads: Post[] = [];
let begunAt = 0;
let pages = 0;
let taken: Promise<void> | null = null;
const begin = async (): Promise<void> => {
  threads = await attachToThreads();
  for (const post of threads) {
    await post('Profiler.enable');
    await post('Profiler.startPreciseCoverage', { callCount: true, detailed: false });
  }
  begunAt = pages;
};
const take = async (): Promise<void> => {
  for (const post of threads) {
    const { result } = (await post('Profiler.takePreciseCoverage')) as { result: Coverage };
    countFiles(result, files);
  }
};
try {
  const output = join(folder, 'pages.ndjson');
  await run([{ kind: 'template', text: `${origin}/pages/[1-${PAGES}]` }], {
    output,
    caFile,
    concurrency: 20,
    onEvent: (event) => {
      if (event.type !== 'page') return;
      pages += 1;
      if (pages === COUNTED_FROM) void begin();
      if (pages === PAGES - 500) taken = take();
    },
  });
  await taken;
} finally {
  await stop(server);
}
const counted = PAGES - 500 - begunAt;
assert.ok(begunAt > 0 && counted > 1000, 'the run was over before anything could be counted');
const hot = [...files].filter(([, calls]) => calls >= counted * 0.8);
const touched = [...files].filter(([, calls]) => calls > 1);
console.log(
  hot
    .map(([file, calls]) => `${(calls / counted).toFixed(1).padStart(7)}  ${file}`)
    .sort((a, b) => (a.slice(9) < b.slice(9) ? -1 : 1))
    .join('\n'),
);
console.log(
  `${hot.length} files run for each page; ${touched.length} in all while ${counted} pages came`,
);

const architecture = readFileSync(join(import.meta.dirname, '../docs/architecture.md'), 'utf8');
const lists = architecture.split('### For each page: main thread')[1]?.split('\nSome code runs')[0];
const named = new Set(
  [...(lists ?? '').matchAll(/`src\/([\w./-]+\.ts)`/g)].map(([, file]) => file!),
);
const hotFiles = new Set(hot.map(([file]) => file));
const lacking = [...hotFiles].filter((file) => !named.has(file));
const tooMuch = [...named].filter((file) => !hotFiles.has(file));
console.log(`docs/architecture.md lacks: ${lacking.join(', ') || 'none'}`);
console.log(`docs/architecture.md has too much: ${tooMuch.join(', ') || 'none'}`);
