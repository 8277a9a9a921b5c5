/** The server under test: nginx with one worker where it is installed, else Node in a process of its own. */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { createTestCertificates } from '../src/demo/certificate.ts';
import { freePort } from '../test/servers/free-port.ts';
import { start } from './processes.ts';

export interface BenchServer {
  readonly name: string;
  readonly port: number;
  readonly caFile: string;
}

/** nginx's full path and version, or null. */
function findNginx(): { path: string; version: string } | null {
  for (const path of ['nginx', '/usr/sbin/nginx']) {
    try {
      const version = execFileSync('sh', ['-c', `${path} -v 2>&1`], { encoding: 'utf8' });
      return { path, version: version.trim().replace(/^nginx version: /, '') };
    } catch {
      // Not there; try the next.
    }
  }
  return null;
}

function nginxConfiguration(
  folder: string,
  root: string,
  port: number,
  keepaliveRequests: number,
): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `  ${name}_temp_path ${folder}/${name};`,
  );
  return [
    // As root, nginx would give up its rights and could not read a private temporary folder.
    ...(process.getuid?.() === 0 ? [`user ${userInfo().username};`] : []),
    'daemon off;',
    'worker_processes 1;',
    `pid ${folder}/nginx.pid;`,
    `error_log ${folder}/error.log warn;`,
    'events { worker_connections 4096; }',
    'http {',
    ...temporary,
    '  types { application/json json; }',
    '  access_log off;',
    '  sendfile on;',
    '  tcp_nopush on;',
    // No open_file_cache: with a set of 20,000 files it runs into the limit of open files, and nginx
    // answers 500 from there on.
    `  keepalive_requests ${keepaliveRequests};`,
    '  server {',
    `    listen 127.0.0.1:${port} ssl http2;`,
    `    ssl_certificate ${folder}/cert.pem;`,
    `    ssl_certificate_key ${folder}/key.pem;`,
    // Debian 12's nginx offers TLS 1.2 by default, one round trip more than any server of today.
    '    ssl_protocols TLSv1.2 TLSv1.3;',
    `    root ${root};`,
    '  }',
    '}',
    '',
  ].join('\n');
}

async function waitUntilListening(port: number, isAlive: () => boolean): Promise<void> {
  for (let tries = 0; tries < 100 && isAlive(); tries += 1) {
    const socket = connect(port, '127.0.0.1');
    const isOpen = await once(socket, 'connect').then(
      () => true,
      () => false,
    );
    socket.destroy();
    if (isOpen) return;
    await sleep(50);
  }
  throw new Error('the server did not start');
}

/** Serves `root` by HTTP/2 over TLS on 127.0.0.1; ends with the benchmark. */
export async function startServer(
  folder: string,
  root: string,
  keepaliveRequests: number,
): Promise<BenchServer> {
  mkdirSync(folder, { recursive: true });
  const { ca, cert, key } = createTestCertificates();
  const caFile = join(folder, 'ca.pem');
  writeFileSync(caFile, ca);
  writeFileSync(join(folder, 'cert.pem'), cert);
  writeFileSync(join(folder, 'key.pem'), key, { mode: 0o600 });

  const nginx = findNginx();
  if (nginx === null) {
    const script = new URL('./node-server.ts', import.meta.url).pathname;
    const child = start(process.execPath, [script, root, folder, String(keepaliveRequests)], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const [line] = (await once(createInterface({ input: child.stdout! }), 'line')) as [string];
    return { name: 'node:http2 (nginx is not installed)', port: Number(line), caFile };
  }
  const port = await freePort();
  const configuration = join(folder, 'nginx.conf');
  writeFileSync(configuration, nginxConfiguration(folder, root, port, keepaliveRequests));
  const args = ['-c', configuration, '-p', folder, '-e', join(folder, 'error.log')];
  const child = start(nginx.path, args, { stdio: ['ignore', 'inherit', 'inherit'] });
  await waitUntilListening(port, () => child.exitCode === null);
  return { name: nginx.version, port, caFile };
}
