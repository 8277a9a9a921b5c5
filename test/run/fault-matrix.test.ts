/**
 * Every fault through the whole program, over HTTP/1.1 and HTTP/2. Faults of single pages share a run, a
 * page each, so that they also meet one another; those of connections have one of their own. T1 and the
 * like are rows of docs/reliability.md.
 */
import assert from 'node:assert/strict';
import { describe, mock, it as test } from 'node:test';
import type { PageCode } from '../../src/index.ts';
import type { FaultRule } from '../fixtures/faults/fault-server.ts';
import { combineFaults, faults, type NamedFault } from '../fixtures/faults/faults.ts';
import type { FaultReply } from '../fixtures/faults/reply.ts';
import { type FaultRun, IMPATIENT, runFaults, wholePages } from './fault-setup.ts';

// Waits between attempts are drawn by it.
mock.method(Math, 'random', () => 0);

const PROTOCOLS = ['http', 'h2c'] as const;

/** Attempts that such a page takes (0: one or two, by the connection it meets): what the server did not process, or asks to wait with, is none. */
type Attempts = 0 | 1 | 2;

/** A reply that a page gets once, and the attempts it takes over HTTP/1.1 and over HTTP/2. */
const once: Record<string, readonly [reply: FaultReply, h1: Attempts, h2: Attempts]> = {};

function replyOf(fault: NamedFault | undefined): FaultReply {
  const rule = fault?.script.rules?.[0];
  assert.ok(rule, `${fault?.name} is no fault of a page`);
  return rule.reply;
}

function add(name: string, h1: Attempts = 2, h2: Attempts = 2): void {
  once[name] = [replyOf(faults.find((fault) => fault.name === name)), h1, h2];
}

add('unavailable');
for (const name of ['short-body', 'cut-chunk', 'cut-at-close', 'reset-cancel']) add(name);
add('refused-stream', 0, 1);
for (const name of ['gzip-cut', 'deflate-cut', 'br-cut', 'zstd-cut']) add(name);
for (const name of ['gzip-garbage', 'br-garbage', 'zstd-garbage']) add(name);
for (const name of ['wrong-encoding', 'unknown-encoding', 'html', 'html-as-json', 'text'])
  add(name);
for (const name of ['empty', 'no-content', 'utf-16', 'bad-utf-8', 'nan', 'two-values']) add(name);
add('cut-json');
add('bom', 1, 1);

const FIRST = 4;

/** One page each from the fourth on, so that every connection has served before. */
function rulesFor(replies: readonly FaultReply[], times: number | 'always' = 1): FaultRule[] {
  return replies.map((reply, index) => ({ pages: [FIRST + index], times, reply }));
}

function assertWhole({ server, summary, output }: FaultRun, count: number): void {
  assert.equal(summary.verdict.name, 'proven', JSON.stringify(summary.failures));
  assert.equal(output?.replaceAll('\ufeff', ''), wholePages(server, count));
}

