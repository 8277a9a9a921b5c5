/** A server that repeats a credential in headers, links and errors, under names that say nothing. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite, type TestContext, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { assertClean, assertFolderClean, canary, FORMS } from './canary.ts';
import { type JsonReply, type JsonServer, startJsonServer } from './pagination-setup.ts';
import { type CliResult, temporaryFolder } from './run-cli.ts';
import { runCliHere } from './run-in-process.ts';

const said = ({ stdout, stderr }: CliResult) => `${stdout}\n${stderr}`;
const bearer = ['-H', `Authorization: Bearer ${canary('header')}`];

interface Echoing {
  readonly server: JsonServer;
  readonly folder: string;
  /** As it stands in a path and a query. */
  readonly part: string;
}

/**
 * `/chain`, three pages whose next links hold `text` in path and query. The second leads on by a link
 * relative to its own path, and the last to `lastNext`. Bodies are compressed, so that what is found in a
 * file stands in none.
 */
async function startEchoing(
  t: TestContext,
  text: string,
  lastNext: ((part: string) => string) | null = null,
): Promise<Echoing> {
  const part = encodeURIComponent(text);
  let isBusy = text === canary('header');
  const server: JsonServer = await startJsonServer(t, (url): JsonReply => {
    const page = Number(url.searchParams.get('page') ?? 1);
    const isRight = page === 1 || url.pathname === `/chain/${part}/`;
    if (!isRight || (page > 1 && url.searchParams.get('client') !== text)) {
      return { status: 404, body: { why: 'another path' } };
    }
    const echoes = {
      etag: `"${text}"`,
      'x-ratelimit-limit': '9000',
      'x-ratelimit-policy': text,
      'x-ratelimit-resource': text,
      ratelimit: `"${text}";r=9000;t=1`,
      'x-request-id': text,
    };
    if (page === 2 && isBusy) {
      isBusy = false;
      return { status: 503, headers: echoes, body: { error: `busy with ${text}` } };
    }
    const query = `?page=${page + 1}&client=${part}`;
    const last = lastNext?.(part) ?? null;
    const next = page === 1 ? `/chain/${part}/${query}` : page === 2 ? query : last;
    const link = next === null ? {} : { link: `<${next}>; rel="next"` };
    const items = page > 3 ? [] : [{ id: page * 2 }, { id: page * 2 + 1 }];
    const body = gzipSync(JSON.stringify({ items }));
    return { headers: { ...echoes, ...link, 'content-encoding': 'gzip' }, body };
  });
  return { server, folder: temporaryFolder(t), part };
}

const lines = (folder: string) => readFileSync(join(folder, 'a.ndjson'), 'utf8').split('\n').length;

