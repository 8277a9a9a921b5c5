/** What whole runs lost or said wrongly: printed commands, kept expectations, odd ends, slices. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { exportArchive, pages, type RunOptions, verifyArchive } from '../../src/index.ts';
import { fetchJson, type JsonReply, startJsonServer } from './pagination-setup.ts';
import { temporaryFolder } from './run-cli.ts';
import { runCliHere } from './run-in-process.ts';

const things = (from: number, to: number) =>
  Array.from({ length: Math.max(0, to - from) }, (_, index) => ({ id: from + index }));
const numberIn = (url: URL, name: string, otherwise = 0): number =>
  Number(url.searchParams.get(name) ?? otherwise);

/** 137 records by offset. */
function byOffset(url: URL): JsonReply {
  const offset = numberIn(url, 'offset');
  const items = things(offset, Math.min(137, offset + numberIn(url, 'limit', 25)));
  return { body: { items, total: 137 } };
}

/** The words of a command as it is printed; values here hold no other quotes. */
function wordsOf(command: string): readonly string[] {
  return [...command.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare!);
}

suite('a printed command does what was asked for', () => {
  const select = 'items[?id >= `50`]';

  test('so that of explain has the selection once', async (t) => {
    const { origin } = await startJsonServer(t, byOffset);
    const folder = temporaryFolder(t);
    const url = `${origin}/items?limit=25&offset=0`;
    const { stdout } = await runCliHere(folder, ['explain', url, '--select', select]);
    const command = wordsOf(stdout.trimEnd().split('\n').at(-1)!.trim()).slice(1);
    assert.equal(command.filter((word) => word === '--select').length, 1, stdout);
    assert.ok(command.includes(select), stdout);
    const run = await runCliHere(folder, command);
    assert.equal(run.code, 0, run.stderr);
    assert.match(run.stderr, /137 records of the list, 87 by your selection/);
  });

  test('so what pins a run has its reports, its messages and its metrics', async (t) => {
    const { origin } = await startJsonServer(t, byOffset);
    const url = `${origin}/items?limit=25&offset=0`;
    const flags = ['--report', 'a.html', '--metrics', '0', '--summary', 'a.json'];
    const run = await runCliHere(temporaryFolder(t), [url, '-o', 'a.ndjson', ...flags]);
    const [, pinned] = /to skip detection next time:\n {2}everypage (.*)$/m.exec(run.stderr)!;
    for (let at = 0; at < flags.length; at += 2) {
      assert.ok(pinned!.includes(flags.slice(at, at + 2).join(' ')), pinned);
    }
  });

  test('and explain of a list that is 204 (No Content) ends as its run does', async (t) => {
    const { origin } = await startJsonServer(t, () => ({ status: 204 }));
    const folder = temporaryFolder(t);
    const { code, stdout, stderr } = await runCliHere(folder, ['explain', `${origin}/items`]);
    assert.equal(code, 0, stderr);
    assert.match(stdout, /the first page is 204 No Content/);
    const run = await runCliHere(folder, [`${origin}/items`, '-o', 'a.ndjson']);
    assert.equal(run.code, 0, run.stderr);
  });

  for (const flags of [['--select', select], ['--pages']]) {
    test(`so what pins a run with ${flags[0]} has that flag`, async (t) => {
      const { origin } = await startJsonServer(t, byOffset);
      const folder = temporaryFolder(t);
      const url = `${origin}/items?limit=25&offset=0`;
      const run = await runCliHere(folder, [url, '-o', 'a.ndjson', ...flags]);
      const [, pinned] = /to skip detection next time:\n {2}everypage (.*)$/m.exec(run.stderr)!;
      const again = await runCliHere(folder, wordsOf(pinned!.replace('a.ndjson', 'b.ndjson')));
      assert.equal(again.code, 0, again.stderr);
      const [first, second] = ['a', 'b'].map((name) =>
        readFileSync(join(folder, `${name}.ndjson`)),
      );
      assert.deepEqual(second, first);
    });
  }
});

