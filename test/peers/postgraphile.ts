/** PostGraphile over a PostgreSQL of its own. */
import { join } from 'node:path';
import { installedName, npmFolder } from './install.ts';
import type { RunningPeer } from './peer.ts';
import { startPostgres } from './postgres.ts';
import { startOwn } from './start-server.ts';

export async function startPostGraphile(folder: string): Promise<RunningPeer> {
  const installed = npmFolder('postgraphile', ['postgraphile@5.1.5', 'pg@8']);
  const database = await startPostgres(folder);
  const args = [join(installed, 'node_modules'), database.url];
  const server = await startOwn('postgraphile-process.ts', folder, args).catch(async (error) => {
    await database.stop();
    throw error;
  });
  return {
    port: server.port,
    name: installedName('postgraphile', installed),
    async stop() {
      await server.stop();
      await database.stop();
    },
  };
}
