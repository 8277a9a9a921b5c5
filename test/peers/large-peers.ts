/** Servers that people run, each installed when it is asked for, and the lists that are asked of them. */
import { deepEqual } from 'node:assert/strict';
import { startDirectus } from './directus.ts';
import { rows, startDjango } from './django.ts';
import { startMediaWiki, wikiPages } from './mediawiki.ts';
import type { Peer, PeerCase } from './peer.ts';
import { startPostGraphile } from './postgraphile.ts';
import { things } from './postgres.ts';
import { query, read } from './read.ts';
import { startStrapi, strapiThings } from './strapi.ts';

/** The list as it was seeded. */
function seeded(records: readonly unknown[], path: string, rest: Partial<PeerCase> = {}): PeerCase {
  return { path, all: async () => records, records: records.length, byValue: true, ...rest };
}

const titles = Array.from({ length: wikiPages }, (_, index) => ({
  pageid: index + 1,
  ns: 0,
  title: index === 0 ? 'Main Page' : `Thing ${String(index).padStart(3, '0')}`,
}));

const wiki = '/api.php?action=query&format=json&';

/** Every page with what MediaWiki says of it, in one answer: 500 are the most that it gives. */
function everyPage(properties: string) {
  return async (origin: string): Promise<readonly unknown[]> => {
    const page = await read<{ query: { pages: Record<string, unknown> } }>(
      `${origin}${wiki}generator=allpages&gaplimit=500&${properties}`,
    );
    return Object.values(page.query.pages);
  };
}

/** Strapi gives 100 at once; its ids and dates are its own. */
async function everyContent(origin: string): Promise<readonly unknown[]> {
  const pages: { readonly title: string; readonly cents: number }[] = [];
  for (const page of [1, 2, 3]) {
    const { data } = await read<{ data: typeof pages }>(
      `${origin}/api/things?sort=id&pagination[page]=${page}&pagination[pageSize]=100`,
    );
    pages.push(...data);
  }
  const own = pages.map(({ title, cents }) => ({ title, cents }));
  deepEqual(own, strapiThings);
  return pages;
}

const fields = 'id title cents parent';
const pageInfo = 'pageInfo { hasNextPage endCursor }';

/** A connection of PostGraphile, 20 at once. */
function connection(declared: string, paging: string, rest: string): Partial<PeerCase> {
  return { body: query(`query (${declared}) { allThings(first: 20, ${paging}) { ${rest} } }`) };
}

export const largePeers: readonly Peer[] = [
  {
    package: 'django-rest',
    start: startDjango,
    cases: [
      seeded(rows, '/api/numbered/'),
      seeded(rows, '/api/sized/'),
      seeded(rows, '/api/sized/?page_size=40'),
      seeded(rows, '/api/offset/'),
      seeded(rows, '/api/offset/?limit=50'),
      seeded(rows, '/api/cursor/'),
      // All of it on one page that says nothing of it, and no size parameter works.
      seeded(rows, '/api/whole/', { flags: ['--paginate', 'none', '--records'] }),
    ],
  },
  {
    package: 'mediawiki',
    start: startMediaWiki,
    cases: [
      seeded(titles, `${wiki}list=allpages&aplimit=20`),
      seeded(titles, `${wiki}formatversion=2&list=allpages&aplimit=30`),
      seeded(titles.slice(1), `${wiki}list=categorymembers&cmtitle=Category:Things&cmlimit=25`),
      ...['prop=info', 'prop=info|categories&cllimit=max'].map((properties) => ({
        path: `${wiki}generator=allpages&gaplimit=20&${properties}`,
        all: everyPage(properties),
        records: wikiPages,
      })),
    ],
  },
  {
    package: 'postgraphile',
    start: startPostGraphile,
    cases: [
      seeded(
        things,
        '/graphql',
        connection('$after: Cursor', 'after: $after', `nodes { ${fields} } ${pageInfo} totalCount`),
      ),
      seeded(
        things.map((node) => ({ node })),
        '/graphql',
        connection('$at: Cursor', 'after: $at', `edges { node { ${fields} } } ${pageInfo}`),
      ),
      seeded(
        things,
        '/graphql',
        connection('$offset: Int', 'offset: $offset', `nodes { ${fields} } totalCount`),
      ),
    ],
  },
  {
    package: 'strapi',
    start: startStrapi,
    cases: [
      '/api/things',
      '/api/things?sort=id',
      '/api/things?pagination[pageSize]=30&sort=id',
      '/api/things?pagination[start]=0&pagination[limit]=20&sort=id',
    ].map((path) => ({ path, all: everyContent, records: strapiThings.length })),
  },
  {
    package: 'directus',
    start: startDirectus,
    cases: [
      seeded(things, '/items/things'),
      seeded(things, '/items/things?limit=20'),
      seeded(things, '/items/things?limit=30&meta=*'),
      seeded(things, '/items/things?limit=40&page=1'),
      seeded(
        things.map(({ title }) => ({ title })),
        '/items/things?limit=50&offset=0&fields=title&sort=id',
      ),
    ],
  },
];
