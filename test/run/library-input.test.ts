/** What programs pass to the library: every form of URLs, and what is none. */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import {
  allPages,
  EverypageError,
  explain,
  exportArchive,
  pages,
  records,
  run,
  verifyArchive,
} from '../../src/index.ts';
import { type PageServer, startPageServer } from '../servers/page-server.ts';

const folder = mkdtempSync(join(tmpdir(), 'everypage-input-'));
process.env['XDG_STATE_HOME'] = join(folder, 'states');
let server: PageServer;
let url: (n: number) => string;

before(async () => {
  server = await startPageServer({ protocol: 'http' });
  url = (n) => `${server.origin}/pages/${n}`;
});
after(async () => {
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

test('strings, URL objects, and arrays and iterables of both work everywhere', async () => {
  async function* coming() {
    yield url(1);
    yield new URL(url(2));
  }
  const forms: readonly (readonly [count: number, urls: () => Parameters<typeof run>[0]])[] = [
    [1, () => url(1)],
    [3, () => server.template(3)],
    [1, () => new URL(url(1))],
    [2, () => [url(1), new URL(url(2))]],
    [2, () => new Set([url(1), new URL(url(2))])],
    [2, () => coming()],
  ];
  for (const [at, [count, urls]] of forms.entries()) {
    const asked = urls as () => Parameters<typeof pages>[0];
    const options = { paginate: 'none' } as const;
    assert.equal((await allPages(asked(), options)).length, count, `pages, form ${at}`);
    let found = 0;
    for await (const _ of records(asked(), options)) found += 1;
    assert.equal(found, count, `records, form ${at}`);
    const output = join(folder, `form-${at}.ndjson`);
    const summary = await run(urls(), { ...options, output });
    assert.equal(summary.output?.records, count, `run, form ${at}`);
  }
  const mixed = [{ kind: 'template', text: server.template(2) } as const, url(5)];
  assert.equal((await run(mixed)).verdict.stored, 3);
  await assert.rejects(explain(new URL(url(1)), { paginate: 'none' }), { code: 'USAGE' });
});

test('what is no URL or no option is refused before any request, by its name, and leaves no file', async () => {
  const before = server.counts().total;
  const output = join(folder, 'refused.ndjson');
  const any = (value: unknown) => value as never;
  const wrong: readonly (readonly [message: RegExp, call: () => Promise<unknown>])[] = [
    [/^urls: expected a URL .*, got undefined$/, () => run(any(undefined), { output })],
    [/^urls: .*, got the number 42$/, () => allPages(any(42))],
    [/^urls: .*, got an object$/, () => records(any({ url: url(1) })).next()],
    [/^urls\[1\]: expected a URL .*, got null$/, () => run(any([url(1), null]), { output })],
    [/^urls\[0\]: .*, got an instance of Array$/, () => pages(any([[url(1)]])).next()],
    [/^text of a source: .*, got undefined$/, () => run(any([{ kind: 'literal' }]), { output })],
    [/^URL 1 of the list: .*, got the number 7$/, () => run(any(new Set([7])), { output })],
    [/^url: expected one URL .*, got an instance of Array$/, () => explain(any([url(1)]))],
    [/^path: expected a path, got undefined$/, () => verifyArchive(any(undefined))],
    [
      /^path: expected a path, got an instance of URL$/,
      () => exportArchive(any(new URL(url(1))), { output }),
    ],
    [/^options: expected an object .*, got undefined$/, () => exportArchive('a', any(undefined))],
    [/^options: .*, got the number 3$/, () => run(url(1), any(3))],
    [
      /^run has no option "concurency"; did you mean concurrency\?$/,
      () => run(url(1), any({ output, concurency: 3 })),
    ],
    [/^records has no option "output"; /, () => records(url(1), any({ output })).next()],
    [/^allPages has no option "retry"; did you mean/, () => allPages(url(1), any({ retry: 3 }))],
    [/^explain has no option "timeout"; did you/, () => explain(url(1), any({ timeout: 3 }))],
    [/^verifyArchive has no option "expct"; did/, () => verifyArchive('a', any({ expct: 3 }))],
    [
      /^paginate has no stile; did you mean style\?/,
      () => allPages(url(1), any({ paginate: { stile: 'x' } })),
    ],
    [
      /^there is no pagination style "ofset"; did you mean offset\?/,
      () => allPages(url(1), any({ paginate: 'ofset' })),
    ],
    [
      /^concurrency: expected a number or "auto", got a string$/,
      () => run(url(1), any({ concurrency: '3' })),
    ],
    [
      /^headers: expected an object, .*, got a string$/,
      () => run(url(1), any({ headers: 'a: b' })),
    ],
    [
      /^headers: expected a string as the value of x-a, got the number 5$/,
      () => run(url(1), any({ headers: { 'X-A': 5 } })),
    ],
    [/^body: .*JSON\.stringify.*, got an object$/, () => run(url(1), any({ body: { a: 1 } }))],
    [
      /^protocol: expected "auto" or "http1" or "http2", got a string$/,
      () => run(url(1), any({ protocol: 'h2' })),
    ],
    [
      /^signal: expected an AbortSignal, got an instance of AbortController$/,
      () => run(url(1), any({ signal: new AbortController() })),
    ],
    [
      /^output: expected a string or an array of strings, got null$/,
      () => run(url(1), any({ output: null })),
    ],
    [/^onEvent: expected a function, got true$/, () => run(url(1), any({ onEvent: true }))],
    [/^the URL is empty/, () => run('', { output })],
  ];
  for (const [message, call] of wrong) {
    await assert.rejects(call(), (error) => {
      assert.ok(error instanceof EverypageError, String(error));
      assert.match(error.code, /^(?:USAGE|URL_INVALID)$/);
      assert.match(error.message, message);
      return true;
    });
  }
  assert.equal(server.counts().total, before);
  assert.deepEqual(
    readdirSync(folder).filter((name) => name.startsWith('refused')),
    [],
  );
  assert.equal(existsSync(join(folder, 'states')), false);
});

test('an error of an option shows no value that may be a credential', async () => {
  const any = (value: unknown) => value as never;
  for (const options of [{ user: ['me:hunter2'] }, { headers: 'authorization: hunter2' }]) {
    await assert.rejects(run(url(1), any(options)), ({ message }: Error) => {
      assert.doesNotMatch(message, /hunter2/);
      return true;
    });
  }
});

test('a bad element that comes late ends the run by its name, and keeps what came before', async () => {
  const output = join(folder, 'late.ndjson');
  async function* list() {
    yield url(1);
    yield 17 as unknown as string;
  }
  await assert.rejects(run(list(), { output }), /URL 2 of the list: .*, got the number 17/);
  assert.deepEqual(readFileSync(output, { flag: 'a+' }).length, 0);
});
