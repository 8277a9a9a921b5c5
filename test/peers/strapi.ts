/** Strapi over a PostgreSQL of its own, with one type of content that everybody may read. */
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { installedName, npmFolder } from './install.ts';
import type { RunningPeer } from './peer.ts';
import { startPostgres, things } from './postgres.ts';
import { startOnPort } from './start-server.ts';

const UI = ['react@18', 'react-dom@18', 'react-router-dom@6', 'styled-components@6'];

/** What Strapi makes of a record beside its own fields: it gives it dates and a second id. */
export const strapiThings = things.map(({ title, cents }) => ({ title, cents }));

const middlewares = 'errors security cors query body favicon public'
  .split(' ')
  .map((name) => `strapi::${name}`);
const factory = (of: string, rest = ''): string =>
  `module.exports = require('@strapi/strapi').factories.createCore${of}('api::thing.thing'${rest});`;
const schema = {
  kind: 'collectionType',
  collectionName: 'strapi_things',
  info: { singularName: 'thing', pluralName: 'things', displayName: 'Thing' },
  options: { draftAndPublish: false },
  attributes: { title: { type: 'string' }, cents: { type: 'integer' } },
};

/** The files of an app, by their paths. */
const files: Readonly<Record<string, string>> = {
  'package.json': '{ "name": "peer", "private": true, "version": "0.0.0" }',
  'config/database.js': `module.exports = { connection: { client: 'postgres',
    connection: { connectionString: process.env.DATABASE_URL } } };`,
  'config/server.js': `module.exports = { host: '127.0.0.1', port: Number(process.env.PORT),
    app: { keys: ['of a test', 'only'] } };`,
  'config/admin.js': `module.exports = { serveAdminPanel: false, auth: { secret: 'of a test' },
    apiToken: { salt: 'of a test' }, transfer: { token: { salt: 'of a test' } } };`,
  'config/middlewares.js': `module.exports = ${JSON.stringify(middlewares)};`,
  'public/uploads/none': '',
  'src/api/thing/content-types/thing/schema.json': JSON.stringify(schema),
  'src/api/thing/controllers/thing.js': factory('Controller'),
  'src/api/thing/services/thing.js': factory('Service'),
  'src/api/thing/routes/thing.js': factory('Router', ', { config: { find: { auth: false } } }'),
};

export async function startStrapi(folder: string): Promise<RunningPeer> {
  const installed = npmFolder('strapi', ['@strapi/strapi@5.54.0', 'pg@8', ...UI]);
  const app = join(folder, 'app');
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(app, path)), { recursive: true });
    writeFileSync(join(app, path), text);
  }
  symlinkSync(join(installed, 'node_modules'), join(app, 'node_modules'));
  writeFileSync(join(app, 'things.json'), JSON.stringify(strapiThings));
  const database = await startPostgres(folder);
  const server = await startOnPort((port) => ({
    command: process.execPath,
    args: [join(import.meta.dirname, 'strapi-process.cjs'), app, join(app, 'things.json')],
    cwd: app,
    env: {
      DATABASE_URL: database.url,
      PORT: `${port}`,
      NODE_ENV: 'production',
      STRAPI_TELEMETRY_DISABLED: 'true',
    },
  })).catch(async (error) => {
    await database.stop();
    throw error;
  });
  return {
    port: server.port,
    name: installedName('@strapi/strapi', installed),
    async stop() {
      await server.stop();
      await database.stop();
    },
  };
}
