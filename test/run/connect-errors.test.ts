/** Connections that cannot be made, as someone reads it who has run everypage for the first time. */
import assert from 'node:assert/strict';
import { createPrivateKey } from 'node:crypto';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { suite, type TestContext, test } from 'node:test';
import { createTestCertificates } from '../../src/demo/certificate.ts';
import { METADATA, makeUpNetwork, PUBLIC } from '../servers/made-up-network.ts';
import { type PageServerOptions, startPageServer } from '../servers/page-server.ts';
import { startProxyServer } from '../servers/proxy-server.ts';
import { startRawServer } from '../servers/raw-server.ts';
import { temporaryFolder } from './run-cli.ts';
import { runInProcess } from './run-in-process.ts';

process.env['NO_PROXY'] = '';

async function unusedPort(): Promise<number> {
  const server = createServer().listen(0, PUBLIC);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

const network = makeUpNetwork({ 'api.example': [PUBLIC], 'empty.example': [METADATA] });

/** One run of one page, without patience. */
function fetchPage(t: TestContext, url: string, ...flags: string[]) {
  const output = join(temporaryFolder(t), 'items.ndjson');
  const args = [url, '-o', output, '--paginate', 'none', '--retry', '0', '-x', '', ...flags];
  return runInProcess(args, { network });
}

async function openServer(t: TestContext, options: PageServerOptions) {
  const server = await startPageServer(options);
  t.after(() => server.close());
  return server;
}

suite('what is said, and how it ends, where', { concurrency: 4 }, () => {
  test('the name does not resolve', async (t) => {
    const { code, stderr } = await fetchPage(t, 'https://api.exmaple/', '--retry', '5');
    assert.equal(code, 3, stderr);
    assert.match(
      stderr,
      /the name of api\.exmaple does not resolve \(ENOTFOUND\): is it spelt right, .*\(2 attempts\)/,
    );
  });

  test('nobody listens', async (t) => {
    const port = await unusedPort();
    const { code, stderr } = await fetchPage(t, `http://api.example:${port}/`);
    assert.equal(code, 3, stderr);
    assert.match(stderr, /api\.example:\d+ cannot be reached \(ECONNREFUSED\): nothing listens/);
  });

  test('a server is silent before the handshake', async (t) => {
    const server = await startRawServer(() => {});
    t.after(() => server.close());
    const url = `https://api.example:${server.port}/`;
    const { code, stderr } = await fetchPage(t, url, '--connect-timeout', '3s');
    assert.equal(code, 3, stderr);
    assert.match(
      stderr,
      /no TLS handshake with api\.example:\d+ within 3 s; --connect-timeout allows longer/,
    );
  });

  test('https is asked of a server that speaks http', async (t) => {
    const server = await openServer(t, { protocol: 'http' });
    const url = server.template(1).replace('http://localhost', 'https://api.example');
    const { code, stderr } = await fetchPage(t, url, '--retry', '5');
    assert.equal(code, 3, stderr);
    assert.match(stderr, /it does not speak TLS on this port; write http:\/\/ in its URL\n/);
  });

  for (const [what, options, cure] of [
    [
      'authority is unknown',
      {},
      /does not know \(\w+\); --cacert FILE trusts its authority, -k acc/,
    ],
    [
      'date is past',
      { isExpired: true },
      /has expired \(\w+\); is this machine's clock right\? -k/,
    ],
    [
      'name is another',
      { names: ['b.example'] },
      /is for another name \(\w+\); is the host of the/,
    ],
  ] as const) {
    test(`a certificate's ${what}: never tried again`, async (t) => {
      const certificates = createTestCertificates({ names: ['api.example'], ...options });
      const server = await openServer(t, { certificates });
      const ca = join(temporaryFolder(t), 'ca.pem');
      writeFileSync(ca, server.ca);
      const trust = 'names' in options || 'isExpired' in options ? ['--cacert', ca] : [];
      const url = server.template(1).replace('localhost', 'api.example');
      const { code, stderr } = await fetchPage(t, url, ...trust, '--retry', '5');
      assert.equal(code, 1, stderr);
      assert.match(stderr, /Stopped for safety: the certificate of api\.example:\d+ /);
      assert.match(stderr, cure);
      assert.equal(server.counts().total, 0);
      // The connection that begins early and the request's own; an unknown authority is looked up in
      // the operating system's list too.
      assert.ok(server.counts().connections <= 4);
    });
  }

  test("a client's key has a passphrase: nothing is asked for", async (t) => {
    const folder = temporaryFolder(t);
    const pem = createPrivateKey(createTestCertificates().key).export({
      ...{ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'hush' },
    });
    const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
    writeFileSync(cert, createTestCertificates().cert);
    writeFileSync(key, pem);
    const flags = ['--cert', cert, '--cert-key', key];
    const { code, stderr } = await fetchPage(t, 'https://api.example/', ...flags);
    assert.equal(code, 2, stderr);
    assert.match(stderr, /protected by a passphrase.*openssl pkey -in /);
  });

  test("a client's key is another's: nothing is asked for", async (t) => {
    const folder = temporaryFolder(t);
    const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
    writeFileSync(cert, createTestCertificates().cert);
    writeFileSync(key, createTestCertificates().key);
    const flags = ['--cert', cert, '--cert-key', key];
    const other = await fetchPage(t, 'https://api.example/', ...flags);
    assert.equal(other.code, 2, other.stderr);
    assert.match(other.stderr, /--cert-key \S+key\.pem is not the key of --cert \S+cert\.pem/);
    writeFileSync(key, '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n');
    const broken = await fetchPage(t, 'https://api.example/', ...flags);
    assert.equal(broken.code, 2, broken.stderr);
    assert.match(broken.stderr, /--cert-key \S+key\.pem holds no private key that can be read/);
  });

  test('a file of certificates cannot be read: its flag is named', async (t) => {
    const folder = temporaryFolder(t);
    for (const [path, why] of [
      [join(folder, 'none.pem'), /--cacert \S+none\.pem cannot be read: it does not exist/],
      [folder, /--cacert \S+ cannot be read: it is a folder/],
    ] as const) {
      const { code, stderr } = await fetchPage(t, 'https://api.example/', '--cacert', path);
      assert.equal(code, 2, stderr);
      assert.match(stderr, why);
    }
  });

  test('a client certificate is wanted: what -k cannot help is not cured with -k', async (t) => {
    const { ca, cert, key } = createTestCertificates({ names: ['api.example'] });
    const tls = { ca, cert, key, requestCert: true, rejectUnauthorized: true };
    const server = await startRawServer(() => {}, tls);
    t.after(() => server.close());
    const { code, stderr } = await fetchPage(t, `https://api.example:${server.port}/`, '-k');
    assert.equal(code, 1, stderr);
    assert.match(stderr, /wants a client certificate .*: --cert FILE --cert-key FILE; -k does not/);
    assert.doesNotMatch(stderr, /-k accepts|--cacert/);
  });

  test('a proxy that was not named asks for credentials', async (t) => {
    const proxy = await startProxyServer({ authorization: 'Basic other' });
    t.after(() => proxy.close());
    const { code, stderr } = await fetchPage(t, proxy.url.replace('127.0.0.1', 'api.example'));
    assert.equal(code, 3, stderr);
    assert.match(
      stderr,
      /407 .* a proxy on the way asks for credentials; -x http:\/\/user:password@/,
    );
  });

  test('a proxy asks for credentials: it stops, and goes on with them', async (t) => {
    const server = await openServer(t, {});
    const authorization = `Basic ${Buffer.from('me:hush').toString('base64')}`;
    const proxy = await startProxyServer({ authorization });
    t.after(() => proxy.close());
    const url = server.template(3);
    const wrong = proxy.url.replace('//', '//me:wrong@');
    const { code, stderr } = await fetchPage(t, url, '-x', wrong, '--retry', '5', '-k');
    assert.equal(code, 4, stderr);
    assert.match(
      stderr,
      /the proxy asks for credentials \(407\)\..* -x http:\/\/user:password@host/,
    );
    assert.doesNotMatch(stderr, /wrong/);
    const right = proxy.url.replace('//', '//me:hush@');
    const ended = await fetchPage(t, url, '-x', right, '-k');
    assert.equal(ended.code, 0, ended.stderr);
  });

  for (const [what, refuseWith] of [
    ['does not allow the host', 403],
    ['cannot reach the host', 502],
  ] as const) {
    test(`a proxy ${what}`, async (t) => {
      const proxy = await startProxyServer({ refuseWith });
      t.after(() => proxy.close());
      const { code, stderr } = await fetchPage(t, 'https://api.example/', '-x', proxy.url);
      assert.equal(code, 3, stderr);
      assert.match(
        stderr,
        new RegExp(`answered ${refuseWith} when asked for api\\.example:443; -x, HTTPS_PROXY`),
      );
    });
  }

  test("a proxy's name does not resolve", async (t) => {
    const flags = ['-x', 'http://me:hush@proxy.exmaple:3128'];
    const { code, stderr } = await fetchPage(t, 'https://api.example/', ...flags);
    assert.equal(code, 3, stderr);
    assert.match(
      stderr,
      /the name of proxy proxy\.exmaple does not resolve \(ENOTFOUND\): is it spelt right, and is there a network\? -x, HTTPS_PROXY or/,
    );
    assert.doesNotMatch(stderr, /hush/);
  });

  test('a proxy is not there', async (t) => {
    const proxy = `http://me:hush@api.example:${await unusedPort()}`;
    const { code, stderr } = await fetchPage(t, 'https://b.example/', '-x', proxy);
    assert.equal(code, 3, stderr);
    assert.match(stderr, /proxy api\.example:\d+ cannot be reached .*-x '' goes without a proxy/);
    assert.doesNotMatch(stderr, /hush/);
  });
});
