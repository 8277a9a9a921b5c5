import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { Agent, get as getPlain } from 'node:http';
import { type ClientHttp2Session, connect, constants } from 'node:http2';
import { get as getSecure } from 'node:https';
import { createInterface } from 'node:readline';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { pageBody, pageLine, pageRecords } from './page-body.ts';
import { type PageServer, type PageServerOptions, startPageServer } from './page-server.ts';

interface Answer {
  readonly status: number;
  readonly body: Buffer;
  readonly rstCode: number;
}

async function fetchPath(session: ClientHttp2Session, path: string): Promise<Answer> {
  const stream = session.request({ ':path': path });
  let status = 0;
  const chunks: Buffer[] = [];
  stream.on('response', (headers) => {
    status = Number(headers[':status']);
  });
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  stream.on('error', () => {});
  await new Promise((resolve) => stream.once('close', resolve));
  return { status, body: Buffer.concat(chunks), rstCode: stream.rstCode ?? 0 };
}

async function withServer(
  options: PageServerOptions,
  use: (server: PageServer, session: ClientHttp2Session) => Promise<void>,
): Promise<void> {
  const server = await startPageServer(options);
  const session = connect(server.origin, { ca: server.ca });
  session.on('error', () => {});
  try {
    await use(server, session);
  } finally {
    session.destroy();
    await server.close();
  }
}

describe('page bodies', () => {
  it('are the same value with and without white space, and about as large as asked', () => {
    for (const bytes of [100, 5000, 60_000]) {
      const line = pageLine(7, bytes);
      const spaced = pageBody(7, bytes, { spaced: true }).toString();
      assert.deepEqual(JSON.parse(spaced), JSON.parse(line));
      assert.ok(Math.abs(line.length - bytes) < Math.max(150, bytes / 5), `${line.length}`);
      assert.equal(JSON.parse(line).data.items.length, pageRecords(7, bytes).length);
    }
    assert.equal(pageBody(7).toString(), pageLine(7));
    assert.notEqual(pageLine(7), pageLine(8));
  });
});

