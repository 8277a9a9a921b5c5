/** `-o sink:./my-sink.ts`: records go to a module of the user's, in runs and exports. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite, type TestContext, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { exportArchive, run } from '../../src/index.ts';
import { startPageServer } from '../servers/page-server.ts';
import { runCli, startCli, temporaryFolder } from './run-cli.ts';
import { runCliHere } from './run-in-process.ts';

process.env['NO_PROXY'] = 'localhost';
const PAGES = 30;
const server = await startPageServer({ protocol: 'http', bodyBytes: 2000, pages: PAGES });
test.after(() => server.close());

/** Writes down each call, and stages its records as a sink of a database would. */
const GOOD = `
import { appendFileSync, renameSync } from 'node:fs';
interface Options { readonly log: string }
const said = (text: string): void => appendFileSync('calls.txt', text + '\\n');
export default async ({ options, runId, key }: { options: Options; runId: string; key: string | null }) => {
  said(['open', options.log, runId.length, key].join(' '));
  return {
    async write(records: readonly { text(): string; page: { url: string; place: { position: number } } }[]) {
      said('write ' + records.length);
      for (const { page, text } of records) {
        appendFileSync('staged.txt', text() + '\\n');
        if (!page.url.endsWith('/' + (page.place.position + 1))) throw new Error(page.url);
      }
    },
    async commit() {
      said('commit');
      renameSync('staged.txt', 'got.ndjson');
    },
    abort(reason: unknown) {
      said('abort ' + String(reason).split('\\n')[0]);
    },
  };
};
`;

function setUp(t: TestContext, source: string, name = 'my-sink.ts') {
  const folder = temporaryFolder(t);
  writeFileSync(join(folder, name), source);
  const read = (file: string) => readFileSync(join(folder, file), 'utf8');
  return { folder, read, has: (file: string) => existsSync(join(folder, file)) };
}

const to = (sink = 'sink:./my-sink.ts', ...more: string[]) => [
  ...[server.template(PAGES), '-o', sink, '--archive', 'a.everypage', ...more],
];

