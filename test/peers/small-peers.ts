/** The servers, and the lists that are asked of them. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { items } from './items.ts';
import type { Peer } from './peer.ts';
import { publishPackages } from './publish-packages.ts';
import { query, read, whole } from './read.ts';
import { startOwn, startProgram } from './start-server.ts';

/** More than the 250 that verdaccio gives at once. */
const packageNames = Array.from(
  { length: 290 },
  (_, index) => `thing-${String(index + 1).padStart(4, '0')}`,
);

const verdaccioConfiguration = `
storage: ./storage
auth: { htpasswd: { file: ./htpasswd, max_users: -1 } }
uplinks: {}
packages: { '**': { access: $all, publish: $anonymous } }
log: { type: stdout, format: json, level: error }
`;

const records = items.length;

async function searchAll(origin: string): Promise<readonly unknown[]> {
  const pages = [0, 250].map((from) =>
    read<{ objects: unknown[] }>(`${origin}/-/v1/search?text=thing&size=250&from=${from}`),
  );
  return (await Promise.all(pages)).flatMap(({ objects }) => objects);
}

const node = 'node { id title price owner { id tags } parent }';
const shallow = (paging: string): string =>
  `items(${paging}) { totalCount pageInfo { hasNextPage endCursor } edges { ${node} } }`;

async function everyEdge(origin: string): Promise<readonly unknown[]> {
  const page = await read<{ data: { items: { edges: unknown[] } } }>(
    `${origin}/graphql`,
    query(`{ ${shallow('first: 1000')} }`),
  );
  return page.data.items.edges;
}

async function everyRow(origin: string): Promise<readonly unknown[]> {
  // Feathers gives no more than 50 at once.
  const offsets = Array.from({ length: Math.ceil(records / 50) }, (_, index) => index * 50);
  const pages = offsets.map((offset) =>
    read<{ data: unknown[] }>(`${origin}/items?$limit=50&$skip=${offset}`),
  );
  return (await Promise.all(pages)).flatMap(({ data }) => data);
}

async function everyThing(origin: string): Promise<readonly unknown[]> {
  const pages = [0, 100, 200].map((offset) =>
    read<{ data: unknown[] }>(
      `${origin}/api/things?page%5Boffset%5D=${offset}&page%5Blimit%5D=100`,
    ),
  );
  return (await Promise.all(pages)).flatMap(({ data }) => data);
}

/** Those of the lock file: they are installed all at once. */
export const smallPeers: readonly Peer[] = [
  {
    package: 'json-server',
    start: (folder) => {
      const file = join(folder, 'db.json');
      writeFileSync(file, JSON.stringify({ items }));
      const args = (port: number) => [file, '--host', '127.0.0.1', '--port', `${port}`];
      return startProgram('json-server/lib/bin.js', args, folder);
    },
    cases: [
      { path: '/items?_page=1', all: whole('/items'), records },
      { path: '/items?_page=1&_per_page=25', all: whole('/items'), records },
      // All of it on one page that says nothing of it.
      { path: '/items', all: whole('/items'), records, flags: ['--paginate', 'none', '--records'] },
    ],
  },
  {
    package: 'json-server-0',
    start: (folder) => {
      const file = join(folder, 'db.json');
      writeFileSync(file, JSON.stringify({ items }));
      const args = (port: number) => [file, '--host', '127.0.0.1', '--port', `${port}`, '--quiet'];
      return startProgram('json-server-0/lib/cli/bin.js', args, folder);
    },
    cases: [
      { path: '/items?_page=1', all: whole('/items'), records },
      { path: '/items?_limit=20', all: whole('/items'), records },
      { path: '/items?_start=0&_limit=30', all: whole('/items'), records },
    ],
  },
  {
    package: 'verdaccio',
    start: async (folder) => {
      const file = join(folder, 'config.yaml');
      writeFileSync(file, verdaccioConfiguration);
      const args = (port: number) => ['--config', file, '--listen', `http://127.0.0.1:${port}`];
      const running = await startProgram('verdaccio/bin/verdaccio', args, folder);
      return { ...running, fill: (origin) => publishPackages(origin, packageNames) };
    },
    cases: [
      { path: '/-/v1/search?text=thing', all: searchAll, records: packageNames.length },
      { path: '/-/v1/search?text=thing&size=50', all: searchAll, records: packageNames.length },
      // Lowered to 250 without a word.
      { path: '/-/v1/search?text=thing&size=1000', all: searchAll, records: packageNames.length },
    ],
  },
  {
    package: 'odata-v4-server',
    start: (folder) => startOwn('odata-process.ts', folder),
    cases: [
      { path: '/odata/Things?$top=20&$count=true', all: whole('/odata/Things', 'value'), records },
      { path: '/odata/Things?$top=17', all: whole('/odata/Things', 'value'), records },
    ],
  },
  {
    package: 'graphql-yoga',
    start: (folder) => startOwn('graphql-process.ts', folder),
    cases: [
      {
        path: '/graphql',
        body: query(`query ($after: String) { ${shallow('first: 20, after: $after')} }`),
        all: everyEdge,
        records,
      },
      {
        path: '/graphql',
        body: query(`query Things($cursor: String) { shop { name
          items(first: 20, after: $cursor) { edges { ${node} } pageInfo { endCursor hasNextPage } }
        } }`),
        all: everyEdge,
        records,
      },
    ],
  },
  {
    package: 'jsonapi-server',
    start: (folder) => startOwn('jsonapi-process.ts', folder),
    cases: [
      { path: '/api/things', all: everyThing, records },
      { path: '/api/things?page[limit]=20', all: everyThing, records },
    ],
  },
  {
    package: '@feathersjs/memory',
    start: (folder) => startOwn('feathers-process.ts', folder),
    cases: [
      { path: '/items?$limit=20', all: everyRow, records },
      {
        path: '/items',
        all: everyRow,
        records,
      },
    ],
  },
  {
    package: 'express-pouchdb',
    start: (folder) => startOwn('pouchdb-process.ts', folder),
    cases: [
      { path: '/items/_all_docs?limit=20', all: whole('/items/_all_docs', 'rows'), records },
      {
        path: '/items/_all_docs?limit=20&include_docs=true',
        all: whole('/items/_all_docs?include_docs=true', 'rows'),
        records,
      },
      {
        path: '/items/_changes?limit=20',
        all: whole('/items/_changes', 'results'),
        records,
      },
    ],
  },
];