describe('the page server', () => {
  it('serves pages over HTTP/2 and counts them', async () => {
    await withServer({ pages: 5 }, async (server, session) => {
      const answers = await Promise.all([1, 2, 2].map((n) => fetchPath(session, `/pages/${n}`)));
      assert.ok(answers[1]?.body.equals(pageBody(2)));
      assert.equal((await fetchPath(session, '/pages/6')).status, 404);
      const { total, requests, maxInFlight, connections } = server.counts();
      assert.equal(total, 4);
      assert.equal(requests.get(2), 2);
      assert.equal(maxInFlight, 3);
      assert.equal(connections, 1);
      assert.equal(server.template(5), `${server.origin}/pages/[1-5]`);
    });
  });

  it('plays faults by page and attempt', async () => {
    const { NGHTTP2_CANCEL, NGHTTP2_INTERNAL_ERROR, NGHTTP2_REFUSED_STREAM } = constants;
    const faults = {
      1: [{ status: 503, headers: { 'x-why': 'told' } }],
      2: [{ reset: NGHTTP2_REFUSED_STREAM }],
      3: [{ truncateAt: 100, reset: NGHTTP2_CANCEL, framing: 'chunked' as const }],
      4: [{ truncateAt: 100, reset: NGHTTP2_INTERNAL_ERROR }],
      5: [{ truncateAt: 100, reset: 0, framing: 'chunked' as const }],
      6: [{ truncateAt: 100, framing: 'chunked' as const }],
      7: [null, { body: '<html>' }],
    };
    await withServer({ faults }, async (_server, session) => {
      const first = [];
      for (const n of [1, 2, 3, 4, 5, 6, 7]) first.push(await fetchPath(session, `/pages/${n}`));
      assert.deepEqual(
        first.map(({ status, rstCode, body }) => [status, rstCode, body.length]),
        [
          [503, 0, 0],
          [0, NGHTTP2_REFUSED_STREAM, 0],
          [200, NGHTTP2_CANCEL, 100],
          [200, NGHTTP2_INTERNAL_ERROR, 100],
          [200, 0, 100],
          [200, 0, 100],
          [200, 0, pageBody(7).length],
        ],
      );
      for (const n of [1, 2, 3, 4, 5, 6]) {
        assert.ok((await fetchPath(session, `/pages/${n}`)).body.equals(pageBody(n)));
      }
      assert.equal((await fetchPath(session, '/pages/7')).body.toString(), '<html>');
    });
  });

  it('falls silent where told to hang, and can still be closed', async () => {
    await withServer({ faults: { 1: [{ hang: true, truncateAt: 10 }] } }, async (_, session) => {
      const stream = session.request({ ':path': '/pages/1' });
      const [chunk] = (await once(stream, 'data')) as [Buffer];
      assert.equal(chunk.length, 10);
      const ended = await Promise.race([once(stream, 'end'), sleep(60, 'silent')]);
      assert.equal(ended, 'silent');
    });
  });

  it('closes an HTTP/2 connection with GOAWAY after so many requests, having answered those', async () => {
    await withServer({ closeAfter: 3 }, async (server, session) => {
      const goaway = once(session, 'goaway');
      for (const n of [1, 2, 3]) {
        assert.ok((await fetchPath(session, `/pages/${n}`)).body.equals(pageBody(n)));
      }
      const [code, lastStreamId] = await goaway;
      assert.deepEqual([code, lastStreamId], [0, 5]);
      assert.equal(server.counts().total, 3);
    });
  });

  it('announces how many streams it allows', async () => {
    await withServer({ maxConcurrentStreams: 1 }, async (server, session) => {
      if (session.remoteSettings.maxConcurrentStreams !== 1) await once(session, 'remoteSettings');
      assert.equal(session.remoteSettings.maxConcurrentStreams, 1);
      await Promise.all([1, 2, 3].map((n) => fetchPath(session, `/pages/${n}`)));
      assert.equal(server.counts().maxInFlight, 1);
    });
  });

  it('counts a request that is sent inside a Retry-After, and none before or after', async () => {
    const faults = { 1: [{ status: 429, headers: { 'retry-after': '1' } }] };
    let nowMs = 0;
    await withServer({ faults, now: () => nowMs }, async (server, session) => {
      const early = () => server.counts().requestsInsideRetryAfter;
      await Promise.all([1, 2, 3].map((n) => fetchPath(session, `/pages/${n}`)));
      assert.equal(early(), 0);
      // The server learns with two PINGs that the refusal was read.
      while (early() === 0) await fetchPath(session, '/pages/4');
      assert.equal(early(), 1);
      nowMs = 1010;
      await fetchPath(session, '/pages/1');
      assert.equal(early(), 1);
    });
  });

  it('over HTTP/1.1 takes only the connection that was refused for one that knows of it', async () => {
    const faults = { 1: [{ status: 429, headers: { 'retry-after': '1' } }] };
    const server = await startPageServer({ protocol: 'http', faults });
    const agents = [1, 2].map(() => new Agent({ keepAlive: true, maxSockets: 1 }));
    const fetchOn = async (agent: Agent | undefined, n: number): Promise<void> => {
      const [response] = await once(getPlain(`${server.origin}/pages/${n}`, { agent }), 'response');
      await once(response.resume(), 'end');
    };
    try {
      const [refused, other] = agents;
      await fetchOn(refused, 1);
      await fetchOn(other, 2);
      assert.equal(server.counts().requestsInsideRetryAfter, 0);
      await fetchOn(refused, 3);
      assert.equal(server.counts().requestsInsideRetryAfter, 1);
      assert.equal(server.counts().connections, 2);
    } finally {
      for (const agent of agents) agent.destroy();
      await server.close();
    }
  });

  it('limits by a token bucket', async () => {
    const limit = { perSecond: 0.01, burst: 2, retryAfterSeconds: 7 };
    await withServer({ limit }, async (server, session) => {
      const statuses = [];
      for (const n of [1, 2, 3]) statuses.push((await fetchPath(session, `/pages/${n}`)).status);
      assert.deepEqual(statuses, [200, 200, 429]);
      assert.equal(server.counts().limited, 1);
    });
  });

  for (const protocol of ['h1', 'http', 'both'] as const) {
    it(`serves, cuts and closes over HTTP/1.1 (${protocol})`, async () => {
      const cut = { truncateAt: 50 };
      const server = await startPageServer({
        protocol,
        closeAfter: 2,
        faults: {
          2: [cut],
          3: [{ ...cut, framing: 'chunked' }],
          4: [{ ...cut, framing: 'close' }],
        },
      });
      const get = protocol === 'http' ? getPlain : getSecure;
      const fetchPage = async (n: number): Promise<{ body: string; failed: boolean }> => {
        const request = get(`${server.origin}/pages/${n}`, { ca: server.ca, agent: false });
        const [response] = await once(request, 'response');
        let body = '';
        response.setEncoding('latin1').on('data', (text: string) => {
          body += text;
        });
        const failed = await once(response, 'end').then(
          () => false,
          () => true,
        );
        return { body, failed };
      };
      try {
        assert.equal((await fetchPage(1)).body, pageBody(1).toString('latin1'));
        const cuts = [await fetchPage(2), await fetchPage(3), await fetchPage(4)];
        assert.deepEqual(
          cuts.map(({ body, failed }) => [body.length, failed]),
          [
            [50, true],
            [50, true],
            [50, false],
          ],
        );
        assert.equal(server.counts().connections, 4);
      } finally {
        await server.close();
      }
    });
  }

  it('runs as a process that ends with its stdin and removes its folder', async () => {
    const script = new URL('./page-server-process.ts', import.meta.url).pathname;
    const child: ChildProcess = spawn(process.execPath, [script, '{"bodyBytes":1000}'], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const exited = once(child, 'exit');
    const [line] = (await once(createInterface({ input: child.stdout! }), 'line')) as [string];
    const { origin, caFile } = JSON.parse(line) as { origin: string; caFile: string };
    const session = connect(origin, { ca: readFileSync(caFile) });
    assert.ok((await fetchPath(session, '/pages/3')).body.equals(pageBody(3, 1000)));
    const counts = JSON.parse((await fetchPath(session, '/__counts')).body.toString());
    assert.deepEqual([counts.total, counts.requests], [1, { 3: 1 }]);
    session.destroy();
    child.stdin!.end();
    assert.deepEqual(await exited, [0, null]);
    assert.equal(existsSync(caFile), false);
  });
});
