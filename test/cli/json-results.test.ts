/** `--json` of every verb, held against the schemas in docs/schemas. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { suite, type TestContext, test } from 'node:test';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { temporaryFolder } from '../run/run-cli.ts';
import { runCliHere } from '../run/run-in-process.ts';
import { startPageServer } from '../servers/page-server.ts';

const SCHEMAS = join(import.meta.dirname, '../../docs/schemas');
process.env['NO_PROXY'] = 'localhost';

const ajv = new Ajv2020({ strict: true, strictTypes: false, allErrors: true });
for (const name of readdirSync(SCHEMAS)) {
  ajv.addSchema(JSON.parse(readFileSync(join(SCHEMAS, name), 'utf8')), name);
}

function mustFit(schema: string, text: string): unknown {
  const value: unknown = JSON.parse(text);
  const isValid = ajv.validate(schema, value);
  assert.ok(isValid, `${schema}: ${ajv.errorsText()}`);
  return value;
}

const server = await startPageServer({ protocol: 'http', bodyBytes: 300, pages: 9 });
test.after(() => server.close());

suite('--json', () => {
  const fetched = async (t: TestContext, pages: number) => {
    const folder = temporaryFolder(t);
    const args = [server.template(pages), '-o', 'a.ndjson', '--json'];
    return { folder, args, result: await runCliHere(folder, args) };
  };

  test('of a fetch is its summary, and that of export and verify fit too', async (t) => {
    const { folder, result } = await fetched(t, 5);
    assert.equal(result.code, 0, result.stderr);
    mustFit('summary.json', result.stdout);
    const archive = 'a.ndjson.everypage';
    const verified = await runCliHere(folder, ['verify', archive, '--json']);
    mustFit('verify.json', verified.stdout);
    const exported = await runCliHere(folder, ['export', archive, '-o', 'b.json', '--json']);
    const told = mustFit('export.json', exported.stdout) as { records: number };
    assert.equal(told.records, 5);
  });

  test('of verify --manifest fits, and so does the JSON in the manifest', async (t) => {
    const folder = temporaryFolder(t);
    const args = [server.template(5), '-o', 'a.ndjson', '-o', 'a.db', '--manifest', 'm.sha256'];
    const fetched = await runCliHere(folder, args);
    assert.equal(fetched.code, 0, fetched.stderr);
    const text = readFileSync(join(folder, 'm.sha256'), 'utf8');
    const json = text.split('\n').filter((line) => line.startsWith('#'));
    mustFit('manifest.json', json.map((line) => line.slice(1)).join('\n'));
    const verify = ['verify', '--manifest', 'm.sha256', '--json'];
    mustFit('verify-manifest.json', (await runCliHere(folder, verify)).stdout);
    rmSync(join(folder, 'a.ndjson'));
    rmSync(join(folder, 'a.ndjson.everypage'));
    const missing = await runCliHere(folder, verify);
    assert.equal(missing.code, 3, missing.stderr);
    mustFit('verify-manifest.json', missing.stdout);
  });

  test('fits where pages failed, and where the run stopped', async (t) => {
    const missing = await fetched(t, 11);
    assert.equal(missing.result.code, 3, missing.result.stderr);
    mustFit('summary.json', missing.result.stdout);
    const stopped = await runCliHere(missing.folder, [
      ...[server.template(9), '-o', 'b.ndjson', '--json', '--max-pages', '2'],
    ]);
    assert.equal(stopped.code, 5, stopped.stderr);
    mustFit('summary.json', stopped.stdout);
    const part = 'a.ndjson.everypage.part';
    mustFit('verify.json', (await runCliHere(missing.folder, ['verify', part, '--json'])).stdout);
  });

  test('of explain and presets fits', async (t) => {
    const folder = temporaryFolder(t);
    const url = `${server.origin}/pages/1`;
    const explained = await runCliHere(folder, ['explain', url, '--json']);
    assert.equal(explained.code, 0, explained.stderr);
    mustFit('explain.json', explained.stdout);
    mustFit('presets.json', (await runCliHere(folder, ['presets', '--json'])).stdout);
  });

  test('of archives fits', async (t) => {
    const folder = temporaryFolder(t);
    const stopped = await runCliHere(folder, [server.template(9), '--max-pages', '2']);
    assert.equal(stopped.code, 5, stopped.stderr);
    const { stdout } = await runCliHere(folder, ['archives', '--json']);
    const listed = mustFit('archives.json', stdout) as { stored: number }[];
    assert.ok(
      listed.some(({ stored }) => stored === 2),
      stdout,
    );
  });

  test('of the log fits, line by line, with retries, a pause, a limit and failures', async (t) => {
    const limit = {
      'ratelimit-limit': '100',
      'ratelimit-remaining': '50',
      'ratelimit-reset': '60',
    };
    const api = await startPageServer({
      protocol: 'http',
      pages: 5,
      faults: {
        1: [{ headers: limit }],
        2: [{ status: 503 }],
        3: [{ status: 429, headers: { 'retry-after': '1' } }],
      },
    });
    t.after(() => api.close());
    const args = [api.template(6), '-o', 'a.ndjson', '--log-format', 'json'];
    const { code, stderr } = await runCliHere(temporaryFolder(t), args);
    assert.equal(code, 3);
    const types = new Set(
      stderr
        .trim()
        .split('\n')
        .map((line) => (mustFit('log.json', line) as { type: string }).type),
    );
    for (const type of ['start', 'page', 'retry', 'pause', 'resume', 'phase', 'end']) {
      assert.ok(types.has(type), `${type} of ${[...types]}`);
    }
    const wrong = await runCliHere(temporaryFolder(t), ['--log-format', 'json', '--nonsense']);
    mustFit('log.json', wrong.stderr);
  });

  test('is refused where records go to standard output too', async (t) => {
    const { folder } = await fetched(t, 2);
    for (const args of [
      [server.template(2), '--json'],
      ['export', 'a.ndjson.everypage', '--json'],
    ]) {
      const { code, stdout, stderr } = await runCliHere(folder, args);
      assert.equal(code, 2, stderr);
      assert.equal(stdout, '');
      assert.match(stderr, /try: everypage .* -o items\.ndjson/);
    }
  });

  test('the schemas refuse what is no result', () => {
    assert.equal(ajv.validate('export.json', { destination: 'a' }), false);
    assert.equal(ajv.validate('summary.json', {}), false);
  });
});
