/** PostGraphile's HTTP server: `node postgraphile-process.ts NODE_MODULES DATABASE_URL`. */
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { listenAs } from './listening.ts';

interface PostGraphile {
  postgraphile(preset: object): {
    createServ(adaptor: unknown): { addTo(server: ReturnType<typeof createServer>): Promise<void> };
  };
}

const [modules = '', connectionString = ''] = process.argv.slice(2);
const load = createRequire(join(modules, 'of-this-folder.js'));
const { postgraphile } = load('postgraphile') as PostGraphile;
const { grafserv } = load('postgraphile/grafserv/node') as { grafserv: unknown };
const { makeV4Preset } = load('postgraphile/presets/v4') as {
  makeV4Preset(options: object): object;
};
const { makePgService } = load('postgraphile/adaptors/pg') as {
  makePgService(options: object): object;
};

const instance = postgraphile({
  extends: [makeV4Preset({})],
  pgServices: [makePgService({ connectionString, schemas: ['public'] })],
  grafserv: { graphqlPath: '/graphql' },
});
const server = createServer();
await instance.createServ(grafserv).addTo(server);
listenAs(server);
