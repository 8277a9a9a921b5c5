/** Next links of unusual kinds, from the first request to the file. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { run } from '../../src/index.ts';
import { type Answer, fetchJson, OUTPUT, startJsonServer } from './pagination-setup.ts';
import { temporaryFolder } from './run-cli.ts';
import { runCliHere } from './run-in-process.ts';

const rows = Array.from({ length: 137 }, (_, at) => ({ id: `r${at * 3 + 7}` }));
const whole = rows.map((row) => `${JSON.stringify(row)}\n`).join('');

test('a run that was stopped goes on by links that hold a body', async (t) => {
  const answer: Answer = (_url, { method, body }) => {
    const { collections, token } = JSON.parse(body || '{}');
    if (method !== 'POST' || collections?.[0] !== 's2') return { body: { features: [] } };
    const at = Number(token?.slice(1) ?? 0);
    const next = { rel: 'next', method: 'POST', href: '/search', merge: true };
    const links = at + 20 < 137 ? [{ ...next, body: { token: `t${at + 20}` } }] : [];
    return { body: { features: rows.slice(at, at + 20), links } };
  };
  const { origin, seen } = await startJsonServer(t, answer);
  const output = join(temporaryFolder(t), OUTPUT);
  const source = { kind: 'template', text: `${origin}/search` } as const;
  const options = { output, body: '{"collections":["s2"]}' };
  const stopped = await run([source], { ...options, maxPages: 3 });
  assert.equal(stopped.verdict.name, 'incomplete');
  const before = seen.length;
  const { verdict } = await run([source], options);
  assert.equal(readFileSync(output, 'utf8'), whole);
  assert.equal(verdict.name, 'complete', verdict.reasons.join());
  // Four pages were left, and all seven are read again at the end.
  assert.equal(seen.length - before, 11);
});

test('a link to where nothing listens is asked for at the start’s own origin by the printed command', async (t) => {
  for (const link of [
    'http://127.0.0.1:9',
    'http://fhir-server:8080',
    'https://fhir.svc.cluster.local',
  ]) {
    const answer: Answer = (url) => {
      const at = Number(url.searchParams.get('_offset') ?? 0);
      const next = { relation: 'next', url: `${link}/fhir?_getpages=bb&_offset=${at + 20}` };
      const self = { relation: 'self', url: `${link}/fhir/Patient` };
      return {
        body: { link: at + 20 < 137 ? [self, next] : [self], entry: rows.slice(at, at + 20) },
      };
    };
    const { origin } = await startJsonServer(t, answer);
    const folder = temporaryFolder(t);
    const { code, stderr } = await runCliHere(folder, [
      `${origin}/fhir/Patient?_count=20`,
      '-o',
      OUTPUT,
    ]);
    assert.equal(code, 1);
    const [, printed = ''] = /To resume with that flag:\n\s+everypage (.*)/.exec(stderr) ?? [];
    const args = printed.split(' ').map((word) => word.replaceAll("'", ''));
    assert.ok(args.includes('--same-origin'), stderr);
    const second = await runCliHere(folder, args);
    assert.equal(second.code, 0, second.stderr);
    assert.equal(readFileSync(join(folder, OUTPUT), 'utf8'), whole);
  }
});

test('a link to another public host is not taken for the start’s own', async (t) => {
  const answer: Answer = () => ({
    body: { data: rows.slice(0, 20), next: 'https://example.com/v9/x?p=2' },
  });
  const { origin } = await startJsonServer(t, answer);
  const { stderr } = await runCliHere(temporaryFolder(t), [`${origin}/things`, '-o', OUTPUT]);
  assert.match(stderr, /-o out\.ndjson --allow-origin https:\/\/example\.com/);
});

test('what a GraphQL query lacks is said, and one page is not taken for all', async (t) => {
  const answer: Answer = (_url, { body }) => {
    const { query, variables } = JSON.parse(body);
    const at = Number(variables?.after ?? 0);
    const pageInfo = { hasNextPage: at + 20 < 137, endCursor: String(at + 20) };
    const nodes = rows.slice(at, at + 20);
    return {
      body: { data: { things: query.includes('pageInfo') ? { nodes, pageInfo } : { nodes } } },
    };
  };
  const { origin } = await startJsonServer(t, answer);
  const info = 'pageInfo { hasNextPage endCursor }';
  for (const [query, said] of [
    [`{ things(first: 20) { nodes { id } ${info} } }`, /takes no cursor: take .* after: \$after/],
    ['{ things(first: 20) { nodes { id } } }', /ask for pageInfo \{ hasNextPage endCursor \}/],
  ] as const) {
    const args = [`${origin}/graphql`, '-o', OUTPUT, '-d', JSON.stringify({ query })];
    const { code, stderr } = await runCliHere(temporaryFolder(t), args);
    assert.equal(code, 3, stderr);
    assert.match(stderr, said);
    assert.doesNotMatch(stderr, /, If the list/);
  }
  const query = `query($after: String) { things(first: 20, after: $after) { nodes { id } ${info} } }`;
  const folder = temporaryFolder(t);
  const args = [`${origin}/graphql`, '-o', OUTPUT, '-d', JSON.stringify({ query })];
  const { code, stderr } = await runCliHere(folder, args);
  assert.equal(code, 0, stderr);
  assert.equal(readFileSync(join(folder, OUTPUT), 'utf8'), whole);
});

for (const [from, to] of [
  ['/items', '/items/'],
  ['/', '/index.php'],
] as const) {
  test(`a start that is redirected from ${from} to ${to} is read in parallel all the same`, async (t) => {
    const answer: Answer = (url) => {
      if (url.pathname !== to) {
        return { status: 301, headers: { location: `${to}${url.search}` }, body: {} };
      }
      const page = Number(url.searchParams.get('page') ?? 1);
      const next = page * 20 < 137 ? `${url.origin}${to}?page=${page + 1}` : null;
      return { body: { count: 137, next, results: rows.slice(page * 20 - 20, page * 20) } };
    };
    const { summary, text } = await fetchJson(t, answer, {}, from);
    assert.equal(text, whole, JSON.stringify(summary.verdict));
    assert.equal(summary.pagination?.style, 'page');
  });
}

test('a page size goes into the body of a POST, and one that nothing takes is said', async (t) => {
  const sizes: unknown[] = [];
  const answer: Answer = (url, { body, method }) => {
    const { limit = 20, at = 0 } = method === 'POST' ? JSON.parse(body) : {};
    sizes.push(limit);
    assert.equal(url.search, '');
    const next = {
      rel: 'next',
      method: 'POST',
      href: '/search',
      merge: true,
      body: { at: at + limit },
    };
    const links = at + limit < 137 ? [next] : [];
    return { body: { features: rows.slice(at, at + limit), links } };
  };
  const { origin } = await startJsonServer(t, answer);
  const folder = temporaryFolder(t);
  const args = [`${origin}/search`, '-o', OUTPUT, '--page-size', '50'];
  const { code, stderr } = await runCliHere(folder, [...args, '-d', '{"limit":20}']);
  assert.equal(code, 0, stderr);
  assert.equal(readFileSync(join(folder, OUTPUT), 'utf8'), whole);
  assert.deepEqual(new Set(sizes.slice(1)), new Set([50]));
  const idle = await runCliHere(temporaryFolder(t), [...args, '-d', '{}']);
  assert.match(idle.stderr, /--page-size does nothing here: .* --size-param/);
});