suite('the end of a chain', () => {
  const pageAt = (url: URL) => {
    const offset = numberIn(url, 'cursor');
    return { offset, rows: things(offset, Math.min(137, offset + 25)) };
  };

  test('is an empty page whose link to the next says that it has no results', async (t) => {
    const answer = (url: URL): JsonReply => {
      const { offset, rows } = pageAt(url);
      const [before, after] = [Math.max(0, offset - 25), offset + 25];
      const link = [
        `<${url.origin}/issues?cursor=${before}>; rel="previous"; results="${offset > 0}"`,
        `<${url.origin}/issues?cursor=${after}>; rel="next"; results="${after < 137}"`,
      ].join(', ');
      return { body: rows, headers: { link } };
    };
    const { summary, text, targets } = await fetchJson(t, answer, {}, '/issues');
    assert.equal(summary.verdict.name, 'complete', summary.verdict.reasons.join());
    assert.equal(summary.verdict.end, 'stated');
    assert.equal(text?.trimEnd().split('\n').length, 137);
    // Six pages, the empty one, and each page once more.
    assert.ok(targets.length <= 14, String(targets.length));
  });

  test('is not where such a link is wrong: the page that it leads to counts', async (t) => {
    const answer = (url: URL): JsonReply => {
      const { offset, rows } = pageAt(url);
      const next = `<${url.origin}/issues?cursor=${offset + 25}>; rel="next"; results="false"`;
      return { body: rows, headers: { link: next } };
    };
    const { summary, text } = await fetchJson(t, answer, {}, '/issues');
    assert.equal(text?.trimEnd().split('\n').length, 137, summary.verdict.reasons.join());
    assert.match(JSON.stringify(summary.verdict), /the Link header says that page 1 is the last/);
  });
});

suite('what a server writes where no page follows', () => {
  const server =
    (last: unknown, of = 137) =>
    (url: URL): JsonReply => {
      const text = url.searchParams.get('cursor') ?? '';
      const offset = /^[1-9]\d*$/.test(text) ? Number(text) : 0;
      const items = things(offset, Math.min(of, offset + 25));
      return { body: { items, next_cursor: offset + 25 < of ? offset + 25 : last } };
    };
  const lines = (text: string | null) => (text ?? '').split('\n').length - 1;

  for (const last of [-1, '-1', 'null', 'None']) {
    test(`is the end as stated after other cursors: ${JSON.stringify(last)}`, async (t) => {
      const { summary, text, targets } = await fetchJson(t, server(last));
      assert.equal(summary.verdict.end, 'stated', summary.verdict.reasons.join());
      assert.equal(lines(text), 137);
      assert.ok(!targets.includes(`/things?cursor=${last}`), targets.join(' '));
    });
  }

  for (const last of [0, '0']) {
    test(`is asked for once where it may be a cursor: ${JSON.stringify(last)}`, async (t) => {
      const { summary, text, targets } = await fetchJson(t, server(last));
      const { name, end, reasons } = summary.verdict;
      assert.deepEqual([name, end], ['unverified', 'past-end'], reasons.join());
      assert.equal(lines(text), 137);
      assert.equal(targets.filter((target) => target.endsWith('cursor=0')).length, 1);
    });
  }

  test('is asked for once where no other cursor came, and a cursor where new records come', async (t) => {
    const short = await fetchJson(t, server('None', 12), {}, '/things?cursor=');
    assert.equal(short.summary.verdict.name, 'unverified', short.summary.verdict.reasons.join());
    assert.equal(lines(short.text), 12);
    const countdown = (url: URL): JsonReply => {
      const left = numberIn(url, 'cursor', 3);
      return { body: { items: things(25 * (3 - left), 25 * (4 - left)), next_cursor: left - 1 } };
    };
    const { summary, text } = await fetchJson(t, countdown);
    assert.equal(summary.verdict.end, 'stated', summary.verdict.reasons.join());
    assert.equal(lines(text), 100);
  });

  test('is no URL: next: "None"', async (t) => {
    const answer = (url: URL): JsonReply => {
      if (url.pathname !== '/things') return { status: 404 };
      const offset = numberIn(url, 'o');
      const results = things(offset, Math.min(137, offset + 25));
      const next = offset + 25 < 137 ? `${url.origin}/things?o=${offset + 25}` : 'None';
      return { body: { results, next } };
    };
    const { summary, text } = await fetchJson(t, answer);
    assert.equal(summary.verdict.end, 'stated', summary.verdict.reasons.join());
    assert.equal(lines(text), 137);
  });

  test('is the cursor of an empty page once more, which is no loop', async (t) => {
    const answer = (url: URL): JsonReply => {
      const offset = Number(url.searchParams.get('cursor')?.slice(1) ?? 0);
      const items = things(offset, Math.min(137, offset + 25));
      return { body: { items, next_cursor: `x${offset + items.length}` } };
    };
    const { summary, text } = await fetchJson(t, answer);
    const { name, end, reasons } = summary.verdict;
    assert.deepEqual([name, end], ['unverified', 'past-end'], reasons.join());
    assert.equal(lines(text), 137);
  });
});