suite('a sink', () => {
  test('gets every record in page order, then commit, beside other outputs', async (t) => {
    const { folder, read } = setUp(t, GOOD);
    const sink = 'sink:./my-sink.ts?log=calls%20of%20it';
    const args = to(sink, '-o', 'b.ndjson', '-o', 'c.csv', '--manifest', 'm.sha256');
    const { code, stderr } = await runCliHere(folder, args);
    assert.equal(code, 0, stderr);
    assert.match(stderr, /30 .* → sink:\.\/my-sink\.ts \(/);
    assert.equal(read('got.ndjson'), read('b.ndjson'));
    assert.equal(read('calls.txt'), 'open calls of it 32 \nwrite 30\ncommit\n');
    assert.ok(existsSync(join(folder, 'a.everypage')));
    assert.match(read('m.sha256'), /"destination": "sink:\.\/my-sink\.ts"/);
    const verified = await runCliHere(folder, ['verify', '--manifest', 'm.sha256']);
    assert.equal(verified.code, 0, verified.stderr);
    assert.match(
      verified.stderr,
      /my-sink\.ts: not checked: a sink has no SHA-256; it got 30 records/,
    );
    assert.doesNotMatch(read('m.sha256'), /calls of it|calls%20/);
  });

  test('gets the same from an archive, with the same run id', async (t) => {
    const ids = `import { appendFileSync } from 'node:fs';
      export default ({ runId }) => ({
        write: (records) => appendFileSync('ids.txt', runId + ' ' + records.length + '\\n'),
      });`;
    const { folder, read } = setUp(t, ids, 'ids.mjs');
    assert.equal((await runCliHere(folder, to('sink:ids.mjs'))).code, 0);
    const exported = ['export', 'a.everypage', '-o', 'x.ndjson', '-o', 'sink:./ids.mjs'];
    const { code, stderr } = await runCliHere(folder, exported);
    assert.equal(code, 0, stderr);
    const [first, second] = read('ids.txt').trim().split('\n');
    assert.equal(first, second);
    assert.match(first!, /^[0-9a-f]{32} 30$/);
  });

  test('gets batches, whose records it may keep, of 1,000 records at most', async (t) => {
    const list = Array.from({ length: 2500 }, (_, id) => `{"id":90071992547409${id}, "x":1.0}`);
    const keep = `const kept = [];
      export default () => ({
        write(records) { if (records.length > 1000) throw new Error('too many'); kept.push(...records); },
        commit() {
          globalThis.kept = kept.map((record) => [record.text(), record.json().x, record.bytes.length]);
        },
      });`;
    const { folder } = setUp(t, keep, 'keep.mjs');
    const pages = await startPageServer({
      protocol: 'http',
      respond: () => ({ body: `{"data":[${list.join(', ')}]}` }),
    });
    t.after(() => pages.close());
    const archive = join(folder, 'a.everypage');
    await run(pages.template(2), { archive, select: 'data' });
    const { outputs } = await exportArchive(archive, {
      output: `sink:${join(folder, 'keep.mjs')}`,
    });
    const kept = (globalThis as { kept?: unknown[][] }).kept!;
    assert.equal(kept.length, 5000);
    assert.equal(outputs[0]!.records, 5000);
    kept.forEach(([text, x, bytes], index) => {
      const expected = list[index % 2500]!.replace(' ', '');
      assert.deepEqual([text, x, bytes], [expected, 1, expected.length]);
    });
  });

  test('that has no commit and no abort is enough, and no record makes no write', async (t) => {
    const { folder } = setUp(t, 'module.exports = () => ({ write() {} });', 'least.cjs');
    assert.equal((await runCliHere(folder, to('sink:least.cjs'))).code, 0);
    const never = 'export default () => ({ write() { throw new Error("called"); } });';
    writeFileSync(join(folder, 'never.mjs'), never);
    const empty = ['export', 'a.everypage', '-o', 'sink:./never.mjs', '--select', '`[]`'];
    const { code, stderr } = await runCliHere(folder, empty);
    assert.equal(code, 0, stderr);
  });

  test('may wait at the top of its module, and fail there before any request', async (t) => {
    const waits = 'await new Promise(setImmediate); export default () => ({ write() {} });';
    const { folder } = setUp(t, waits, 'waits.ts');
    const waited = await runCliHere(folder, to('sink:./waits.ts'));
    assert.equal(waited.code, 0, waited.stderr);
    const asked = server.counts().total;
    writeFileSync(join(folder, 'no-token.ts'), 'throw new Error("set TOKEN\\nfirst");');
    const { code, stderr } = await runCliHere(folder, to('sink:./no-token.ts', '--fresh'));
    assert.equal(code, 2, stderr);
    assert.equal(stderr, 'everypage: sink:./no-token.ts cannot be loaded: Error: set TOKEN\n');
    assert.equal(server.counts().total, asked);
    assert.deepEqual(
      readdirSync(folder).filter((name) => name.endsWith('.part')),
      [],
    );
  });

  test('is not opened where the run is not whole', async (t) => {
    const { folder, has } = setUp(t, GOOD);
    const args = [server.template(PAGES + 1), '-o', 'sink:./my-sink.ts', '--retry', '0'];
    const missing = await runCliHere(folder, args);
    assert.equal(missing.code, 3, missing.stderr);
    assert.ok(!has('calls.txt'));
    assert.match(missing.stderr, /sink:\.\/my-sink\.ts was not written/);
    const taken = await runCliHere(folder, [...args, '--allow-incomplete']);
    assert.equal(taken.code, 0, taken.stderr);
    assert.ok(has('got.ndjson'));
  });
});

suite('a sink that fails', () => {
  const failing = (where: 'open' | 'write' | 'commit', how: string) => `
    import { appendFileSync } from 'node:fs';
    const fail = (where) => { if (where === '${where}') { ${how} } };
    export default () => {
      fail('open');
      return {
        write() { fail('write'); },
        commit() { fail('commit'); },
        abort(reason) { appendFileSync('calls.txt', 'abort ' + reason.code + '\\n'); },
      };
    };`;

  for (const [where, called] of [
    ['open', 'its function'],
    ['write', 'write'],
    ['commit', 'commit'],
  ] as const) {
    test(`in ${where} ends the run with one line, and no other output is written`, async (t) => {
      const { folder, read, has } = setUp(
        t,
        failing(where, 'throw new TypeError("no\\u001b[2J such table\\n  at x");'),
        'bad.mjs',
      );
      writeFileSync(join(folder, 'b.ndjson'), 'older');
      const args = to('sink:./bad.mjs', '-o', 'b.ndjson', '-o', 'c.db');
      const { code, stderr } = await runCliHere(folder, [...args, '-q']);
      assert.equal(code, 1, stderr);
      assert.match(
        stderr,
        new RegExp(
          `^everypage: sink:\\./bad\\.mjs failed in ${called}: TypeError: no.*such table\\. The pages are kept in the archive: run the same command again and nothing is fetched twice\\.\\n$`,
        ),
      );
      assert.ok(!stderr.includes('\u001b'));
      assert.equal(read('b.ndjson'), 'older');
      assert.ok(!has('c.db'));
      if (where !== 'open') assert.equal(read('calls.txt'), 'abort OUTPUT_WRITE\n');
      writeFileSync(join(folder, 'bad.mjs'), 'export default () => ({ write() {} });');
      const asked = server.counts().total;
      const again = await runCliHere(folder, args);
      assert.equal(again.code, 0, again.stderr);
      assert.equal(server.counts().total, asked);
      assert.ok(has('c.db'));
      assert.deepEqual(
        readdirSync(folder).filter((name) => name.endsWith('.tmp')),
        [],
      );
    });

    test(`in ${where} of an export leaves the other outputs as they were`, async (t) => {
      const { folder, read, has } = setUp(t, failing(where, 'throw "just text";'), 'bad.mjs');
      await run(server.template(3), { archive: join(folder, 'a.everypage') });
      writeFileSync(join(folder, 'b.ndjson'), 'older');
      const { code, stderr } = await runCliHere(folder, [
        ...['export', 'a.everypage', '-o', 'b.ndjson', '-o', 'sink:./bad.mjs', '-o', 'c.db'],
      ]);
      assert.equal(code, 1, stderr);
      assert.match(stderr, /^everypage: sink:\.\/bad\.mjs failed in .*: just text\. .*\n$/);
      assert.equal(read('b.ndjson'), 'older');
      assert.ok(!has('c.db'));
    });
  }

  test('where nobody waits for it is named too', async (t) => {
    const stray = `export default () => ({
      write: () => new Promise(() => { setImmediate(() => { throw new Error('from a timer'); }); }),
    });`;
    const { folder } = setUp(t, stray, 'stray.mjs');
    const { code, stderr } = await runCli(folder, [...to('sink:./stray.mjs'), '-q']);
    assert.equal(code, 1, stderr);
    assert.match(
      stderr,
      /^everypage: sink:\.\/stray\.mjs failed in write: Error: from a timer\. .*\n$/,
    );
    // In a process of its own: there the export shares its thread with the sink.
    const exported = await startCli(folder, [
      ...['export', 'a.everypage.part', '-o', 'sink:./stray.mjs', '-o', 'b.ndjson'],
    ]).ended;
    assert.equal(exported.code, 1, exported.stderr);
    assert.equal(exported.stderr, stderr);
    assert.deepEqual(
      readdirSync(folder).filter((name) => name.startsWith('b.ndjson')),
      [],
    );
  });

  test('that ends the process has failed, in a run, an export and after two readings', async (t) => {
    const { folder } = setUp(
      t,
      'export default () => ({ write() { process.exit(0); } });',
      'x.mjs',
    );
    const said =
      /^everypage: sink:\.\/x\.mjs failed in write: Error: it called process\.exit\(0\)\. .*\n$/;
    const run = await runCli(folder, [...to('sink:./x.mjs'), '-q']);
    const exported = await runCli(folder, ['export', 'a.everypage.part', '-o', 'sink:./x.mjs']);
    // The export of --prove is made where the command runs.
    const late = `export default () => ({
      async write() { setTimeout(() => { throw new Error('from a timer'); }, 1); },
      commit: () => new Promise((resolve) => { setTimeout(resolve, 100); }),
    });`;
    writeFileSync(join(folder, 'late.mjs'), late);
    const proved = await runCli(folder, [...to('sink:./late.mjs', '--prove'), '-q', '--fresh']);
    assert.deepEqual([run.code, exported.code, proved.code], [1, 1, 1]);
    assert.match(run.stderr, said);
    assert.match(exported.stderr, said);
    assert.match(proved.stderr, /late\.mjs failed in commit: Error: from a timer/);
  });

  test('to be a sink is refused before any request, in one line', async (t) => {
    const { folder } = setUp(t, GOOD);
    const files = {
      'nothing.ts': '',
      'object.mjs': 'export default { write() {} };',
      'broken.ts': 'export default (: => 1',
      'lacks.mjs': "import 'a-package-that-is-not-there';",
    };
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
    const asked = server.counts().total;
    for (const [args, why] of [
      [to('sink:nothing.ts'), /sink:nothing\.ts has no default export that is a function/],
      [to('sink:object.mjs'), /sink:object\.mjs has no default export that is a function/],
      [to('sink:broken.ts'), /sink:broken\.ts cannot be loaded: .*Expression expected|SyntaxError/],
      [
        to('sink:lacks.mjs'),
        /cannot be loaded: Error: Cannot find package 'a-package-that-is-not-there'/,
      ],
      [to('sink:gone.ts'), /sink:gone\.ts: it does not exist/],
      [to('sink:.'), /sink:\. is no module; its name ends in \.ts/],
      [to('sink:'), /sink: names no module; write sink:\.\/my-sink\.ts/],
      [
        to('sink:./my-sink.ts', '-f', 'csv'),
        /a sink takes records, which have no format; leave out -f csv/,
      ],
      [
        to('sink:./my-sink.ts', '-o', 'my-sink.ts', '-f', 'json'),
        /the module of a sink and the output are the same file/,
      ],
      [to('sink:./my-sink.ts', '--table', 'a'), /--table and --if-exists are for databases/],
      [[server.template(2), '-o', 'my-sink.ts'], /my-sink\.ts ends in \.ts, which is not known/],
    ] as const) {
      const { code, stderr } = await runCliHere(folder, args);
      assert.equal(code, 2, stderr);
      assert.match(stderr, why);
      assert.equal(stderr.trimEnd().split('\n').length, 1, stderr);
    }
    assert.equal(server.counts().total, asked);
    const gives = 'export default () => ({ send() {} });';
    writeFileSync(join(folder, 'gives.mjs'), gives);
    const { code, stderr } = await runCliHere(folder, [...to('sink:gives.mjs'), '-q']);
    assert.equal(code, 1, stderr);
    assert.match(stderr, /failed in its function: it gave no object with a method write/);
  });
});

suite('a sink that never answers', () => {
  for (const where of ['open', 'write', 'commit']) {
    test(`in ${where} is left after a signal; it may abort, and the same command resumes`, async (t) => {
      const stuck = `
        import { appendFileSync, writeFileSync } from 'node:fs';
        const stop = (where) => {
          if (where !== '${where}') return;
          writeFileSync('stuck', '');
          process.stderr.write('stuck\\n');
          return new Promise(() => {});
        };
        export default async ({ signal }) => {
          signal.addEventListener('abort', () => appendFileSync('calls.txt', 'signal\\n'));
          await stop('open');
          return {
            write: () => stop('write'),
            commit: () => stop('commit'),
            abort: () => appendFileSync('calls.txt', 'abort\\n'),
          };
        };`;
      const { folder, read, has } = setUp(t, stuck, 'stuck.mjs');
      const args = to('sink:./stuck.mjs', '-o', 'b.ndjson');
      const { child, ended, untilSaid } = startCli(folder, args);
      await untilSaid((stderr) => stderr.includes('stuck\n'));
      child.kill('SIGINT');
      const { code, stderr } = await ended;
      assert.equal(code, 130, stderr);
      assert.match(
        stderr,
        /sink:\.\/stuck\.mjs and b\.ndjson were not written: the reader took too long/,
      );
      assert.equal(read('calls.txt'), where === 'open' ? 'signal\n' : 'signal\nabort\n');
      assert.ok(!has('b.ndjson'));
      const asked = server.counts().total;
      writeFileSync(join(folder, 'stuck.mjs'), 'export default () => ({ write() {} });');
      const again = await runCliHere(folder, args);
      assert.equal(again.code, 0, again.stderr);
      assert.equal(server.counts().total, asked);
      assert.ok(has('b.ndjson') && has('a.everypage'));
    });
  }
});

suite('a sink of an export that never answers', () => {
  const never = 'await new Promise(() => {});';
  const said = "console.error('stuck');";
  for (const [where, source] of [
    ['the module', `${said} ${never} export default () => ({ write() {} });`],
    ['open', `export default async () => { ${said} ${never} };`],
    ['write', `export default () => ({ async write() { ${said} ${never} } });`],
    ['commit', `export default () => ({ write() {}, async commit() { ${said} ${never} } });`],
  ] as const) {
    test(`in ${where} is waited for until a signal, and the export does not end well`, async (t) => {
      const { folder, has } = setUp(t, source, 'stuck.mjs');
      assert.equal((await runCliHere(folder, to('a.ndjson'))).code, 0);
      const args = ['export', 'a.everypage', '-o', 'sink:./stuck.mjs', '-o', 'b.ndjson'];
      const { child, ended, untilSaid } = startCli(folder, args);
      await untilSaid((stderr) => stderr.includes('stuck\n'));
      // Time in which a process that nothing holds would have ended.
      const first = await Promise.race([ended, wait(300)]);
      assert.equal(first, undefined);
      child.kill('SIGINT');
      const { code, signal } = await ended;
      assert.ok(signal === 'SIGINT' || code === 130, `${code} ${signal}`);
      assert.ok(!has('b.ndjson'));
    });
  }
});

test('a credential in the options of a sink is shown by no command and no result', async (t) => {
  const { folder, read } = setUp(t, 'export default () => ({ write() {} });');
  const sink = 'sink:./my-sink.ts?token=canary-1&topic=items';
  const args = [server.template(9), '-o', sink, '--max-pages', '2'];
  const { code, stderr } = await runCliHere(folder, [...args, '--summary', 'summary.json']);
  assert.equal(code, 5, stderr);
  assert.match(stderr, /-o 'sink:\.\/my-sink\.ts\?token=REDACTED&topic=items'/);
  const whole = await runCliHere(folder, [
    ...args.slice(0, 3),
    '--summary',
    'summary.json',
    '--archive',
    'b.everypage',
  ]);
  assert.equal(whole.code, 0, whole.stderr);
  for (const text of [stderr, whole.stderr, read('summary.json')])
    assert.doesNotMatch(text, /canary/);
});
