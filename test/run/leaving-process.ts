/** Ends readings in several ways, and prints after each what of it still holds the process. */
import { pages, run } from '../../src/index.ts';

const [good, bad, http] = process.argv.slice(2) as [string, string, string];
const protocol = http as 'auto' | 'http1' | 'http2';
/** The first page comes; what serves the others never answers. */
const urls = [good, ...Array.from({ length: 4 }, (_, index) => `${bad}/${index}`)];

async function* brokenList() {
  yield* urls;
  throw new RangeError('of the list');
}

const ways: Readonly<Record<string, () => Promise<unknown>>> = {
  async break() {
    for await (const _ of pages(urls, { protocol })) break;
  },
  async throw() {
    for await (const _ of pages(urls, { protocol })) throw new RangeError('of the loop');
  },
  async return() {
    const first = pages(urls, { protocol });
    await first.next();
    await first.return({} as never);
  },
  async abort() {
    const abort = new AbortController();
    const { signal } = abort;
    for await (const _ of pages(urls, { protocol, signal })) abort.abort();
  },
  async 'abort before the first page'() {
    await pages(bad, { protocol, signal: AbortSignal.timeout(50) }).next();
  },
  async 'an error in the list'() {
    for await (const _ of pages(brokenList(), { protocol }));
  },
  async run() {
    await run(urls, { protocol, signal: AbortSignal.timeout(50) });
  },
};

// They are pipes, opened when they are first used.
process.stdout.write('');
process.stderr.write('');

function active(): readonly string[] {
  return process.getActiveResourcesInfo().filter((name) => name !== 'Immediate');
}

const told: Record<string, { readonly thrown: string; readonly left: readonly string[] }> = {};
for (const [way, end] of Object.entries(ways)) {
  const before = active();
  const thrown = await end().then(
    () => 'nothing',
    (error) => error.name,
  );
  // A handle that was closed goes in the next turn.
  for (let turn = 0; turn < 3; turn += 1) await new Promise(setImmediate);
  const left = [...active()];
  for (const name of before) left.splice(left.indexOf(name), left.includes(name) ? 1 : 0);
  told[way] = { thrown, left };
}
process.stdout.write(JSON.stringify(told));
