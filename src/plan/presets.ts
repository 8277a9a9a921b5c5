/**
 * How named APIs page that cannot be read by their URL alone, or have a trap: data and two look-ups. What
 * differs from list to list within one API (where the records stand, which field is the key) is left out,
 * and detection finds it.
 */
import { EverypageError } from '../core/errors.ts';
import { escapeText } from '../core/escape.ts';
import { nearest } from '../core/nearest.ts';
import type { Pagination, PaginationStyle } from '../core/pagination.ts';

export interface Preset {
  readonly name: string;
  /** The API's own name. */
  readonly title: string;
  /** Ends of the host names that the service itself uses; none where everyone hosts their own. */
  readonly hosts: readonly string[];
  /** What holds for every list of the API. */
  readonly pagination: Way;
  /** What the API refuses to answer without, credentials aside; lower case. */
  readonly headers?: Readonly<Record<string, string>>;
  /** A first page with records that says nothing of a next one is the last, on every list of the hosts. */
  readonly silenceIsEnd?: true;
  /** Query parameters that a first request must hold to page like this. */
  readonly begin?: Readonly<Record<string, string>>;
  /** JMESPath that is true of a page which says that it failed though its status is 200. */
  readonly failWhen?: string;
  /** How it refuses, where statuses and headers do not say it all. */
  readonly refusals?: {
    /** The pause after a refusal that names no time, in milliseconds. */
    readonly pauseMs?: number;
    /** With status 2xx, as an error in the body. */
    readonly inSuccess?: true;
  };
  /** What goes wrong with this API and its pages do not show. Default: nothing. */
  readonly traps?: readonly Trap[];
  /** `recalled`: not all of it was found in the vendor's documentation. */
  readonly source: 'documented' | 'recalled';
}

/** What a page does not show, and what to do about it. */
export const traps = {
  ceiling: 'a list gives no more records than a limit; --split reads it in parts',
  ban: 'many refused requests lead to a ban',
  order: 'the order changes while the list is read; sort by a field that stays',
} as const;

type Trap = keyof typeof traps;

type Way = Partial<Pagination> & { readonly style: PaginationStyle };

/** A style whose parameters stand in the query. */
function query(style: PaginationStyle, param: string, sizeParam: string): Way {
  return { style, param, carrier: 'query', sizeParam };
}

/** Where the records stand on every list of the API, and what tells one from another. */
function list(records: string, key: string): Pick<Pagination, 'records' | 'key'> {
  return { records, key };
}

type Rest = Omit<Preset, 'name' | 'title' | 'hosts' | 'source'> & { readonly source?: 'recalled' };

/** Where nothing else is said, all of it was found in the vendor's documentation. */
function api(name: string, title: string, hosts: readonly string[], rest: Rest): Preset {
  return { name, title, hosts, ...rest, source: rest.source ?? 'documented' };
}

/**
 * One stays only while test/run/presets-needed.test.ts shows why (issue 13). Where a host has more than one,
 * the one that `presetForHost` gives stands first.
 */
