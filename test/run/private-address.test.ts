/** Links and redirects that lead to private addresses, from the command line and the library, over a made-up network. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite, type TestContext, test } from 'node:test';
import { explainOver } from '../../src/api/explain.ts';
import { runOver } from '../../src/api/run.ts';
import { createTransport, type TransportInternals } from '../../src/http/create-transport.ts';
import type { TransportOptions } from '../../src/http/transport.ts';
import { type MadeUpNetwork, METADATA, makeUpNetwork, PUBLIC } from '../servers/made-up-network.ts';
import { type JsonReply, type JsonServer, startJsonServer } from './pagination-setup.ts';
import { temporaryFolder } from './run-cli.ts';
import { runInProcess } from './run-in-process.ts';

// Names are resolved here, whatever proxy the environment of the tests has.
process.env['NO_PROXY'] = '*';

const over = (network: TransportInternals) => (options: TransportOptions) =>
  createTransport(options, network);

interface World {
  readonly server: JsonServer;
  readonly start: string;
  readonly inside: string;
  readonly output: string;
  readonly network: MadeUpNetwork;
}

/** Three pages; `handOn` says where the second and third stand. */
async function makeWorld(
  t: TestContext,
  names: Readonly<Record<string, readonly string[]>>,
  handOn: (n: number, inside: string) => string | JsonReply,
): Promise<World> {
  const server = await startJsonServer(t, (url) => {
    const n = Number(url.searchParams.get('page') ?? 1);
    const next = n < 3 ? handOn(n + 1, `http://inside.example:${url.port}`) : null;
    if (next !== null && typeof next !== 'string') return next;
    return { headers: { connection: 'close' }, body: { items: [{ id: n }], next } };
  });
  const { port } = new URL(server.origin);
  return {
    server,
    start: `http://api.example:${port}/items`,
    inside: `http://inside.example:${port}`,
    output: join(temporaryFolder(t), 'items.ndjson'),
    network: makeUpNetwork(names),
  };
}

const NAMES = { 'api.example': [PUBLIC], 'inside.example': [METADATA] };

suite('a public start', { concurrency: 4 }, () => {
  for (const [what, handOn] of [
    ['next link', (n: number, inside: string) => `${inside}/items?page=${n}`],
    [
      'redirect',
      (n: number, inside: string) => ({
        status: 307,
        headers: { location: `${inside}/items?page=${n}` },
      }),
    ],
  ] as const) {
    test(`whose ${what} leads to a private address stops the run, and the flag is named`, async (t) => {
      const { server, start, inside, output, network } = await makeWorld(t, NAMES, handOn);
      const args = [start, '-o', output, '--allow-origin', inside, '--paginate', 'next'];
      const stopped = await runInProcess(args, { network });
      assert.equal(stopped.code, 1, stopped.stderr);
      assert.match(stopped.stderr, /Stopped for safety: inside\.example resolves to 127\.0\.0\.2/);
      assert.match(stopped.stderr, /--allow-address 127\.0\.0\.2\./);
      assert.ok(!existsSync(output));
      assert.ok(server.seen.every(({ headers }) => headers.host?.startsWith('api.example')));
      // With the flag it goes there, where nobody listens: what stopped it was the guard.
      const allowed = [...args, '--fresh', '--allow-address', METADATA, '--retry', '0'];
      const gone = await runInProcess(allowed, { network });
      assert.equal(gone.code, 3, gone.stderr);
      assert.match(gone.stderr, /inside\.example:\d+ cannot be reached \(ECONNREFUSED\)/);
    });
  }

  test('whose next link names an address is told that it is one of the own network', async (t) => {
    const { start, output, network } = await makeWorld(t, NAMES, () => 'http://169.254.169.254/');
    const args = [start, '-o', output, '--paginate', 'next'];
    const { code, stderr } = await runInProcess(args, { network });
    assert.equal(code, 1, stderr);
    assert.match(stderr, /another origin, http:\/\/169\.254\.169\.254, in your own network\./);
    assert.match(stderr, /--allow-origin http:\/\/169\.254\.169\.254/);
  });

  test('whose own name resolves to a private address later stops the run (DNS rebinding)', async (t) => {
    const names = { 'api.example': [PUBLIC, PUBLIC, METADATA] };
    const { server, start, output, network } = await makeWorld(
      t,
      names,
      (n) => `${new URL(start).origin}/items?page=${n}`,
    );
    const summary = await runOver(over(network), [{ kind: 'literal', text: start }], { output });
    assert.equal(summary.stop?.kind, 'safety');
    assert.ok(summary.stop.code === 'PRIVATE_ADDRESS');
    assert.match(summary.stop.message, /api\.example now resolves to 127\.0\.0\.2/);
    assert.equal(server.seen.length, 2);
    assert.ok(!existsSync(output));
    // The same command goes on once the name is in order again.
    const healed = makeUpNetwork({ 'api.example': [PUBLIC] });
    const again = await runOver(over(healed), [{ kind: 'literal', text: start }], { output });
    assert.equal(again.verdict.failed, 0);
    assert.equal(readFileSync(output, 'utf8').trim().split('\n').length, 3);
  });

  test('is refused in the first redirect too, by explain as by a run', async (t) => {
    const { start, inside, network } = await makeWorld(t, NAMES, (_n, origin) => ({
      status: 302,
      headers: { location: `${origin}/items` },
    }));
    await assert.rejects(explainOver(over(network), start, { allowOrigins: [inside] }), {
      code: 'PRIVATE_ADDRESS',
      message: /inside\.example resolves to 127\.0\.0\.2.*--allow-address 127\.0\.0\.2/,
    });
  });
});

test('a start within the network goes on within it', async (t) => {
  // Every resolution says that it is not public, as an intranet's does.
  const { server, start, inside, output } = await makeWorld(
    t,
    NAMES,
    (n, origin) => `${origin}/items?page=${n}`,
  );
  const names = { 'api.example': [PUBLIC], 'inside.example': [PUBLIC] };
  const network = { ...makeUpNetwork(names), kindOf: () => 'private' as const };
  const options = { output, allowOrigins: [inside] };
  const summary = await runOver(over(network), [{ kind: 'literal', text: start }], options);
  assert.equal(summary.stop, null);
  assert.equal(readFileSync(output, 'utf8').trim().split('\n').length, 3);
  assert.ok(server.seen.some(({ headers }) => headers.host?.startsWith('inside.example')));
});

test('a next link to another origin stops with its own code, not that of certificates', async (t) => {
  const { start, output, network } = await makeWorld(
    t,
    NAMES,
    (n, inside) => `${inside}/items?page=${n}`,
  );
  const { stop } = await runOver(over(network), [{ kind: 'literal', text: start }], { output });
  assert.ok(stop?.kind === 'safety');
  assert.equal(stop.code, 'OTHER_ORIGIN');
});

test('an --allow-address that is none is refused before anything is asked for', async () => {
  for (const text of ['intranet', '10.0.0.0/33', 'fd00::/129', '10.0.0.5:80', '']) {
    const { code, stderr } = await runInProcess(['http://a.example/', `--allow-address=${text}`]);
    assert.equal(code, 2, stderr);
    assert.match(
      stderr,
      /expected an address such as 10\.0\.0\.5, or a block such as 10\.0\.0\.0\/8/,
    );
  }
});
