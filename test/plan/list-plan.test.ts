import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { after, test } from 'node:test';
import type { PageRequest } from '../../src/core/page-request.ts';
import { checkSources, createListPlan } from '../../src/plan/list-plan.ts';
import type { Plan, PlanSource } from '../../src/plan/plan.ts';

const folder = mkdtempSync(join(tmpdir(), 'everypage-plan-'));
after(() => rmSync(folder, { recursive: true }));

function planOf(sources: readonly PlanSource[], stdin?: AsyncIterable<Uint8Array>): Plan {
  const base = { sources, method: 'GET', body: null } as const;
  return createListPlan(stdin === undefined ? base : { ...base, stdin });
}

async function readAll(plan: Plan): Promise<PageRequest[]> {
  const requests: PageRequest[] = [];
  for await (const batch of plan.batches()) {
    assert.ok(batch.length >= 1 && batch.length <= 256);
    requests.push(...batch);
  }
  return requests;
}

async function urlsOf(...sources: PlanSource[]): Promise<string[]> {
  return (await readAll(planOf(sources))).map(({ url }) => url);
}

const template = (text: string): PlanSource => ({ kind: 'template', text });
const literal = (text: string): PlanSource => ({ kind: 'literal', text });
const iterable = (urls: Iterable<string> | AsyncIterable<string>): PlanSource => ({
  kind: 'iterable',
  urls,
});
const invalid = (message: RegExp) => ({ name: 'EverypageError', code: 'URL_INVALID', message });

test('pages of all sources stand in order, with positions that run on', async () => {
  const path = join(folder, 'urls.txt');
  writeFileSync(path, '# mine\nhttp://a.example/x[1-2]\n\nhttp://b.example\n');
  const sources: PlanSource[] = [
    template('http://t.example/[1-2]'),
    { kind: 'file', path },
    { kind: 'stdin' },
    literal('http://l.example/?q=[1-2]'),
    iterable(['http://i.example/{a,b}?']),
  ];
  const stdin = Readable.from([Buffer.from('http://s.example/#top\n')]);
  const requests = await readAll(planOf(sources, stdin));
  assert.deepEqual(
    requests.map(({ place, url, source }) => [place.branch, place.position, url, source]),
    [
      [0, 0, 'http://t.example/1', null],
      [0, 1, 'http://t.example/2', null],
      [0, 2, 'http://a.example/x[1-2]', `${path} line 2`],
      [0, 3, 'http://b.example/', `${path} line 4`],
      [0, 4, 'http://s.example/', 'stdin line 1'],
      [0, 5, 'http://l.example/?q=[1-2]', null],
      [0, 6, 'http://i.example/%7Ba,b%7D?', 'URL 1 of the list'],
    ],
  );
});

test('method and body go with every page, and a URL that stands twice is two pages', async () => {
  const body = Buffer.from('{}');
  const sources = [template('http://a.example/{x,x}')];
  const requests = await readAll(createListPlan({ sources, method: 'POST', body }));
  assert.equal(requests.length, 2);
  for (const request of requests) {
    assert.equal(request.method, 'POST');
    assert.equal(request.body, body);
  }
});

test('a long plan comes in full batches, each page once and in order', async () => {
  const plan = planOf([template('http://a.example/[0-999]')]);
  const lengths: number[] = [];
  for await (const batch of plan.batches()) lengths.push(batch.length);
  assert.deepEqual(lengths, [256, 256, 256, 232]);
  const requests = await readAll(plan);
  assert.ok(
    requests.every(({ place, url }, at) => place.position === at && url.endsWith(`/${at}`)),
  );
});

test('a slow asynchronous list gives each URL as it comes', async () => {
  let asked = 0;
  async function* slow() {
    while (true) yield `http://a.example/${asked++}`;
  }
  for await (const batch of planOf([iterable(slow())]).batches()) {
    assert.equal(batch.length, 1);
    if (batch[0]!.place.position === 2) break;
  }
  assert.equal(asked, 3);
});

test('leaving the plan early ends the list it reads from', async () => {
  let ended = false;
  function* endless() {
    try {
      while (true) yield 'http://a.example/';
    } finally {
      ended = true;
    }
  }
  for await (const _ of planOf([iterable(endless())]).batches()) break;
  assert.ok(ended);
});

test('the count is known for arguments, files and arrays, and null otherwise', async () => {
  const path = join(folder, 'count.txt');
  writeFileSync(path, 'http://a/\n#\nhttp://b/');
  const known = [template('http://a/[1-100][a-b]'), literal('http://a/'), iterable(['x', 'y'])];
  assert.equal(await planOf(known).count(), 203);
  assert.equal(await planOf([...known, { kind: 'file', path }]).count(), 205);
  assert.equal(await planOf([...known, { kind: 'stdin' }]).count(), null);
  assert.equal(await planOf([iterable(new Set(['http://a/']))]).count(), null);
  assert.equal(await planOf([]).count(), 0);
});