export const presets: readonly Preset[] = [
  api('github', 'GitHub REST', ['api.github.com'], {
    pagination: { style: 'link', sizeParam: 'per_page' },
    silenceIsEnd: true,
    refusals: { pauseMs: 60_000 },
    traps: ['ceiling'],
  }),
  api('github-graphql', 'GitHub GraphQL', ['api.github.com'], {
    pagination: { style: 'graphql', carrier: 'body', key: 'id' },
    failWhen: 'errors',
    refusals: { pauseMs: 60_000, inSuccess: true },
  }),
  api('gitlab', 'GitLab REST', ['gitlab.com'], {
    pagination: {
      ...query('page', 'page', 'per_page'),
      first: 1,
      // Empty in the last page, also where the list is too long to have totals.
      nextHeader: 'x-next-page',
      totalHeader: 'x-total',
      totalPagesHeader: 'x-total-pages',
      records: '@',
    },
    traps: ['ceiling'],
  }),
  api('stripe', 'Stripe', ['api.stripe.com'], {
    pagination: {
      ...query('keyset', 'starting_after', 'limit'),
      morePath: 'has_more',
      ...list('data', 'id'),
      keyFrom: 'last',
    },
    traps: ['order'],
  }),
  api('shopify', 'Shopify REST Admin', ['myshopify.com'], {
    pagination: { style: 'link', sizeParam: 'limit', key: 'id' },
    silenceIsEnd: true,
  }),
  api('slack', 'Slack Web API', ['slack.com'], {
    pagination: {
      ...query('cursor', 'cursor', 'limit'),
      nextPath: 'response_metadata.next_cursor',
    },
    silenceIsEnd: true,
    failWhen: 'ok == false',
    refusals: { inSuccess: true },
  }),
  api('notion', 'Notion', ['api.notion.com'], {
    pagination: {
      style: 'cursor',
      param: 'start_cursor',
      carrier: 'body',
      sizeParam: 'page_size',
      nextPath: 'next_cursor',
      morePath: 'has_more',
      ...list('results', 'id'),
    },
    headers: { 'notion-version': '2022-06-28' },
  }),
  api('hubspot', 'HubSpot CRM', ['api.hubapi.com'], {
    pagination: {
      ...query('cursor', 'after', 'limit'),
      nextPath: 'paging.next.after',
      totalPath: 'total',
      ...list('results', 'id'),
    },
    silenceIsEnd: true,
    traps: ['ceiling'],
  }),
  api('zendesk', 'Zendesk', ['zendesk.com'], {
    pagination: {
      style: 'next',
      sizeParam: 'page[size]',
      nextPath: 'links.next',
      morePath: 'meta.has_more',
      key: 'id',
    },
    begin: { 'page[size]': '100' },
    traps: ['ceiling'],
  }),
  api('wordpress', 'WordPress REST', [], {
    pagination: {
      ...query('page', 'page', 'per_page'),
      first: 1,
      totalHeader: 'x-wp-total',
      totalPagesHeader: 'x-wp-totalpages',
      ...list('@', 'id'),
      pastEnd: [400],
    },
    traps: ['order'],
  }),
  api(
    'mediawiki',
    'MediaWiki action API',
    [
      'wikipedia.org',
      'wikimedia.org',
      'wikidata.org',
      'wiktionary.org',
      'wikisource.org',
      'mediawiki.org',
    ],
    {
      pagination: { style: 'continue', nextPath: 'continue', key: 'pageid' },
      begin: { format: 'json', formatversion: '2' },
      failWhen: 'error',
      refusals: { pauseMs: 5_000, inSuccess: true },
    },
  ),
  api('openalex', 'OpenAlex', ['api.openalex.org'], {
    pagination: {
      ...query('cursor', 'cursor', 'per_page'),
      nextPath: 'meta.next_cursor',
      totalPath: 'meta.count',
      sizePath: 'meta.per_page',
      ...list('results', 'id'),
    },
    begin: { cursor: '*' },
    traps: ['ceiling'],
  }),
  api('crossref', 'Crossref REST', ['api.crossref.org'], {
    pagination: {
      ...query('cursor', 'cursor', 'rows'),
      nextPath: 'message.next-cursor',
      totalPath: 'message.total-results',
      sizePath: 'message.items-per-page',
      ...list('message.items', 'DOI'),
      // An empty page past the end names its own cursor again.
      repeatIsEnd: true,
    },
    begin: { cursor: '*' },
    traps: ['ceiling'],
    source: 'recalled',
  }),
  api('socrata', 'Socrata (SODA)', ['socrata.com'], {
    pagination: { ...query('offset', '$offset', '$limit'), first: 0, records: '@' },
    begin: { $order: ':id' },
    traps: ['order'],
  }),
  api('elasticsearch', 'Elasticsearch search_after', [], {
    pagination: {
      style: 'keyset',
      param: 'search_after',
      carrier: 'body',
      sizeParam: 'size',
      totalPath: 'hits.total',
      // Each hit tells its own sort values, and those are what search_after takes.
      ...list('hits.hits', 'sort'),
      keyFrom: 'last',
    },
    failWhen: 'timed_out == true || _shards.failed > `0`',
    traps: ['order'],
  }),
  api('elasticsearch-from', 'Elasticsearch from and size', [], {
    pagination: {
      ...query('offset', 'from', 'size'),
      first: 0,
      totalPath: 'hits.total',
      ...list('hits.hits', '_id'),
      ceiling: 10_000,
    },
    failWhen: 'timed_out == true || _shards.failed > `0`',
    traps: ['ceiling', 'order'],
  }),
  api('airtable', 'Airtable', ['api.airtable.com'], {
    pagination: {
      ...query('cursor', 'offset', 'pageSize'),
      nextPath: 'offset',
      ...list('records', 'id'),
    },
    silenceIsEnd: true,
    refusals: { pauseMs: 30_000 },
  }),
  api('discord', 'Discord', ['discord.com'], {
    pagination: { ...query('keyset', 'before', 'limit'), ...list('@', 'id'), keyFrom: 'last' },
    traps: ['ban', 'order'],
  }),
  api('google', 'Google APIs', ['googleapis.com'], {
    pagination: {
      style: 'cursor',
      param: 'pageToken',
      carrier: 'query',
      nextPath: 'nextPageToken',
    },
    silenceIsEnd: true,
  }),
  api('npm-search', 'npm registry search', ['registry.npmjs.org'], {
    pagination: {
      ...query('offset', 'from', 'size'),
      first: 0,
      totalPath: 'total',
      ...list('objects', 'package.name'),
    },
    traps: ['order'],
    source: 'recalled',
  }),
];

/**
 * The preset of that name.
 *
 * @throws EverypageError USAGE for a name that there is not, with the name nearest to it
 */
export function findPreset(name: string): Preset {
  const preset = presets.find((it) => it.name === name);
  if (preset !== undefined) return preset;
  const near = nearest(
    name.toLowerCase(),
    presets.map((it) => it.name),
  );
  const hint = near === null ? '' : ` (did you mean ${near}?)`;
  throw new EverypageError(
    'USAGE',
    `there is no preset ${JSON.stringify(escapeText(name, 40))}${hint}; everypage presets lists them`,
  );
}

/** A preset for a host name (`acme.zendesk.com`), or null. What it says is a hint, not evidence. */
export function presetForHost(host: string): Preset | null {
  const name = host.toLowerCase().replace(/:\d+$/, '').replace(/\.$/, '');
  const isOf = (suffix: string): boolean => name === suffix || name.endsWith(`.${suffix}`);
  return presets.find(({ hosts }) => hosts.some(isOf)) ?? null;
}
