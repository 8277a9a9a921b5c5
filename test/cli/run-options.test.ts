import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { after, describe, it } from 'node:test';
import { parseArguments } from '../../src/cli/parse-arguments.ts';
import { readRunOptions, readSummaryPath } from '../../src/cli/run-options.ts';
import { checkValues } from '../../src/cli/typed-arguments.ts';

const url = 'https://a.example/items';
const folder = mkdtempSync(join(tmpdir(), 'everypage-options-'));
after(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

function optionsOf(
  argv: readonly string[],
  { env = {}, stdin = '' }: { env?: Record<string, string>; stdin?: string } = {},
) {
  return readRunOptions(parseArguments(argv, env), { env, stdin: Readable.from([stdin]) });
}

async function refusal(argv: readonly string[], env: Record<string, string> = {}): Promise<string> {
  try {
    const typed = parseArguments(argv, env);
    checkValues(typed);
    await readRunOptions(typed, { env, stdin: Readable.from(['']) });
  } catch (error) {
    assert.equal((error as { code?: string }).code, 'USAGE');
    const { message } = error as Error;
    assert.doesNotMatch(message, /\n/);
    return message;
  }
  return assert.fail(`${argv.join(' ')} was accepted`);
}

describe('options of a run', () => {
  it('are empty where nothing but a URL is typed, so that every default has one owner', async () => {
    assert.deepEqual(await optionsOf([url]), {});
    assert.deepEqual(await optionsOf([url, '-o', '-', '-v', '--color=never']), {});
  });

  const expected: readonly (readonly [readonly string[], object])[] = [
    [['-o', 'a.json'], { output: 'a.json' }],
    [['-f', 'json'], { format: 'json' }],
    [['--select', 'data.items'], { select: 'data.items' }],
    [['--pages'], { wholePages: true }],
    [['--records', '--strict', '--prove'], { records: true, strict: 'complete', prove: true }],
    [['--strict=proven', '--recheck', 'all'], { strict: 'proven', recheck: 'all' }],
    [['--recheck', 'none'], { recheck: 'none' }],
    [['--recheck=2.5%'], { recheck: '2.5%' }],
    [['--overlap', '0'], { paginate: { style: 'auto', overlap: 0 } }],
    [['--paginate', 'none'], { paginate: 'none' }],
    [['--paginate', 'cursor'], { paginate: 'cursor' }],
    [
      ['--preset', 'stripe', '--page-size', '100', '--total-header', 'X-Total'],
      { paginate: { style: 'auto', preset: 'stripe', size: 100, totalHeader: 'x-total' } },
    ],
    [['--expect', '12'], { expect: 12 }],
    [['--allow-incomplete'], { allowIncomplete: true }],
    [['-X', 'post'], { method: 'POST' }],
    [
      ['-H', 'X-A: 1', '-H', 'x-b:2'],
      {
        headers: [
          ['x-a', '1'],
          ['x-b', '2'],
        ],
      },
    ],
    [['-A', 'me/1'], { headers: [['user-agent', 'me/1']] }],
    [['-d', '{"a":1}'], { body: '{"a":1}' }],
    [['-u', 'me:pw:x'], { user: 'me:pw:x' }],
    [['-x', ''], { proxy: '' }],
    [
      ['-k', '-g', '--fresh', '--no-keep'],
      { insecure: true, literal: true, fresh: true, keep: false },
    ],
    [
      ['--cacert', 'a', '--cert', 'b', '--cert-key', 'c'],
      { caFile: 'a', certFile: 'b', keyFile: 'c' },
    ],
    [['--http1.1'], { protocol: 'http1' }],
    [['--http2'], { protocol: 'http2' }],
    [['-c', '50', '--retry=0'], { concurrency: 50, retries: 0 }],
    [['-c', 'auto', '--rate', '5/15s'], { concurrency: 'auto', rate: '5/15s' }],
    [['--retry-max-time=2m', '--max-wait=0'], { retryMaxTimeMs: 120_000, maxWaitMs: 0 }],
    [
      ['--connect-timeout=5', '--idle-timeout=500ms'],
      { connectTimeoutMs: 5000, idleTimeoutMs: 500 },
    ],
    [['--timeout=1h', '--deadline=1d'], { timeoutMs: 3_600_000, deadlineMs: 86_400_000 }],
    [['--max-pages', '7'], { maxPages: 7 }],
    [
      ['--max-body-bytes=1M', '--max-decoded-bytes=2kB'],
      { maxBodyBytes: 1_048_576, maxDecodedBytes: 2000 },
    ],
    [['--archive', 'a.everypage'], { archive: 'a.everypage' }],
    [['--allow-origin', 'https://b.example'], { allowOrigins: ['https://b.example'] }],
    [['--allow-address', '10.0.0.0/8'], { allowAddresses: ['10.0.0.0/8'] }],
    [['--secret-param', 'sid', '--secret-param', 'k'], { secretParams: ['sid', 'k'] }],
  ];
  for (const [flags, options] of expected) {
    it(`are ${JSON.stringify(options)} for ${flags.join(' ')}`, async () => {
      assert.deepEqual(await optionsOf([...flags, url]), options);
    });
  }

  it('take headers and bodies from files and from standard input', async () => {
    const headers = file('headers.txt', '# mine\r\nAuthorization: Bearer t\r\n\r\nx-a: 1\n');
    assert.deepEqual((await optionsOf([url, '-H', `@${headers}`])).headers, [
      ['authorization', 'Bearer t'],
      ['x-a', '1'],
    ]);
    const body = file('body.json', '{"a":1}\n');
    assert.equal(String((await optionsOf([url, '-d', `@${body}`])).body), '{"a":1}\n');
    assert.equal(String((await optionsOf([url, '-d', '@-'], { stdin: 'in' })).body), 'in');
  });

  it('take a bearer token from the environment and a password from netrc', async () => {
    const bearer = await optionsOf([url, '--bearer-env', 'TOKEN'], { env: { TOKEN: 't0k\n' } });
    assert.deepEqual(bearer.headers, [['authorization', 'Bearer t0k']]);
    const env = {
      NETRC: file(
        'netrc',
        'machine b.example login no password no\nmachine A.example login me password pw',
      ),
    };
    assert.equal((await optionsOf([url, '-n'], { env })).user, 'me:pw');
    assert.equal((await optionsOf(['https://a.example:8443/[1-3]', '-n'], { env })).user, 'me:pw');
  });
});

describe('bad input', () => {
  const refused: readonly (readonly [readonly string[], RegExp])[] = [
    [['-X', 'DELETE'], /^-X: expected GET or POST.*, got "DELETE"$/],
    [
      ['-f', 'xml'],
      /^-f: expected ndjson, json, csv, tsv, parquet, sqlite, duckdb or postgres, got "xml"$/,
    ],
    [['-o', ''], /^-o: expected the path of a file, got "" \(is a shell variable unset\?\)$/],
    [['--select', 'a', '--pages'], /^--select and --pages cannot be used together: one takes/],
    [['-H', 'no colon'], /colon/],
    [['-H', '@/no/such/file'], /^-H @\/no\/such\/file cannot be read: it does not exist$/],
    [
      ['-H', `@${file('headers-bad', 'no colon')}`],
      /^-H @\S+headers-bad line 1: a header needs a colon/,
    ],
    [['-H', '@/'], /^-H @\/ cannot be read: it is a folder$/],
    [['-d', '@/no/such/file'], /^-d @\/no\/such\/file cannot be read: it does not exist$/],
    [['-d', 'a', '-d', 'b'], /-d is given twice: a request has one body/],
    [['-u', 'me'], /user:password/],
    [['-u', 'a:b', '-n'], /--user and --netrc/],
    [['--bearer-env', 'NOT_SET'], /NOT_SET.*not set/],
    [['--http2', '--http1.1'], /^--http1\.1 and --http2 cannot be used together: a run uses one/],
    [['--cert', 'a'], /belong together/],
    [['-c', '0'], /^-c: expected auto or a whole number from 1 to 1000, got "0"$/],
    [['-c', 'abc'], /^-c: expected auto or a whole number from 1 to 1000, got "abc"$/],
    [['-c', '-1'], /^-c: expected auto or a whole number from 1 to 1000, got "-1"$/],
    [['--retry', '-1'], /^--retry: expected a whole number from 0 to 1000, got "-1"$/],
    [['--timeout', '-5'], /^--timeout: expected a time such as 500ms.*, got "-5"$/],
    [['--rate', '-5/s'], /^--rate: expected a rate such as .*, got "-5\/s"$/],
    [['--page-size', '-5'], /^--page-size: expected a whole number of 1 or more, got "-5"$/],
    [['-c', '1e2'], /whole number/],
    [['--concurrency', '1001'], /^--concurrency: /],
    [['--rate', '10'], /^--rate: .*10\/s/],
    [['--retry=-1'], /from 0 to 1000/],
    [['--strict=bad'], /^--strict: expected complete or proven, got "bad"$/],
    [
      ['--recheck=some'],
      /^--recheck: expected auto, none, all or a share such as 10%, got "some"$/,
    ],
    [['--recheck', '0%'], /^--recheck: expected auto, none, all or a share .*, got "0%"$/],
    [['--recheck', '101%'], /^--recheck: expected auto, none, all or a share .*, got "101%"$/],
    [['--recheck', '10'], /^--recheck: expected auto, none, all or a share .*, got "10"$/],
    [['--max-pages=0'], /of 1 or more/],
    [['--max-wait=soon'], /^--max-wait: expected a time such as .*, got "soon"$/],
    [['--timeout=0'], /^--timeout: expected a time above 0, got "0"$/],
    [['--max-body-bytes=big'], /^--max-body-bytes: expected a size such as .*, got "big"$/],
  ];
  for (const [flags, expected] of refused) {
    it(`is refused in one line: ${flags.join(' ')}`, async () => {
      assert.match(await refusal([...flags, url]), expected);
    });
  }

  it('from the environment is refused by the name of its variable', async () => {
    const env = { EVERYPAGE_CONCURRENCY: 'many' };
    assert.match(await refusal([url], env), /^EVERYPAGE_CONCURRENCY: expected .*, got "many"$/);
  });

  it('cannot make standard input both the list and the body', async () => {
    assert.match(await refusal(['-', '-d', '@-']), /both the list/);
  });

  it('cannot make netrc send a password to a host that is not told', async () => {
    const env = { NETRC: file('netrc-default', 'default login me password pw') };
    for (const source of ['@urls.txt', '-', 'https://{a,b}.example/', 'https://[1-3].example/']) {
      assert.match(await refusal([source, '-n'], env), /--netrc needs URL arguments/);
    }
    assert.match(await refusal([url, 'https://c.example/', '-n'], env), /two hosts/);
    const other = { NETRC: file('netrc-other', 'machine z.example login a password b') };
    assert.match(await refusal([url, '-n'], other), /no entry for a\.example/);
    assert.match(
      await refusal([url, '-n'], { NETRC: '/no/such' }),
      /\/no\/such cannot be read: it does not exist$/,
    );
  });

  it('never shows a secret in its refusal', async () => {
    const env = { TOKEN: 'canary\nX-Injected: 1' };
    assert.doesNotMatch(await refusal([url, '--bearer-env', 'TOKEN'], env), /canary/);
  });

  it('is a summary in a folder that does not exist', () => {
    const typed = parseArguments([url, '--summary', '/no/such/folder/s.json'], {});
    assert.throws(() => readSummaryPath(typed), { code: 'OUTPUT_FOLDER' });
  });
});