test('the query stays as it was written, the fragment goes', async () => {
  const url = 'https://a.example/p?page[size]=100&q=a+b%20c&x={"y":[1,2]}&z=é#top';
  assert.deepEqual(await urlsOf(literal(url), literal('http://a.example/#')), [
    'https://a.example/p?page[size]=100&q=a+b%20c&x={%22y%22:[1,2]}&z=%C3%A9',
    'http://a.example/',
  ]);
});

test('IPv6 hosts, upper-case schemes and default ports are understood', async () => {
  assert.deepEqual(
    await urlsOf(template('http://[::1]:8080/x[1-1]'), literal(' HTTPS://A.example:443/ ')),
    ['http://[::1]:8080/x1', 'https://a.example/'],
  );
});

for (const [text, message] of [
  ['a.example/x?y=1', /^a\.example\/x\?y=1 has no scheme; did you mean https:\/\/a\.example\/x/],
  ['localhost:3000/x', /did you mean http:\/\/localhost:3000\/x\?/],
  ['127.0.0.1/x', /did you mean http:\/\/127\.0\.0\.1\/x\?/],
  ['localhost.example/x', /did you mean https:\/\/localhost\.example\/x\?/],
  ['//a.example/x', /has no scheme; did you mean https:\/\/a\.example\/x\?/],
  ['localhost:8080/x', /^localhost:8080\/x has no scheme/],
  ['/x', /has no scheme/],
  ['not a url', /"not a url" is not a URL; a URL begins with https:\/\/ and has no spaces$/],
  ['http:///x', /http:\/\/\/x names no host; is a shell variable unset\?$/],
  ['https://\\x', /names no host/],
  ['', /the URL is empty/],
  ['ftp://a.example/', /begins with ftp:\/\/; only http and https/],
  ['file:///etc/passwd', /only http and https/],
  ['http:a.example', /lacks the \/\//],
  ['https://', /not a valid URL/],
  ['http://a.example:99999/', /not a valid URL/],
  ['http://a b.example/', /not a valid URL/],
  ['http://a.example/\r\nx', /\\x0d\\x0ax holds a control character/],
  ['http://a.example/\u0000', /control character/],
  ['http://a.example/\t', /control character/],
  ['http://me@a.example/', /^http:\/\/a\.example\/ holds a user name or password.*-u/],
] as const) {
  test(`the URL ${JSON.stringify(text)} is refused in one line that says why`, async () => {
    await assert.rejects(urlsOf(literal(text)), invalid(message));
    await assert.rejects(checkSources([literal(text)]), invalid(message));
    await assert.rejects(urlsOf(iterable(['http://a/', text])), invalid(/^URL 2 of the list: /));
  });
}

test('a wrong line of a list is named with its list and number', async () => {
  const path = join(folder, 'wrong.txt');
  writeFileSync(path, 'http://a.example/\n\nb.example\n');
  await assert.rejects(
    urlsOf({ kind: 'file', path }),
    invalid(/wrong\.txt line 3: b\.example has no scheme/),
  );
});

for (const text of [
  'https://me:hush@a.example/',
  'https://me:hu/hush@a.example/',
  'https://me:hu?hush@a.example/',
  'https://me:hu#hush@a.example/',
  'https://me:hu\\hush@a.example/',
  'https:me:hush@a.example',
  'https:////me:hush@a.example',
  'me:hush@a.example/x',
  'me:hu/hush@a.example/x',
  'me:hu?hush@a.example/x',
  'ftp://me:hush@a.example',
  'ht\ntps://me:hush@a.example/',
  'https://me:hu\nhush@a.example/',
  'a.example/?api_key=hush',
  'a.example/?to\nken=hush',
  'https://a.example:x/?mine=hush',
]) {
  test(`the message about ${JSON.stringify(text)} does not repeat its credential`, async () => {
    for (const source of [literal(text), iterable([text])]) {
      const plan = createListPlan({
        sources: [source],
        method: 'GET',
        body: null,
        secretParams: ['mine'],
      });
      await assert.rejects(readAll(plan), (error) => {
        assert.match(String(error), /EverypageError/);
        assert.doesNotMatch(String((error as Error).message), /hush/);
        return true;
      });
    }
  });
}

test('what is wrong with the sources is found before any request', async () => {
  const check = (...sources: PlanSource[]) => checkSources(sources);
  await check(template('http://a.example/[1-3]'), literal('http://a/[5-1]'), { kind: 'stdin' });
  await assert.rejects(check(template('http://a.example/[5-1]')), invalid(/runs backwards/));
  await assert.rejects(check(template('http://a.example:[1-99999]/')), invalid(/not a valid URL/));
  await assert.rejects(check({ kind: 'file', path: join(folder, 'none') }), {
    code: 'LIST_UNREADABLE',
    message: /does not exist/,
  });
  await assert.rejects(check({ kind: 'stdin' }, { kind: 'stdin' }), { code: 'USAGE' });
});

test('standard input that is not there is a usage error', async () => {
  await assert.rejects(urlsOf({ kind: 'stdin' }), { code: 'USAGE' });
});
