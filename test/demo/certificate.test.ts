import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, get } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { createTestCertificates } from '../../src/demo/certificate.ts';

const run = promisify(execFile);

const isInstalled = (command: string): Promise<boolean> =>
  run(command, ['--help']).then(
    () => true,
    (error: { code?: unknown }) => error.code !== 'ENOENT',
  );

describe('throwaway certificates', () => {
  const made = createTestCertificates();
  const server = createServer({ cert: made.cert, key: made.key }, (_request, response) =>
    response.end('"seen"'),
  );
  let folder = '';
  let port = 0;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'everypage-certificate-'));
    await writeFile(join(folder, 'ca.pem'), made.ca);
    await writeFile(join(folder, 'cert.pem'), made.cert);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    port = (server.address() as AddressInfo).port;
  });

  after(async () => {
    server.close();
    server.closeAllConnections();
    await rm(folder, { recursive: true });
  });

  it('state what they are for', () => {
    const ca = new X509Certificate(made.ca);
    const leaf = new X509Certificate(made.cert);
    assert.equal(ca.ca, true);
    assert.equal(leaf.ca, false);
    assert.equal(leaf.verify(ca.publicKey), true);
    assert.equal(leaf.checkIssued(ca), true);
    assert.match(
      leaf.subjectAltName ?? '',
      /DNS:localhost, IP Address:127\.0\.0\.1, IP Address:0:0/,
    );
    assert.ok(Date.parse(leaf.validFrom) < Date.now() - 3_600_000);
    assert.ok(Date.parse(leaf.validTo) > Date.now() + 700 * 86_400_000);
    assert.notEqual(leaf.serialNumber, ca.serialNumber);
    assert.notEqual(createTestCertificates().ca, made.ca);
  });

  it('are for the names asked for', () => {
    const { cert } = createTestCertificates({ names: ['api.example', '2001:db8::7', '10.0.0.9'] });
    const leaf = new X509Certificate(cert);
    assert.equal(leaf.checkHost('api.example'), 'api.example');
    assert.equal(leaf.checkIP('2001:db8:0:0:0:0:0:7'), '2001:db8:0:0:0:0:0:7');
    assert.equal(leaf.checkIP('10.0.0.9'), '10.0.0.9');
    assert.equal(leaf.checkHost('localhost'), undefined);
  });

  it('are accepted by Node for a name and an address, and only with their authority', async () => {
    for (const host of ['localhost', '127.0.0.1']) {
      const request = get({ host, port, ca: made.ca, agent: false });
      const [response] = await once(request, 'response');
      assert.equal(response.statusCode, 200);
      response.resume();
    }
    const stranger = get({
      host: 'localhost',
      port,
      ca: createTestCertificates().ca,
      agent: false,
    });
    await assert.rejects(once(stranger, 'response'), /signature|unable to verify|unable to get/);
  });

  it('are accepted by openssl in strict mode', async (t) => {
    if (!(await isInstalled('openssl'))) return t.skip('openssl is not installed');
    const { stdout } = await run('openssl', [
      ...['verify', '-x509_strict', '-purpose', 'sslserver', '-verify_hostname', 'localhost'],
      ...['-CAfile', join(folder, 'ca.pem'), join(folder, 'cert.pem')],
    ]);
    assert.match(stdout, /OK/);
  });

  it('are accepted by curl', async (t) => {
    if (!(await isInstalled('curl'))) return t.skip('curl is not installed');
    const { stdout } = await run('curl', [
      ...[
        '-sS',
        '--noproxy',
        '*',
        '--cacert',
        join(folder, 'ca.pem'),
        `https://localhost:${port}/`,
      ],
    ]);
    assert.equal(stdout, '"seen"');
  });

  it('are accepted by Python in strict mode', async (t) => {
    if (!(await isInstalled('python3'))) return t.skip('python3 is not installed');
    const script = `
import socket, ssl, sys
context = ssl.create_default_context(cafile=sys.argv[1])
context.verify_flags |= ssl.VERIFY_X509_STRICT
with context.wrap_socket(socket.create_connection(("127.0.0.1", int(sys.argv[2]))), server_hostname="localhost") as s:
    print(s.getpeercert()["subject"][0][0][1])
`;
    const { stdout } = await run('python3', ['-c', script, join(folder, 'ca.pem'), String(port)]);
    assert.equal(stdout.trim(), 'localhost');
  });
});