test('a next URL with a space is a URL', async (t) => {
  const answer = (url: URL): JsonReply => {
    const offset = numberIn(url, 'o');
    const results = things(offset, Math.min(137, offset + 25));
    const next = offset + 25 < 137 ? `${url.origin}/things?o=${offset + 25}&q=a b` : null;
    return { body: { results, next } };
  };
  for (const path of ['/things', '/things?o=0']) {
    const { summary, text } = await fetchJson(t, answer, {}, path);
    assert.equal(summary.verdict.name, 'complete', summary.verdict.reasons.join());
    assert.equal(text?.trimEnd().split('\n').length, 137);
  }
});

test('verify judges by the number of records that the run expected', async (t) => {
  const answer = (url: URL): JsonReply => {
    const page = numberIn(url, 'page', 1);
    return { body: things(25 * (page - 1), Math.min(137, 25 * page)) };
  };
  const options = { expect: 137, concurrency: 4 };
  const { summary } = await fetchJson(t, answer, options, '/things?page=1');
  assert.equal(summary.verdict.name, 'complete', summary.verdict.reasons.join());
  const path = summary.archivePath!;
  assert.deepEqual((await verifyArchive(path)).verdict, summary.verdict);
  const other = await verifyArchive(path, { expect: 138 });
  assert.match(other.verdict.reasons.join(), /138 records were expected, 137 came/);
  const exported = await exportArchive(path, { output: `${path}.ndjson` });
  assert.equal(exported.verdict.name, 'complete');
});

suite('export without flags writes what the run wrote', () => {
  for (const [what, path, flags] of [
    ['a range with --records', '/items?limit=25&offset=[0-125:25]', ['--records']],
    ['a range with --select', '/items?limit=25&offset=[0-125:25]', ['--select', 'items[].id']],
    ['a range', '/items?limit=25&offset=[0-125:25]', []],
    ['--paginate none --records', '/items?limit=25', ['--paginate', 'none', '--records']],
  ] as const) {
    test(`of ${what}`, async (t) => {
      const { origin } = await startJsonServer(t, byOffset);
      const folder = temporaryFolder(t);
      const run = await runCliHere(folder, [`${origin}${path}`, '-o', 'a.ndjson', ...flags]);
      assert.equal(run.code, 0, run.stderr);
      await runCliHere(folder, ['export', 'a.ndjson.everypage', '-o', 'b.ndjson']);
      const [first, second] = ['a', 'b'].map((name) =>
        readFileSync(join(folder, `${name}.ndjson`), 'utf8'),
      );
      assert.equal(second, first);
      await runCliHere(folder, ['export', 'a.ndjson.everypage', '-o', 'c.ndjson', '--pages']);
      const whole = readFileSync(join(folder, 'c.ndjson'), 'utf8').split('\n').length - 1;
      assert.equal(whole, path.includes('[') ? 6 : 1);
    });
  }
});