suite('a server that repeats the bearer in headers and links', () => {
  for (const [how, form] of Object.entries(FORMS)) {
    test(`${how}: it is asked for what it names, and nothing shown or stored holds it`, async (t) => {
      const { server, folder } = await startEchoing(t, form(canary('header')));
      const results: CliResult[] = [];
      for (const shown of [['-vv'], ['--log-format', 'json']]) {
        const argv = [`${server.origin}/chain`, ...bearer, ...shown, '-o', 'a.ndjson', '--fresh'];
        results.push(await runCliHere(folder, [...argv, '--summary', 'summary.json']));
        assert.equal(lines(folder), 7);
      }
      const explained = ['explain', `${server.origin}/chain`, ...bearer, '--json'];
      if (how === 'plain') results.push(await runCliHere(folder, explained));
      results.push(await runCliHere(folder, ['verify', 'a.ndjson.everypage', '--json']));
      for (const result of results) {
        assert.equal(result.code, 0, said(result));
        assertClean(said(result), how);
      }
      assert.match(said(results[0]!), /REDACTED/);
      assert.ok(assertFolderClean(folder).includes('a.ndjson.everypage'));
      assert.ok(server.seen.every(({ headers }) => headers.authorization?.endsWith('9f+2')));
    });

    test(`${how}: a run that goes on asks for the same URLs`, async (t) => {
      const { server, folder, part } = await startEchoing(t, form(canary('header')));
      const argv = [`${server.origin}/chain`, ...bearer, '-o', 'a.ndjson'];
      const begun = await runCliHere(folder, [...argv, '--max-pages', '2']);
      assert.equal(begun.code, 5, said(begun));
      assertFolderClean(folder);
      const asked = server.seen.length;
      // Beside another credential, which stands before it.
      const resumed = await runCliHere(folder, ['-H', `X-Api-Key: ${canary('file')}`, ...argv]);
      assert.equal(resumed.code, 0, said(resumed));
      assert.equal(lines(folder), 7);
      assert.equal(server.seen[asked]?.target, `/chain/${part}/?page=3&client=${part}`);
      assertClean(said(begun) + said(resumed), how);
    });
  }

  test('a next link that leads back is a loop, also where it was stored', async (t) => {
    const lead = (part: string) => `/chain/${part}/?page=2&client=${part}`;
    const { server, folder } = await startEchoing(t, canary('header'), lead);
    const argv = [`${server.origin}/chain`, ...bearer, '-o', 'a.ndjson'];
    const begun = await runCliHere(folder, [...argv, '--max-pages', '2']);
    assert.equal(begun.code, 5, said(begun));
    const looped = await runCliHere(folder, argv);
    assert.equal(looped.code, 3, said(looped));
    assert.match(looped.stderr, /page 3 names the same next page as page 1/);
    assertClean(said(looped), 'loop');
  });

  test('what it writes like a mark of ours is not replaced by a credential', async (t) => {
    const seen: string[] = [];
    const second = await startJsonServer(t, (url) => {
      seen.push(url.pathname + url.search);
      return { body: { items: [{ id: 9 }] } };
    });
    const mark = 'REDACTED~authorization-2-p~';
    const server = await startJsonServer(t, (url) => {
      const isFirst = url.searchParams.get('page') === null;
      const next = isFirst
        ? `${server.origin}/list?page=2`
        : `${second.origin}/x/${mark}?a=${mark}`;
      return {
        headers: { link: `<${next}>; rel="next"` },
        body: { items: [{ id: isFirst ? 1 : 2 }] },
      };
    });
    const folder = temporaryFolder(t);
    const argv = [`${server.origin}/list`, ...bearer, '-o', 'a.ndjson'];
    const allowed = ['--allow-origin', second.origin];
    const begun = await runCliHere(folder, [...argv, ...allowed, '--max-pages', '2']);
    assert.equal(begun.code, 5, said(begun));
    const resumed = await runCliHere(folder, [...argv, ...allowed]);
    assert.equal(resumed.code, 0, said(resumed));
    assert.deepEqual(seen.length > 0, true);
    assertClean(seen.join(), 'the second origin');
  });

  test('another origin that a link leads to does not get it', async (t) => {
    const second = await startJsonServer(t, () => ({ body: { items: [{ id: 9 }] } }));
    const server = await startJsonServer(t, (url): JsonReply => {
      const echo = encodeURIComponent(canary('header'));
      const next = `${second.origin}/${echo}?client=${echo}`;
      if (url.pathname === '/moved') return { status: 302, headers: { location: next } };
      return { headers: { link: `<${next}>; rel="next"` }, body: { items: [{ id: 1 }] } };
    });
    const folder = temporaryFolder(t);
    for (const path of ['/list', '/moved?page=[1-2]']) {
      const argv = [`${server.origin}${path}`, ...bearer, '--allow-origin', second.origin];
      const result = await runCliHere(folder, [...argv, '-o', 'a.ndjson', '--fresh']);
      assert.equal(result.code, 0, said(result));
      assertClean(said(result), path);
    }
    assert.ok(second.seen.length >= 3);
    assertClean(JSON.stringify(second.seen), 'the second origin');
  });
});
