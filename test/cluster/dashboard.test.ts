import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request } from 'node:http';
import { test } from 'node:test';
import { Queue } from 'bullmq';
import { QUEUE_NAME, RUNS_KEY, runKeys } from '../../src/cluster/keys.ts';
import { startCluster } from './cluster-setup.ts';
import { WITHOUT_REDIS } from './redis-process.ts';

const skip = WITHOUT_REDIS ?? false;

interface Answer {
  readonly status: number;
  readonly body: string;
}

async function ask(
  url: URL,
  { method = 'GET', host = url.host }: { readonly method?: string; readonly host?: string } = {},
): Promise<Answer> {
  const asking = request(url, { method, headers: { host }, agent: false }).end();
  const [response] = await once(asking, 'response');
  response.setEncoding('utf8');
  let body = '';
  for await (const text of response) body += text;
  return { status: response.statusCode, body };
}

test('the dashboard shows the runs to whoever has its address, and changes nothing', {
  skip,
}, async (t) => {
  const cluster = await startCluster(t);
  const coordinator = cluster.coordinate(400, ['--no-work']);
  await coordinator.untilSaid((said) => /other machines help with/.test(said));
  const [id] = await cluster.asked.smembers(RUNS_KEY);
  const queue = new Queue(QUEUE_NAME, { connection: cluster.asked, prefix: runKeys(id!).prefix });
  await queue.add('c', { from: 0, to: 50 });
  const dashboard = cluster.dashboard();
  const [printed] = await once(dashboard.child.stdout!, 'data');
  const url = new URL(String(printed).trim());
  assert.equal(url.hostname, '127.0.0.1');

  const page = await ask(url);
  assert.equal(page.status, 200);
  assert.match(page.body, /<title>everypage<\/title>/);
  const script = /<script[^>]* src="([^"]+\.js)"/.exec(page.body)?.[1];
  assert.ok(script !== undefined);
  const base = /<base href="([^"]+)"/.exec(page.body)?.[1] ?? '';
  const file = await ask(new URL(script, new URL(base, url)));
  assert.equal(file.status, 200);

  const queues = await ask(new URL('api/queues', url));
  assert.equal(queues.status, 200);
  const { queues: shown } = JSON.parse(queues.body);
  assert.equal(shown.length, 1);
  assert.equal(shown[0].readOnlyMode, true);
  assert.equal(shown[0].counts.waiting, 1);

  const name = encodeURIComponent(shown[0].name);
  const emptied = await ask(new URL(`api/queues/${name}/empty`, url), { method: 'PUT' });
  assert.equal(emptied.status, 405);
  const again = await ask(new URL('api/queues', url));
  assert.equal(JSON.parse(again.body).queues[0].counts.waiting, 1);

  assert.equal((await ask(new URL('/', url))).status, 404);
  assert.equal((await ask(new URL('/api/queues', url))).status, 404);
  assert.equal((await ask(new URL(`/${'x'.repeat(32)}/`, url))).status, 404);
  const rebound = await ask(url, { host: `attacker.example:${url.port}` });
  assert.equal(rebound.status, 421);
  assert.ok(!rebound.body.includes(url.pathname.slice(1, -1)));

  dashboard.child.kill('SIGINT');
  assert.equal((await dashboard.ended).code, 0);
  const elsewhere = await cluster.ask(['dashboard', '--listen', '0.0.0.0:0']);
  assert.equal(elsewhere.code, 2);
  assert.match(elsewhere.stderr, /listens on 127\.0\.0\.1 only/);
});
