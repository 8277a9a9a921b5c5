/** Directus over a PostgreSQL of its own, with the list open to everybody. */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { installedName, npmFolder } from './install.ts';
import type { RunningPeer } from './peer.ts';
import { startPostgres } from './postgres.ts';
import { environment, startOnPort } from './start-server.ts';

const token = 'a-token-of-this-test-only';

export async function startDirectus(folder: string): Promise<RunningPeer> {
  const installed = npmFolder('directus', ['directus@11.17.4', 'pg@8']);
  const modules = join(installed, 'node_modules');
  // The sandbox for scripts in flows is native, and no script of a package is run here to build it.
  writeFileSync(join(modules, 'isolated-vm/isolated-vm.js'), 'module.exports = {};\n');
  const database = await startPostgres(folder);
  const env = (port: number): NodeJS.ProcessEnv => ({
    DB_CLIENT: 'pg',
    DB_CONNECTION_STRING: database.url,
    HOST: '127.0.0.1',
    PORT: `${port}`,
    PUBLIC_URL: `http://127.0.0.1:${port}`,
    SECRET: 'a-secret-of-this-test-only-that-is-long',
    ADMIN_EMAIL: 'admin@example.com',
    ADMIN_PASSWORD: 'of-a-test-only',
    ADMIN_TOKEN: token,
    TELEMETRY: 'false',
    SERVE_APP: 'false',
    LOG_LEVEL: 'warn',
  });
  const script = join(modules, 'directus/cli.js');
  try {
    execFileSync(process.execPath, [script, 'bootstrap'], {
      cwd: folder,
      env: { ...environment, ...env(0) },
      stdio: 'pipe',
      timeout: 300_000,
    });
    const server = await startOnPort((port) => ({
      command: process.execPath,
      args: [script, 'start'],
      cwd: folder,
      env: env(port),
    }));
    return {
      port: server.port,
      name: installedName('directus', installed),
      fill: openToAll,
      async stop() {
        await server.stop();
        await database.stop();
      },
    };
  } catch (error) {
    await database.stop();
    throw error;
  }
}

/** Everybody may read: the public policy gets the permission. */
async function openToAll(origin: string): Promise<void> {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const policies = await fetch(`${origin}/policies`, { headers });
  const { data } = (await policies.json()) as { data: { id: string; name: string }[] };
  const policy = data.find(({ name }) => name === '$t:public_label')?.id;
  const permission = { policy, collection: 'things', action: 'read', fields: ['*'] };
  const body = JSON.stringify(permission);
  const said = await fetch(`${origin}/permissions`, { method: 'POST', headers, body });
  if (!said.ok) throw new Error(`the list was not opened: ${said.status} ${await said.text()}`);
}
