/** Object storage over our own signing and transport. What a run does with it is in s3-run.test.ts. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite, type TestContext, test } from 'node:test';
import { openHome } from '../../src/cluster/open-home.ts';
import { S3Client } from '../../src/cluster/s3/s3-client.ts';
import { credentialSource } from '../../src/cluster/s3/s3-credentials.ts';
import { readS3Place } from '../../src/cluster/s3/s3-place.ts';
import type { StoreHome } from '../../src/cluster/store-home.ts';
import { EverypageError } from '../../src/core/errors.ts';
import { createTestCertificates } from '../../src/demo/certificate.ts';
import { createTransport } from '../../src/http/create-transport.ts';
import type { Transport, TransportOptions } from '../../src/http/transport.ts';
import { temporaryFolder } from '../run/run-cli.ts';
import { freePort } from '../servers/free-port.ts';
import {
  type S3Fault,
  type S3Server,
  type S3ServerOptions,
  startS3Server,
} from '../servers/s3-server.ts';
import { type SignedRequest, wrongSignature } from '../servers/s3-signature.ts';

async function startServer(t: TestContext, options: S3ServerOptions = {}): Promise<S3Server> {
  const server = await startS3Server(options);
  t.after(() => server.close());
  return server;
}

async function homeAt(
  t: TestContext,
  env: Readonly<Record<string, string>>,
  where = 's3://pages/runs/a b+(ü)',
  more: Partial<TransportOptions> = {},
): Promise<StoreHome> {
  const makeTransport = (asked: TransportOptions): Transport =>
    createTransport({ ...asked, ...more });
  const home = await openHome(where, { env, makeTransport });
  t.after(() => home.close());
  return home;
}

function text(bytes: Uint8Array | null): string | null {
  return bytes === null ? null : Buffer.from(bytes).toString();
}

/** Its words, which are for a user: one line. */
async function refusalOf(asking: Promise<unknown>): Promise<string> {
  try {
    await asking;
  } catch (error) {
    assert.ok(error instanceof EverypageError, String(error));
    assert.ok(!error.message.includes('\n'));
    return error.message;
  }
  assert.fail('it was not refused');
}

/** The faults one after the other, then none. */
function inTurn(faults: readonly S3Fault[]): () => S3Fault | null {
  let at = 0;
  return () => faults[at++] ?? null;
}

