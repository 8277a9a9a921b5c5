import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { get } from 'node:http';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { runCli, startCli, temporaryFolder } from '../run/run-cli.ts';
import { type PageServerOptions, startPageServer } from '../servers/page-server.ts';

async function startApi(t: TestContext, options: PageServerOptions) {
  const server = await startPageServer({ protocol: 'http', ...options });
  t.after(() => server.close());
  return server;
}

/** Each sample of the text format by its name and labels. */
function samplesOf(text: string): Map<string, number> {
  const samples = new Map<string, number>();
  for (const line of text.split('\n')) {
    if (line === '' || line.startsWith('#')) continue;
    const [, name, value] = /^([a-z_]+(?:\{[^}]*\})?) (\S+)$/.exec(line) ?? [];
    assert.ok(name !== undefined, line);
    assert.ok(!samples.has(name), `${name} stands there twice`);
    samples.set(name, Number(value));
  }
  return samples;
}

/** `fetch` does not let a Host be chosen. */
async function statusBy(host: string, url: string): Promise<number> {
  const request = get(url, { headers: { host } });
  const [response] = await once(request, 'response');
  response.resume();
  return response.statusCode;
}

test('--metrics serves what a run has done so far, while it is paused', async (t) => {
  const faults = {
    2: [{ status: 503 }],
    5: [{ status: 429, headers: { 'retry-after': '600' } }],
  };
  const server = await startApi(t, { faults });
  const command = startCli(temporaryFolder(t), [
    ...[server.template(5), '-o', 'a.ndjson', '--metrics', '0', '-c', '1', '-vv'],
  ]);
  t.after(() => command.child.kill('SIGKILL'));
  let said = '';
  await command.untilSaid((stderr) => {
    said = stderr;
    return /pause of/.test(stderr);
  });
  const [, url] = /metrics: (\S+)/.exec(said) ?? [];
  // Page 2 is asked for again before or after page 5 is refused.
  let samples = new Map<string, number>();
  let stored = 0;
  while (stored < 3) {
    const response = await fetch(url!);
    assert.match(response.headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/);
    samples = samplesOf(await response.text());
    stored = samples.get('everypage_pages_total{state="stored"}')!;
  }
  assert.equal(samples.get('everypage_planned_pages'), 5);
  assert.equal(samples.get('everypage_retries_total{code="HTTP_503"}'), 1);
  assert.equal(samples.get('everypage_pauses_total{cause="limit"}'), 1);
  assert.equal(samples.get('everypage_request_duration_seconds_count'), stored + 1);
  assert.equal(samples.get('everypage_request_duration_seconds_bucket{le="+Inf"}'), stored + 1);
  const until = samples.get(`everypage_paused_until_timestamp_seconds{limiter="${server.origin}"}`);
  assert.ok(until! > Date.now() / 1000);
  assert.equal((await fetch(new URL('/', url))).status, 404);
  // A name of the web that was made to mean 127.0.0.1 (DNS rebinding).
  assert.equal(await statusBy('rebound.example:80', url!), 421);
  assert.equal(await statusBy('localhost:80', url!), 200);
  command.child.kill('SIGINT');
  assert.equal((await command.ended).code, 130);
});

test('a port of --metrics that is taken ends the command before any request', async (t) => {
  const server = await startApi(t, {});
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  t.after(() => taken.close());
  const { port } = taken.address() as { port: number };
  const { code, stderr } = await runCli(temporaryFolder(t), [
    ...[server.template(2), '-o', 'a.ndjson', '--metrics', String(port)],
  ]);
  assert.equal(code, 2);
  assert.match(stderr, /^everypage: --metrics: .*EADDRINUSE.*\n$/);
  assert.equal(server.counts().total, 0);
});

test('a job of GitHub Actions gets a summary and an annotation for each missing page', async (t) => {
  const folder = temporaryFolder(t);
  const hostile =
    '<img src=x> | `a` [b](http://evil.example) @someone ::error::x\r\n::stop-commands::y';
  const server = await startApi(t, {
    faults: { 2: [{ status: 404, body: JSON.stringify({ error: hostile }) }] },
  });
  const path = join(folder, 'summary.md');
  const env = { GITHUB_STEP_SUMMARY: path, GITHUB_ACTIONS: 'true' };
  const failed = await runCli(folder, [server.template(3), '-o', 'a.ndjson'], { env });
  assert.equal(failed.code, 3);
  const commands = failed.stderr.split('\n').filter((line) => line.startsWith('::'));
  assert.equal(commands.length, 1, failed.stderr);
  assert.match(commands[0]!, /^::error title=everypage%2C missing page::http.*\/pages\/2: 404/);
  const first = readFileSync(path, 'utf8');
  assert.match(first, /^### ❌ 2 of 3 pages are OK; 1 is missing\.$/m);
  assert.match(first, /^\| Pages \| 2 stored, 1 failed \|$/m);
  assert.doesNotMatch(first, /<img|\]\(http|@someone|`a`/);

  const whole = await runCli(folder, [server.template(1), '-o', 'b.ndjson'], { env });
  assert.equal(whole.code, 0);
  assert.doesNotMatch(whole.stderr, /^::/m);
  const both = readFileSync(path, 'utf8');
  assert.ok(both.startsWith(first));
  assert.match(both.slice(first.length), /^### ✅ The page is OK/);
  assert.match(both, /\| Output \| <code>b\.ndjson<\/code>: 1 record, /);
});

test('a summary that cannot be written changes nothing of the run', async (t) => {
  const folder = temporaryFolder(t);
  const server = await startApi(t, {});
  const env = { GITHUB_STEP_SUMMARY: join(folder, 'none', 'summary.md') };
  const { code, stderr } = await runCli(folder, [server.template(1), '-o', 'a.ndjson'], { env });
  assert.equal(code, 0);
  assert.match(stderr, /GITHUB_STEP_SUMMARY, .*summary\.md: /);
  assert.ok(existsSync(join(folder, 'a.ndjson')));
});