test('whole pages do not overlap: --overlap is refused with --pages and by the iterator of pages', async (t) => {
  const { origin, seen } = await startJsonServer(t, byOffset);
  const url = `${origin}/items?limit=25&offset=0`;
  const folder = temporaryFolder(t);
  const words = [url, '--pages', '-o', 'a.ndjson'];
  const refused = await runCliHere(folder, [...words, '--overlap', '1']);
  assert.equal(refused.code, 2, refused.stderr);
  assert.match(refused.stderr, /leave out --overlap/);
  const iterated = pages(url, { paginate: { overlap: 1 } }).next();
  await assert.rejects(iterated, { code: 'USAGE', message: /leave out --overlap/ });
  assert.equal(seen.length, 0);

  const whole = await runCliHere(folder, [...words, '--overlap', '0']);
  assert.equal(whole.code, 0, whole.stderr);
  const records = readFileSync(join(folder, 'a.ndjson'), 'utf8')
    .trimEnd()
    .split('\n')
    .flatMap((line) => JSON.parse(line).items);
  assert.equal(records.length, 137);
});

suite('slices of a range', () => {
  const HOUR = 3_600_000;
  const START = Date.UTC(2024, 0, 1);
  const hours = things(0, 240).map(({ id }) => ({ id, at: START + id * HOUR }));
  /** Records by the hour, between two bounds; `isIn` says which of the bounds' own values are inside. */
  const bounded =
    (lower: string, upper: string, isIn: '[)' | '[]', say = (items: unknown[]): unknown => items) =>
    (url: URL): JsonReply => {
      const [from, to] = [lower, upper].map((name) => url.searchParams.get(name));
      const [least, most] = [from, to].map((text) => Date.parse(text ?? ''));
      const items = hours.filter(
        ({ at }) => !(at < least!) && !(isIn === '[]' ? at > most! : at >= most!),
      );
      return { body: { items: say(items), total: items.length } };
    };
  const ids = (text: string | null) =>
    (text ?? '')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line).id);
  const range = '2024-01-01..2024-01-10';

  for (const [lower, upper] of [
    ['since', 'until'],
    ['after', 'before'],
    ['start_date', 'end_date'],
    ['created[gt]', 'created[lte]'],
  ] as const) {
    for (const isIn of ['[)', '[]'] as const) {
      for (const step of ['1d', '2d']) {
        test(`lose no record between ${lower} and ${upper}, as in ${isIn}, by ${step}`, async (t) => {
          const paginate = { split: `${lower}=${range}/${step}` };
          const { summary, text } = await fetchJson(t, bounded(lower, upper, isIn), { paginate });
          const { verdict, archivePath } = summary;
          assert.equal(verdict.name, 'unverified', verdict.reasons.join());
          assert.deepEqual(
            ids(text),
            things(0, 240).map(({ id }) => id),
          );
          assert.match(verdict.evidence[0]!, /slices, each from where the one before ends/);
          assert.deepEqual((await verifyArchive(archivePath!)).verdict, verdict);
          const again = `${archivePath}.ndjson`;
          await exportArchive(archivePath!, { output: again });
          assert.equal(readFileSync(again, 'utf8'), text);
        });
      }
    }
  }

  test('are complete where the names tell, and never proven', async (t) => {
    const paginate = { split: `created[gte]=${range}/2d` };
    const answer = bounded('created[gte]', 'created[lt]', '[)');
    const { summary, text } = await fetchJson(t, answer, { paginate });
    assert.equal(summary.verdict.name, 'complete', summary.verdict.reasons.join());
    assert.equal(ids(text).length, 240);
    const proved = await fetchJson(t, answer, { paginate, prove: true });
    assert.equal(proved.summary.verdict.name, 'complete');
  });

  test('that the names call apart and that share records are unverified, unless --expect agrees', async (t) => {
    const paginate = { split: `created[gte]=${range}/2d` };
    const answer = bounded('created[gte]', 'created[lt]', '[]');
    const { summary, text } = await fetchJson(t, answer, { paginate });
    assert.equal(summary.verdict.name, 'unverified');
    assert.match(summary.verdict.reasons.join(), /neighbouring slices share 4 records/);
    assert.equal(ids(text).length, 240);
    const expected = await fetchJson(t, answer, { paginate, expect: 240 });
    assert.equal(expected.summary.verdict.name, 'complete');
  });

  test('that share records without a key are incomplete, and with --key @ they are left out', async (t) => {
    const bare = (items: unknown[]) => (items as typeof hours).map(({ at }) => ({ at }));
    const answer = bounded('since', 'until', '[]', bare);
    const paginate = { split: `since=${range}/2d` };
    const { summary } = await fetchJson(t, answer, { paginate });
    assert.equal(summary.verdict.name, 'incomplete');
    assert.match(
      summary.verdict.reasons.join(),
      /4 records stand in two neighbouring slices.*--key/,
    );
    const keyed = await fetchJson(t, answer, { paginate: { ...paginate, key: '@' } });
    assert.equal(keyed.summary.verdict.records?.written, 240);
    assert.equal(ids(keyed.text).length, 240);
  });

  test('of a server that ignores the bounds are incomplete', async (t) => {
    for (const [step, why] of [
      ['3d', /240 records came in more than two slices/],
      ['6d', /two neighbouring slices hold the same 240 records/],
    ] as const) {
      const paginate = { split: `created[gte]=${range}/${step}` };
      const { summary } = await fetchJson(t, bounded('x', 'y', '[]'), { paginate });
      assert.equal(summary.verdict.name, 'incomplete');
      assert.match(summary.verdict.reasons.join(), why);
    }
  });
});

