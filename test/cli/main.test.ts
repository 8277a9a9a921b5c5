import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { VERSION } from '../../src/core/resolve-options.ts';
import { runInProcess } from '../run/run-in-process.ts';

const everypage = (argv: readonly string[], env: Readonly<Record<string, string>> = {}) =>
  runInProcess(argv, { env });

describe('the command line', () => {
  it('without arguments shows the short help on standard error and exits 2', async () => {
    const { code, stdout, stderr } = await everypage([]);
    assert.equal(code, 2);
    assert.equal(stdout, '');
    assert.match(stderr, /^usage: everypage.*how do I\.\.\./s);
  });

  it('answers -h, --help and -V on standard output and exits 0', async () => {
    const short = await everypage(['-h']);
    const long = await everypage(['--help']);
    assert.deepEqual([short.code, short.stderr, long.code, long.stderr], [0, '', 0, '']);
    assert.ok(long.stdout.length > short.stdout.length * 2);
    assert.match((await everypage(['verify', '-h'])).stdout, /^usage: everypage verify ARCHIVE/);
    assert.equal((await everypage(['-V'])).stdout, `everypage ${VERSION}\n`);
  });

  it('says an error in one line without a stack, which EVERYPAGE_DEBUG=1 adds', async () => {
    const { code, stderr } = await everypage(['--nonsense']);
    assert.equal(code, 2);
    assert.match(stderr, /^everypage: there is no flag --nonsense\n {2}try: everypage --help\n$/);
    const debug = await everypage(['--nonsense'], { EVERYPAGE_DEBUG: '1' });
    assert.match(debug.stderr, /^ {4}at /m);
  });

  const instead: readonly (readonly [readonly string[], string])[] = [
    [['https://a.io/', '--retry', 'abc'], 'everypage https://a.io/ --retry 5'],
    [
      ['https://a.io/', '--concurency=9', '-o', 'a.json'],
      'everypage https://a.io/ --concurrency 9 -o a.json',
    ],
    // Two faults at once.
    [
      ['https://a.io/', '-c', 'many', '--timout', 'soon'],
      'everypage https://a.io/ -c 10 --timeout 2m',
    ],
    [['https://a.io/', '--http1.1', '--http2'], 'everypage https://a.io/ --http1.1'],
    [['https://a.io/', '-o'], 'everypage https://a.io/ -o items.ndjson'],
    [
      ['https://a.io/', '--cert', 'c.pem'],
      'everypage https://a.io/ --cert c.pem --cert-key client.key',
    ],
    [['verify', 'a.everypage', '-c', '5'], 'everypage verify a.everypage'],
    [['verfy', 'a.everypage'], 'everypage verify a.everypage'],
    [['presets', 'strpe'], 'everypage presets stripe'],
    [['export', '--nonsense'], 'everypage export --help'],
    [['gone.everypage'], 'everypage verify gone.everypage'],
    [
      ['https://a.io/', '--paginate=none', '--key', 'id', '--first', '2'],
      'everypage https://a.io/ --paginate none --key id',
    ],
    [
      [
        'https://a.io/?api_key=canary',
        '-u',
        'me:canary',
        '-H',
        'x-api-key: canary',
        '--retry',
        'x',
      ],
      "everypage 'https://a.io/?api_key=REDACTED' -u 'me:<password>' -H 'x-api-key: <secret>' --retry 5",
    ],
  ];
  for (const [argv, command] of instead) {
    it(`says what can be run instead: ${command}`, async () => {
      const { code, stderr } = await everypage(argv);
      assert.deepEqual([code, stderr.split('\n')[1]], [2, `  try: ${command}`]);
    });
  }

  it('says npx everypage to those who started it so', async () => {
    const { stderr } = await everypage(['--nonsense'], { npm_command: 'exec' });
    assert.match(stderr, /\n {2}try: npx everypage --help\n$/);
  });

  it('says an error as JSON where the log is JSON', async () => {
    const { stderr } = await everypage(['--log-format=json', '--nonsense']);
    const { type, code, message } = JSON.parse(stderr) as Record<string, string>;
    assert.deepEqual([type, code], ['error', 'USAGE']);
    assert.match(message!, /--nonsense/);
  });
});

describe('bad input', () => {
  const folder = mkdtempSync(join(tmpdir(), 'everypage-cli-'));
  let requests = 0;
  const server = createServer((_request, response) => {
    requests += 1;
    response.end('{}');
  });
  let base = '';
  before(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  after(() => {
    server.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const cases: readonly (readonly [string, (output: string) => readonly string[], RegExp])[] = [
    ['no URL at all', (o) => ['-o', o], /no URL/],
    ['a URL without scheme', (o) => ['a.example/items', '-o', o], /a\.example/],
    ['a range that runs backwards', (o) => [`${base}/[9-1]`, '-o', o], /9-1|backwards/],
    ['a range with step 0', (o) => [`${base}/[1-9:0]`, '-o', o], /step|:0/],
    ['an unreadable list', (o) => ['@/no/such/list', '-o', o], /\/no\/such\/list/],
    ['a header without a colon', (o) => [base, '-H', 'nocolon', '-o', o], /colon/],
    ['a method other than GET and POST', (o) => [base, '-X', 'PUT', '-o', o], /GET or POST.*"PUT"/],
    ['an output folder that does not exist', (o) => [base, '-o', `${o}/no/a.ndjson`], /folder/],
    ['an archive that does not exist', () => ['verify', '/no/such.everypage'], /no\/such/],
    ['two archives', () => ['export', 'a.everypage', 'b.everypage'], /b\.everypage/],
    ['a list for explain', () => ['explain', '@urls.txt'], /explain takes no list/],
    ['a URL for the demo', () => ['demo', base], /brings its own/],
  ];
  for (const [name, argv, expected] of cases) {
    it(`(${name}) gets one line, at most a command to try, and exit 2, and nothing is requested or written`, async () => {
      const env = { XDG_STATE_HOME: folder, HOME: folder };
      const said = await everypage(argv(join(folder, 'a.ndjson')), env);
      assert.match(said.stderr, /^everypage: [^\n]+\n(?: {2}try: everypage [^\n]+\n)?$/);
      assert.match(said.stderr, expected);
      assert.deepEqual([said.code, said.stdout, requests], [2, '', 0]);
      assert.deepEqual(readdirSync(folder), []);
    });
  }
});