describe('faults', { concurrency: 6 }, () => {
  for (const protocol of PROTOCOLS) {
    test(`what befalls a page heals, and costs it the attempts that it should (${protocol})`, async (t) => {
      const all = Object.entries(once);
      const pages = all.length + FIRST;
      const rules = rulesFor(all.map(([, [reply]]) => reply));
      const result = await runFaults(t, { protocol, pages, rules });
      assertWhole(result, pages);
      for (const [index, [name, [, h1, h2]]] of all.entries()) {
        const expected = protocol === 'http' ? h1 : h2;
        const seen = result.pages.get(FIRST + index)?.attempts;
        if (expected === 0) assert.ok(seen === 1 || seen === 2, `${name}: ${seen}`);
        else assert.equal(seen, expected, name);
      }
      const attempts = [...result.pages.values()].map((page) => page.attempts - 1);
      assert.equal(
        result.summary.retries,
        attempts.reduce((sum, more) => sum + more),
      );
    });
  }

  const CODES = {
    NO_ERROR: 0,
    INTERNAL_ERROR: 2,
    REFUSED_STREAM: 7,
    CANCEL: 8,
    ENHANCE_YOUR_CALM: 11,
    HTTP_1_1_REQUIRED: 13,
  } as const;

  /** Where a stream is reset, and whether its length was stated. */
  const RESETS: readonly FaultReply[] = [
    {},
    { truncateAt: 200 },
    { truncateAt: 200, framing: 'chunked' },
  ];

  for (const protocol of PROTOCOLS) {
    test(`silence and drips end, and the page is asked for again (${protocol})`, async (t) => {
      const names = ['silent', 'silent-in-body', 'drip'];
      const replies = faults.filter(({ name }) => names.includes(name)).map(replyOf);
      const script = { protocol, pages: 10, rules: rulesFor(replies) };
      const result = await runFaults(t, script, IMPATIENT);
      assertWhole(result, 10);
      for (const index of replies.keys()) {
        assert.ok((result.pages.get(FIRST + index)?.attempts ?? 0) >= 2, names[index]);
      }
    });
  }

  for (const [name, reset] of Object.entries(CODES)) {
    test(`streams reset with ${name} before and within bodies are asked for again`, async (t) => {
      const rules = rulesFor(RESETS.map((where) => ({ ...where, reset })));
      const isWait = name === 'ENHANCE_YOUR_CALM';
      // Over TLS the server can be asked over HTTP/1.1 instead.
      const protocol = name === 'HTTP_1_1_REQUIRED' ? 'both' : 'h2c';
      const result = await runFaults(t, { protocol, pages: 20, rules });
      assertWhole(result, 20);
      const attempts = rules.map((_, index) => result.pages.get(FIRST + index)?.attempts);
      if (isWait) assert.deepEqual(attempts, [1, 1, 1]);
      else if (name === 'HTTP_1_1_REQUIRED') {
        assert.ok(result.summary.connections['HTTP/1.1'] > 0);
        // A page that was first asked for over HTTP/1.1, because another one's reset came before, meets
        // its fault there, and that is an attempt. The reset itself never is.
        assert.equal(attempts[0], 1);
        for (const retried of result.retried) {
          assert.match(retried, /closed the connection within the body|ended after 200 of/);
        }
      } else assert.deepEqual(attempts, [name === 'REFUSED_STREAM' ? 1 : 2, 2, 2]);
      assert.equal(result.summary.pausedMs > 0, isWait);
    });
  }

  for (const protocol of PROTOCOLS) {
    for (const name of ['closing-politely', 'closing-rudely', 'goaway', 'one-stream', 'dead']) {
      test(`no page is lost to a server of ${name} (${protocol})`, async (t) => {
        const [fault] = faults.filter((each) => each.name === name);
        const options = name === 'dead' ? IMPATIENT : {};
        const result = await runFaults(t, { protocol, ...fault!.script }, options);
        assertWhole(result, 20);
        const { retries } = result.summary;
        // T2: a request above the last id was not processed, and that is no attempt.
        if (name === 'goaway' && protocol === 'h2c') assert.equal(retries, 0);
        if (name === 'closing-politely' || name === 'one-stream') assert.equal(retries, 0);
        // T1: on HTTP/1.1 each is an idle connection closed under a request.
        if (name === 'closing-rudely' && protocol === 'http') assert.equal(retries, 0);
      });
    }

    test(`stated waits are kept in every form, and what is no time is not (${protocol})`, async (t) => {
      const chosen = ['rate-limit', 'retry-after-date', 'retry-after-malformed'];
      const [limit, date, malformed] = chosen.map((name) => faults.find((it) => it.name === name)!);
      const dateRule = { ...date!.script.rules![0]!, pages: [8] };
      const script = combineFaults([
        limit!,
        { ...date!, script: { rules: [dateRule] } },
        {
          ...malformed!,
          script: {
            rules: malformed!.script.rules!.map((rule, n) => ({ ...rule, pages: [12 + n] })),
          },
        },
      ]);
      const result = await runFaults(t, { protocol, ...script }, { concurrency: 1 });
      assertWhole(result, 20);
      const { retries, pausedMs } = result.summary;
      // A date counts in whole seconds from the Date beside it, and not by the server's clock, which is off by hours.
      assert.ok(pausedMs >= 1900 && pausedMs < 3_600_000, `paused ${pausedMs}`);
      assert.equal(retries, 3);
    });

    test(`a token that expires in mid-run stops it, with what came kept (${protocol})`, async (t) => {
      const { script } = faults.find(({ name }) => name === 'token-expires')!;
      const result = await runFaults(t, { protocol, ...script });
      assert.equal(result.summary.stop?.kind, 'credentials');
      assert.equal(result.output, null);
      assert.ok(result.summary.verdict.stored >= 8);
    });
  }

  /** What is said of a page that never comes, and after how many attempts, over both protocols. */
  const reasons: Readonly<
    Record<string, readonly [FaultReply, attempts: number, PageCode, RegExp]>
  > = {
    500: [{ status: 500 }, 2, 'HTTP_500', /^500 Internal Server Error$/],
    404: [{ status: 404 }, 1, 'HTTP_404', /^404 Not Found$/],
    204: [{ status: 204 }, 2, 'HTTP_204', /^204 No Content: nothing came where JSON was due$/],
    empty: [{ change: 'empty' }, 2, 'EMPTY', /^the body is empty; it is application\/json$/],
    html: [
      { change: 'html' },
      2,
      'NOT_JSON',
      /^the body is not JSON \(byte 0: it looks like HTML\); it is text\/html; charset=utf-8 and begins "<!doctype html> <title>Busy/,
    ],
    'html-as-json': [
      { change: 'html-as-json' },
      2,
      'NOT_JSON',
      /; it is application\/json and begins "<html><body>\\x1b\[31mBusy<\/body><\/html>"$/,
    ],
    text: [
      { change: 'text' },
      2,
      'NOT_JSON',
      /byte 0: unexpected character u\); it is text\/plain and begins "upstream/,
    ],
    'utf-16': [
      { change: 'utf-16' },
      2,
      'NOT_JSON',
      /^the body is not JSON \(byte 0: it is UTF-16, not UTF-8\)/,
    ],
    'bad-utf-8': [{ change: 'bad-utf-8' }, 2, 'NOT_JSON', /byte 9: it is not valid UTF-8/],
    nan: [{ change: 'nan' }, 2, 'NOT_JSON', /byte 35: NaN is not JSON/],
    'two-values': [{ change: 'two-values' }, 2, 'NOT_JSON', /byte \d{4}: unexpected character \{/],
    'cut-json': [{ change: 'cut-json' }, 2, 'NOT_JSON', /byte \d+: (it ends early|a string)/],
    'cut-at-close': [
      { truncateAt: 200, framing: 'close' },
      2,
      'NOT_JSON',
      /byte 200: it ends early/,
    ],
    'short-body': [
      { truncateAt: 200 },
      2,
      'TRUNCATED',
      /^the body ended after 200 of \d{4} bytes$/,
    ],
    'gzip-cut': [{ change: 'gzip-cut' }, 2, 'ENCODING', /^the gzip body ends early$/],
    'gzip-garbage': [
      { change: 'gzip-garbage' },
      2,
      'ENCODING',
      /^the gzip body is damaged, or something else follows its end$/,
    ],
    'wrong-encoding': [
      { change: 'wrong-encoding' },
      2,
      'ENCODING',
      /^the body is not gzip, though its header says so; it is application\/json and begins '\{"data"/,
    ],
    'unknown-encoding': [
      { change: 'unknown-encoding' },
      2,
      'ENCODING',
      /^the content-encoding "compress" is not/,
    ],
    'three-layers': [
      { change: 'three-layers' },
      2,
      'ENCODING',
      /3 layers of content-encoding; the most is 2/,
    ],
    bomb: [{ change: 'bomb' }, 1, 'TOO_LARGE', /larger than 1,000,000 bytes decoded/],
    endless: [
      { endless: true },
      1,
      'TOO_LARGE',
      /larger than 1,000,000 bytes; --max-body-bytes raises the limit$/,
    ],
    redirects: [
      { status: 302, headers: { location: '' } },
      1,
      'HTTP_302',
      /^more than 10 redirects, the last to itself; does it want a cookie or a login\?$/,
    ],
    silent: [
      { hang: true },
      2,
      'IDLE_TIMEOUT',
      /^no byte came for 2 s; --idle-timeout allows more$/,
    ],
    'silent-in-body': [
      { hang: true, truncateAt: 200 },
      2,
      'IDLE_TIMEOUT',
      /^no byte came for 2 s after 200 bytes of the body; --idle-timeout allows more$/,
    ],
    drip: [
      { bytesPerSecond: 20 },
      2,
      'TOO_SLOW',
      /^\d+ bytes a second for \d.* s; --speed-limit allows/,
    ],
    reset: [
      { reset: 2 },
      2,
      'CONNECTION_RESET',
      /^localhost:\d+ (reset the stream \(INTERNAL_ERROR\)|closed the connection under the request)/,
    ],
  };

  for (const protocol of PROTOCOLS) {
    test(`a page that never comes fails by its name, and the others come (${protocol})`, async (t) => {
      const all = Object.entries(reasons);
      const pages = all.length + FIRST;
      const rules = rulesFor(
        all.map(([, [reply]]) => reply),
        'always',
      );
      const result = await runFaults(
        t,
        { protocol, pages, rules },
        {
          ...IMPATIENT,
          retries: 1,
          concurrency: 8,
        },
      );
      assert.equal(result.summary.verdict.name, 'incomplete');
      assert.equal(result.summary.verdict.failed, all.length);
      assert.equal(result.summary.verdict.stored, pages - all.length);
      assert.equal(result.output, null, 'an incomplete run writes no output');
      for (const [index, [name, [, attempts, code, reason]]] of all.entries()) {
        const page = result.pages.get(FIRST + index);
        assert.match(page?.reason ?? '', reason, name);
        assert.equal(page?.code, code, name);
        const failure = result.summary.failures.find(
          (it) => it.place.position === FIRST + index - 1,
        );
        if (failure !== undefined) assert.equal(failure.code, code, name);
        assert.equal(page?.attempts, attempts, `${name}: ${page?.reason}`);
      }
    });
  }
});
