import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type ClientHttp2Session, connect, type IncomingHttpHeaders } from 'node:http2';
import { get } from 'node:https';
import { describe, it } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { demoPage } from '../../src/demo/demo-items.ts';
import { type DemoOptions, type DemoServer, startDemoServer } from '../../src/demo/demo-server.ts';

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** False where the stream was reset. */
  readonly whole: boolean;
}

async function fetchPage(
  session: ClientHttp2Session,
  page: number,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const stream = session.request({ ':path': `/v1/items?page=${page}`, ...headers });
  let seen: IncomingHttpHeaders = {};
  const chunks: Buffer[] = [];
  stream.on('response', (received) => {
    seen = received;
  });
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  stream.on('error', () => {});
  await new Promise((resolve) => stream.once('close', resolve));
  const status = Number(seen[':status'] ?? 0);
  return { status, headers: seen, body: Buffer.concat(chunks), whole: stream.rstCode === 0 };
}

async function withDemo(
  options: DemoOptions,
  use: (demo: DemoServer, session: ClientHttp2Session) => Promise<void>,
): Promise<void> {
  const demo = await startDemoServer({ latencyMs: 1, slowMs: 20, ...options });
  const session = connect(new URL(demo.url).origin, { ca: demo.ca });
  try {
    await use(demo, session);
  } finally {
    session.destroy();
    await demo.close();
  }
}

const unlimited = { ratePerSecond: 1e6, burst: 1e6 };

describe('the demo server', () => {
  it('serves every page whole on the second try, and says how many failed on the first', async () => {
    await withDemo({ ...unlimited, pages: 100 }, async (demo, session) => {
      const first: string[] = [];
      for (let page = 1; page <= 100; page += 1) {
        let answer = await fetchPage(session, page);
        first.push(`${answer.status}${answer.whole ? '' : ' cut'}`);
        if (answer.status !== 200 || !answer.whole) answer = await fetchPage(session, page);
        assert.equal(answer.status, 200);
        assert.ok(answer.body.equals(Buffer.from(demoPage(1, page, 100, 25))));
      }
      assert.deepEqual(first.filter((what) => what !== '200').toSorted(), [
        '200 cut',
        '200 cut',
        '503',
        '503',
      ]);
      assert.match(demo.facts.join('\n'), /100 pages of 25 records.*2 pages that answer 503/s);
    });
  });

  it('cuts a page in mid-body with a reset, not with an end', async () => {
    await withDemo({ ...unlimited, pages: 100 }, async (_demo, session) => {
      const answers = [];
      for (let page = 1; page <= 100; page += 1) answers.push(await fetchPage(session, page));
      const cut = answers.filter((answer) => !answer.whole);
      assert.equal(cut.length, 2);
      for (const answer of cut) {
        assert.equal(answer.status, 200);
        assert.ok(answer.body.length > 100);
        assert.throws(() => JSON.parse(answer.body.toString()));
      }
    });
  });

  it('sends the same bytes compressed where gzip is accepted', async () => {
    await withDemo({ ...unlimited, pages: 1 }, async (_demo, session) => {
      const plain = await fetchPage(session, 1);
      const packed = await fetchPage(session, 1, { 'accept-encoding': 'gzip, br' });
      assert.equal(packed.headers['content-encoding'], 'gzip');
      assert.deepEqual(gunzipSync(packed.body), plain.body);
    });
  });

  it('refuses beyond its limit with Retry-After, and serves again once that is over', async () => {
    let nowMs = 0;
    const options = { pages: 10, ratePerSecond: 4, burst: 2, now: () => nowMs };
    await withDemo(options, async (_demo, session) => {
      const answers = await Promise.all([1, 2, 3].map((page) => fetchPage(session, page)));
      const refused = answers.filter((answer) => answer.status === 429);
      assert.equal(refused.length, 1);
      assert.equal(refused[0]?.headers['retry-after'], '1');
      nowMs = 1010;
      assert.notEqual((await fetchPage(session, 3)).status, 429);
    });
  });

  it('speaks HTTP/1.1 with a client that asks for it', async () => {
    await withDemo({ ...unlimited, pages: 1 }, async (demo) => {
      const url = demo.url.replace(/\[.*\]/, '1');
      const [response] = await once(get(url, { ca: demo.ca, agent: false }), 'response');
      assert.equal(response.httpVersion, '1.1');
      const chunks: Buffer[] = await response.toArray();
      assert.equal(Buffer.concat(chunks).toString(), demoPage(1, 1, 1, 25));
    });
  });

  it('answers 404 for a page that does not exist', async () => {
    await withDemo({ ...unlimited, pages: 3 }, async (_demo, session) => {
      assert.equal((await fetchPage(session, 4)).status, 404);
    });
  });

  it('holds records whose numbers do not survive JSON.parse', () => {
    const text = demoPage(1, 2, 300, 25);
    const page = JSON.parse(text) as { data: { items: { id: number }[] }; page: number };
    assert.equal(page.data.items.length, 25);
    assert.equal(page.page, 2);
    assert.match(text, /"id":9007199254741018,.*"rating":\d\.[05],/);
    assert.ok(new Set(page.data.items.map((item) => item.id)).size < 25);
    assert.notEqual(text, demoPage(2, 2, 300, 25));
    assert.equal(text, demoPage(1, 2, 300, 25));
  });
});