suite('an empty page that nothing explains', () => {
  for (const page of [4, 7]) {
    test(`is asked for again, and its records count: page ${page} of 7`, async (t) => {
      let isEmpty = true;
      const answer = (url: URL): JsonReply => {
        const at = numberIn(url, 'page', 1);
        const hides = at === page && isEmpty;
        if (hides) isEmpty = false;
        return { body: { items: hides ? [] : things((at - 1) * 20, Math.min(137, at * 20)) } };
      };
      const { summary, text } = await fetchJson(t, answer, {}, '/items?page=1');
      assert.equal(text!.trimEnd().split('\n').length, 137);
      assert.equal(summary.verdict.name, 'unverified');
    });
  }
});

test('a list that is read from a later page on says so', async (t) => {
  const answer = (url: URL): JsonReply => {
    const at = numberIn(url, 'page', 1);
    return { body: { items: things((at - 1) * 20, Math.min(137, at * 20)), total: 137 } };
  };
  const { summary } = await fetchJson(t, answer, {}, '/items?page=4');
  assert.equal(summary.verdict.name, 'complete');
  const said = 'the list was read from page 4 on, where its URL begins';
  assert.ok(summary.verdict.evidence.includes(said), summary.verdict.evidence.join());
});

test('a page that comes again in mid-list is found without a key, though the total is right', async (t) => {
  const read = (others: (id: number) => object, options: RunOptions = {}) =>
    fetchJson(
      t,
      (url) => {
        const asked = numberIn(url, 'page', 1);
        // A cache that ignores the query now and then.
        const at = asked === 3 ? 2 : asked;
        const items = things((at - 1) * 20, Math.min(137, at * 20)).map(({ id }) => others(id));
        return { body: { items, total: 137 } };
      },
      options,
      '/items?page=1',
    );
  const { summary } = await read((id) => ({ name: `n${id}` }));
  assert.equal(summary.verdict.name, 'incomplete');
  assert.match(summary.verdict.reasons.join(), /^1 page holds the same records as an earlier page/);
  const expected = await read((id) => ({ name: `n${id}` }), { expect: 137 });
  assert.equal(expected.summary.verdict.name, 'complete');
  // Records of few values may be alike by chance.
  const alike = await read((id) => ({ open: id % 3 === 0 }));
  assert.doesNotMatch(alike.summary.verdict.reasons.join(), /as an earlier page/);
});