// Most of their time they wait.
suite('object storage', { concurrency: 8 }, () => {
  test('what was written is read, listed page by page, renamed and removed', async (t) => {
    const keys = { accessKeyId: 'AKID', secretAccessKey: 'geheim', sessionToken: 'a+b/c=' };
    const server = await startServer(t, { listed: 3, keys });
    const home = await homeAt(t, server.env);
    assert.equal(home.where, 's3://pages/runs/a b+(ü)');
    assert.equal(await home.read('run.json'), null);
    assert.equal(await home.open('parts/0'), null);
    await home.write('run.json', Buffer.from('{}'));
    assert.equal(text(await home.read('run.json')), '{}');
    const names = Array.from({ length: 8 }, (_, index) => `part-${index}'*!.everypage`);
    for (const name of names) {
      writeFileSync(home.draft(`parts/${name}`), name);
      await home.publish(`parts/${name}`);
    }
    assert.deepEqual((await home.names('parts')).toSorted(), names);
    const lists = server.asked.filter(({ target }) => target.includes('list-type=2'));
    assert.equal(lists.length, 3);
    const file = await home.open(`parts/${names[3]}`);
    assert.equal(readFileSync(file!.path, 'utf8'), names[3]);
    file!.release();
    assert.throws(() => readFileSync(file!.path), /ENOENT/);
    await home.rename(`parts/${names[0]}`, 'parts/x');
    assert.equal(text(await home.read('parts/x')), names[0]);
    await home.remove([...names, 'x', 'nothing'].map((name) => `parts/${name}`));
    assert.deepEqual(await home.names('parts'), []);
    assert.deepEqual(await server.names(), ['runs/a b+(ü)/run.json']);
  });

  test('a large part goes over HTTP/2 where the server speaks it', async (t) => {
    const { ca, cert, key } = createTestCertificates();
    const server = await startServer(t, { tls: { cert, key } });
    const home = await homeAt(t, server.env, 's3://pages', { ca });
    const bytes = Buffer.alloc(6 * 1024 * 1024, 'abcdefg');
    await home.write('parts/large', bytes);
    assert.ok(bytes.equals((await home.read('parts/large')) ?? Buffer.alloc(0)));
    assert.deepEqual([...new Set(server.asked.map(({ protocol }) => protocol))], ['HTTP/2.0']);
  });

  test('what may heal is tried again: a busy server, a cut connection, a damaged transfer', async (t) => {
    const busy: S3Fault = { status: 503, code: 'SlowDown' };
    const broken: S3Fault = { status: 500, code: 'InternalError' };
    const slow: S3Fault = { status: 400, code: 'RequestTimeout' };
    const respond = inTurn([broken, busy, 'reset', 'damage', slow]);
    const server = await startServer(t, { respond });
    await using client = clientOf(server);
    await client.put('a', Buffer.from('abc'));
    assert.equal(text(await server.stored('a')), 'abc');
    assert.equal(server.asked.length, 6);
    const again = await startServer(t, { respond: inTurn([busy, 'damage', 'damage']) });
    await using reader = clientOf(again);
    await reader.put('a', Buffer.from('abc'));
    assert.equal(text(await reader.get('a')), 'abc');
  });

  test('what does not heal is given up, and a refusal is not asked again', async (t) => {
    const busy = await startServer(t, { respond: () => ({ status: 503, code: 'SlowDown' }) });
    await using client = clientOf(busy);
    const said = /answers 503 Service Unavailable \(SlowDown\)\. Run the same command again later$/;
    assert.match(await refusalOf(client.get('a')), said);
    assert.equal(busy.asked.length, 10);
    const refusing = await startServer(t, {
      respond: () => ({ status: 403, code: 'AccessDenied' }),
    });
    await using refused = clientOf(refusing);
    await refusalOf(refused.get('a'));
    assert.equal(refusing.asked.length, 1);
  });

  test('a stored object that was damaged is noticed, and kept as it is under another name', async (t) => {
    const server = await startServer(t, {
      respond: ({ method, target }) =>
        method === 'GET' && target.endsWith('/a') ? 'damage' : null,
    });
    const home = await homeAt(t, server.env, 's3://pages/p');
    await home.write('a', Buffer.from('abc'));
    await assert.rejects(home.open('a'), { code: 'ARCHIVE_DAMAGED' });
    await home.rename('a', 'a.damaged');
    assert.equal(text(await server.stored('p/a.damaged')), 'acc');
    assert.equal(await server.stored('p/a'), null);
  });

  test('each refusal is one line that says what to do', async (t) => {
    const hour = new Date(Date.now() - 3_600_000);
    const cases: readonly (readonly [S3Fault, RegExp])[] = [
      [
        { status: 404, code: 'NoSuchBucket' },
        /there is no bucket pages at 127.*create it, or correct --store/,
      ],
      [
        { status: 403, code: 'AccessDenied' },
        /access is denied \(AccessDenied\); the credentials need s3:ListBucket/,
      ],
      [
        { status: 301, code: 'PermanentRedirect', region: 'eu-west-3' },
        /not in the region eu-test-1; set AWS_REGION=eu-west-3/,
      ],
      [
        { status: 307, code: 'TemporaryRedirect' },
        /not in the region eu-test-1; set AWS_REGION to its region/,
      ],
      [
        { status: 403, code: 'RequestTimeTooSkewed', date: hour },
        /the clock of this machine is wrong by 60 min, .*; set it/,
      ],
      [{ status: 400, code: 'ExpiredToken' }, /temporary credentials have expired; get new ones/],
      [{ status: 400, code: '\u001b[31mOdd' }, /answers 400 Bad Request \(\S*\[31mOdd\)/],
    ];
    for (const [fault, said] of cases) {
      const server = await startServer(t, { respond: () => fault });
      const message = await refusalOf((await homeAt(t, server.env)).read('run.json'));
      assert.match(message, said);
      assert.ok(!message.includes('\u001b'));
    }
    const server = await startServer(t);
    const withEnv = async (env: Readonly<Record<string, string>>): Promise<string> =>
      refusalOf((await homeAt(t, { ...server.env, ...env })).read('run.json'));
    assert.match(await withEnv({ AWS_REGION: 'us-east-1' }), /set AWS_REGION=eu-test-1/);
    assert.match(await withEnv({ AWS_ACCESS_KEY_ID: 'AKIDOTHER' }), /does not know the key/);
    assert.match(await withEnv({ AWS_SECRET_ACCESS_KEY: 'falsch' }), /secret does not fit the key/);
    assert.match(await withEnv({ AWS_SESSION_TOKEN: 'old' }), /session token is not valid/);
    const nobody = `http://127.0.0.1:${await freePort()}`;
    assert.match(
      await withEnv({ AWS_ENDPOINT_URL_S3: nobody }),
      /cannot be reached at 127\.0\.0\.1:\d+: nothing listens there. AWS_ENDPOINT_URL_S3 says where/,
    );
    const { cert, key } = createTestCertificates();
    const untrusted = await startServer(t, { tls: { cert, key } });
    const secure = await homeAt(t, untrusted.env);
    assert.match(await refusalOf(secure.read('a')), /not trusted; NODE_EXTRA_CA_CERTS names/);
  });
});

function clientOf(server: S3Server): S3Client & AsyncDisposable {
  const place = readS3Place('s3://pages', server.env);
  const transport = createTransport({
    ...transportDefaults,
    proxyFor: () => null,
  });
  const client = new S3Client({
    place,
    credentials: async () => server.keys,
    transport,
    closing: new AbortController().signal,
    random: () => 0,
  });
  return Object.assign(client, { [Symbol.asyncDispose]: () => transport.close() });
}

const transportDefaults: Omit<TransportOptions, 'proxyFor'> = {
  protocol: 'auto',
  concurrency: 4,
  ca: null,
  cert: null,
  key: null,
  insecure: false,
  connectTimeoutMs: 5_000,
  idleTimeoutMs: 5_000,
  timeoutMs: 10_000,
  maxBodyBytes: 1_000_000,
  minBytesPerSecond: 0,
  bodyBudgetBytes: 10_000_000,
};

test('the bucket stands in the host of AWS, and in the path of others', () => {
  const of = (where: string, env: Readonly<Record<string, string>>): string =>
    readS3Place(where, env).base;
  assert.equal(
    of('s3://b1c/x', { AWS_REGION: 'eu-west-1' }),
    'https://b1c.s3.eu-west-1.amazonaws.com',
  );
  assert.equal(
    of('s3://b.c', { AWS_DEFAULT_REGION: 'cn-north-1' }),
    'https://s3.cn-north-1.amazonaws.com.cn/b.c',
  );
  assert.equal(of('s3://b1c', { AWS_ENDPOINT_URL: 'http://minio:9000/' }), 'http://minio:9000/b1c');
  const both = { AWS_ENDPOINT_URL: 'http://a', AWS_ENDPOINT_URL_S3: 'https://h/base/' };
  assert.equal(of('s3://b1c', both), 'https://h/base/b1c');
  assert.deepEqual(
    ['s3://b1c', 's3://b1c/', 's3://b1c//a//b/'].map((where) => readS3Place(where, both).prefix),
    ['', '', 'a/b/'],
  );
  assert.throws(() => of('s3://b1c', {}), /set AWS_REGION/);
  assert.throws(() => of('s3://b1c', { AWS_ENDPOINT_URL: 'minio:9000' }), /in AWS_ENDPOINT_URL$/);
  for (const wrong of [
    's3://',
    's3:b1c',
    's3://me:geheim@b1c/x',
    's3://b1c/../x',
    's3://b1c/x?y',
  ]) {
    assert.throws(
      () => of(wrong, both),
      (error: Error) =>
        /s3:\/\/bucket\/prefix/.test(error.message) && !/geheim/.test(error.message),
    );
  }
});

test('a request to the host of AWS is signed as AWS’s own signer signs it', async () => {
  const keys = { accessKeyId: 'AKID', secretAccessKey: 'geheim' };
  let sent: SignedRequest | null = null;
  const transport = {
    async request({ method, origin, path, headers, body }) {
      const url = new URL(origin + path);
      sent = {
        method,
        url,
        headers: { ...headers, host: url.host },
        body: body ?? Buffer.alloc(0),
      };
      return { status: 200, headers: {}, chunks: [], bodyBytes: 0, protocol: 'HTTP/1.1' };
    },
  } as Partial<Transport> as Transport;
  const place = readS3Place('s3://bucket/p', { AWS_REGION: 'eu-west-1' });
  const { signal: closing } = new AbortController();
  const client = new S3Client({ place, credentials: async () => keys, transport, closing });
  await client.put('p/a=1&2.everypage', Buffer.from('x'));
  assert.equal(sent!.url.host, 'bucket.s3.eu-west-1.amazonaws.com');
  assert.equal(await wrongSignature(sent!, keys, 'eu-west-1'), null);
  assert.equal(await wrongSignature(sent!, keys, 'eu-west-2'), 'AuthorizationHeaderMalformed');
  const other = { ...sent!, body: Buffer.from('y') };
  assert.equal(await wrongSignature(other, keys, 'eu-west-1'), 'XAmzContentSHA256Mismatch');
  const moved = { ...sent!, url: new URL('/p/b', sent!.url) };
  assert.equal(await wrongSignature(moved, keys, 'eu-west-1'), 'SignatureDoesNotMatch');
});

test('credentials come from the environment, or from the chain of AWS', async (t) => {
  const keys = { AWS_ACCESS_KEY_ID: 'a\n', AWS_SECRET_ACCESS_KEY: 'b' };
  const missing = async () => {
    throw new Error("Cannot find package '@aws-sdk/credential-providers'");
  };
  const own = await credentialSource(keys, missing);
  assert.deepEqual(await own(), {
    accessKeyId: 'a',
    secretAccessKey: 'b',
    sessionToken: undefined,
  });
  await assert.rejects(
    credentialSource({ AWS_ACCESS_KEY_ID: 'a' }),
    /AWS_SECRET_ACCESS_KEY is not set/,
  );
  await assert.rejects(
    credentialSource({}, missing),
    /no credentials for S3 are in the environment.*npm install @aws-sdk\/credential-providers/,
  );
  const file = join(temporaryFolder(t), 'credentials');
  writeFileSync(file, '[work]\naws_access_key_id = AKIDFILE\naws_secret_access_key = c\n');
  const before = { ...process.env };
  Object.assign(process.env, { AWS_SHARED_CREDENTIALS_FILE: file, AWS_PROFILE: 'work' });
  t.after(() => {
    process.env = before;
  });
  const { accessKeyId } = await (await credentialSource({}))();
  assert.equal(accessKeyId, 'AKIDFILE');
});
