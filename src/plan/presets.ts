/**
 * How named APIs page: data and two look-ups. What differs from list to list within one API (where
 * the records stand, which field is the key) is left out, and detection finds it.
 */
import { EverypageError } from '../core/errors.ts';
import { escapeText } from '../core/escape.ts';
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
  /** Which headers and statuses speak of limits, in a phrase. */
  readonly limits: string;
  /** How it refuses, where statuses and headers do not say it all. */
  readonly refusals?: {
    /** The pause after a refusal that names no time, in milliseconds. */
    readonly pauseMs?: number;
    /** With status 2xx, as an error in the body. */
    readonly inSuccess?: true;
  };
  /** What goes wrong with this API, a short sentence each. */
  readonly traps: readonly string[];
  /** `recalled`: not all of it was found in the vendor's documentation. */
  readonly source: 'documented' | 'recalled';
}

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

/** Where a host has more than one, the one that `presetForHost` gives stands first. */
export const presets: readonly Preset[] = [
  api('github', 'GitHub REST', ['api.github.com'], {
    pagination: { style: 'link', sizeParam: 'per_page' },
    silenceIsEnd: true,
    limits:
      'x-ratelimit-limit, -remaining and -reset (epoch seconds); the secondary limit is 403 or 429, with retry-after or at least a minute',
    refusals: { pauseMs: 60_000 },
    traps: [
      'A per_page above 100 is made 100 in silence',
      'A search gives no more than 1,000 records, and says incomplete_results where it gave up early',
      'Next links lead to a numbered path (/organizations/…, /repositories/…)',
    ],
  }),
  api('github-graphql', 'GitHub GraphQL', ['api.github.com'], {
    pagination: { style: 'graphql', carrier: 'body', key: 'id' },
    failWhen: 'errors',
    limits: 'status 200 with RATE_LIMITED in errors; x-ratelimit headers as in REST',
    refusals: { pauseMs: 60_000, inSuccess: true },
    traps: [
      'The query must ask for pageInfo { hasNextPage endCursor } and take the cursor as a variable: after: $endCursor',
      'A connection gives at most 100 records a page',
      'Errors come with status 200',
    ],
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
    limits: 'ratelimit-limit, -remaining and -reset (epoch seconds); 429 with retry-after',
    traps: [
      'Lists of more than 10,000 records have no totals and no rel="last"',
      'Offsets beyond 50,000 are refused where the list has keyset pagination',
      'A per_page above 100 is made 100 in silence',
    ],
  }),
  api('gitlab-keyset', 'GitLab REST, keyset pagination', ['gitlab.com'], {
    pagination: { style: 'link', sizeParam: 'per_page', records: '@' },
    begin: { pagination: 'keyset', order_by: 'id', sort: 'asc' },
    limits: 'ratelimit-limit, -remaining and -reset (epoch seconds); 429 with retry-after',
    traps: ['Only some lists have it, and each only for certain orders', 'There are no totals'],
  }),
  api('stripe', 'Stripe', ['api.stripe.com'], {
    pagination: {
      ...query('keyset', 'starting_after', 'limit'),
      morePath: 'has_more',
      ...list('data', 'id'),
      keyFrom: 'last',
    },
    limits: '429',
    traps: [
      'Newest first: rows that are made meanwhile come before the first page and are not seen',
      'limit goes up to 100',
      'Search lists go on by page and next_page instead',
    ],
  }),
  api('shopify', 'Shopify REST Admin', ['myshopify.com'], {
    pagination: { style: 'link', sizeParam: 'limit', key: 'id' },
    silenceIsEnd: true,
    limits: 'x-shopify-shop-api-call-limit: 32/40; 429 with retry-after',
    traps: [
      'page_info stands for the whole request: it cannot be edited, and only limit and fields go with it',
      'limit goes up to 250',
    ],
  }),
  api('slack', 'Slack Web API', ['slack.com'], {
    pagination: {
      ...query('cursor', 'cursor', 'limit'),
      nextPath: 'response_metadata.next_cursor',
    },
    silenceIsEnd: true,
    failWhen: 'ok == false',
    limits: '429 with retry-after, for each method apart',
    refusals: { inSuccess: true },
    traps: [
      'Errors come with status 200 and ok: false',
      'Any page may be shorter than limit',
      'The end is an empty next_cursor, or none',
    ],
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
    limits: 'about three requests a second; 429 with retry-after',
    traps: [
      'Queries and search are POST; lists by GET take start_cursor as a query parameter (--param-in query)',
      'start_cursor may be left out but not be null',
    ],
  }),
  api('hubspot', 'HubSpot CRM', ['api.hubapi.com'], {
    pagination: {
      ...query('cursor', 'after', 'limit'),
      nextPath: 'paging.next.after',
      totalPath: 'total',
      ...list('results', 'id'),
    },
    silenceIsEnd: true,
    limits: 'x-hubspot-ratelimit-max, -remaining and -interval-milliseconds; 429',
    traps: [
      'Search is POST, with after in the body, and gives no more than 10,000 records',
      'Only search has a total',
      'The last page has no paging at all',
    ],
  }),
  api('salesforce', 'Salesforce REST query', ['salesforce.com'], {
    pagination: {
      style: 'next',
      nextPath: 'nextRecordsUrl',
      morePath: '!done',
      totalPath: 'totalSize',
      ...list('records', 'Id'),
    },
    limits: 'sforce-limit-info: api-usage=18/5000; 403 with REQUEST_LIMIT_EXCEEDED',
    traps: [
      'nextRecordsUrl is relative',
      'Any batch may be shorter than the others',
      'A query that does not select Id has no key',
    ],
  }),
  api('jira', 'Jira Cloud search', ['atlassian.net'], {
    pagination: {
      ...query('cursor', 'nextPageToken', 'maxResults'),
      nextPath: 'nextPageToken',
      morePath: '!isLast',
      ...list('issues', 'id'),
    },
    limits: 'retry-after; x-ratelimit-reset as an ISO 8601 time; 429',
    traps: [
      'The server lowers maxResults as it likes, in mid-list too',
      'There is no total',
      'Lists other than issues page by startAt: see jira-offset',
    ],
  }),
  api('jira-offset', 'Jira, lists with startAt', ['atlassian.net'], {
    pagination: {
      ...query('offset', 'startAt', 'maxResults'),
      first: 0,
      morePath: '!isLast',
      totalPath: 'total',
      sizePath: 'maxResults',
      positionPath: 'startAt',
      key: 'id',
    },
    limits: 'retry-after; x-ratelimit-reset as an ISO 8601 time; 429',
    traps: [
      'The server lowers maxResults as it likes, in mid-list too',
      'Some lists have isLast and no total',
    ],
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
    limits: 'retry-after; x-rate-limit and x-rate-limit-remaining; 429',
    traps: [
      'Without page[size] it pages by number (next_page, count) and answers 400 beyond 10,000 records',
    ],
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
    limits: 'as the host has them',
    traps: [
      'A page past the end is 400',
      'A per_page above 100 is 400',
      'Newest first: posts that are published meanwhile move the rest to later pages',
    ],
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
      limits: 'maxlag errors and 503 with retry-after; 429',
      refusals: { pauseMs: 5_000, inSuccess: true },
      traps: [
        'Without formatversion=2 the pages are an object by id and no array',
        'With several properties one page comes spread over the responses until batchcomplete',
        'All of continue goes into the first request, without what an earlier continue held',
        'Errors come with status 200',
      ],
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
    limits: '429 for the daily limit, 403 for the speed',
    traps: [
      'Without cursor=* it pages by number, 10,000 records deep',
      'The last page of records has a cursor; the empty page after it has none',
    ],
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
    limits: 'x-rate-limit-limit and x-rate-limit-interval (1s); 429; a limit on requests at once',
    traps: [
      'Without cursor=* it pages by offset, 10,000 records deep',
      'The cursor holds characters that must be encoded',
      'Only works have a DOI as their key: --key names another',
      'The last page has a cursor too, which leads to an empty page',
    ],
    source: 'recalled',
  }),
  api('solr', 'Apache Solr', [], {
    pagination: {
      ...query('cursor', 'cursorMark', 'rows'),
      nextPath: 'nextCursorMark',
      totalPath: 'response.numFound',
      records: 'response.docs',
      repeatIsEnd: true,
    },
    begin: { cursorMark: '*' },
    limits: 'as the host has them',
    traps: [
      'The sort must hold the unique key',
      'The same nextCursorMark again is the end',
      'numFound is a lower bound where numFoundExact is false',
    ],
  }),
  // The service stands on a host that others of EMBL-EBI share, so only its own name is a hint.
  api('europepmc', 'Europe PMC', ['europepmc.org'], {
    pagination: {
      ...query('cursor', 'cursorMark', 'pageSize'),
      nextPath: 'nextCursorMark',
      totalPath: 'hitCount',
      records: 'resultList.result',
      repeatIsEnd: true,
    },
    begin: { cursorMark: '*', format: 'json' },
    limits: '429',
    traps: [
      'The same nextCursorMark again is the end',
      'An id is unique only together with its source',
      'pageSize goes up to 1,000',
    ],
    source: 'recalled',
  }),
  api('socrata', 'Socrata (SODA)', ['socrata.com'], {
    pagination: { ...query('offset', '$offset', '$limit'), first: 0, records: '@' },
    begin: { $order: ':id' },
    limits: '429 without an application token',
    traps: [
      'Without $order the order may change from page to page',
      'There is no total: select=count(*) gives it',
      'Cities serve it under names of their own',
    ],
  }),
  api(
    'ckan',
    'CKAN package_search',
    ['catalog.data.gov', 'ckan.publishing.service.gov.uk', 'open.canada.ca'],
    {
      pagination: {
        ...query('offset', 'start', 'rows'),
        first: 0,
        totalPath: 'result.count',
        ...list('result.results', 'id'),
      },
      failWhen: 'success == false',
      limits: 'as the host has them',
      traps: [
        'rows above 1,000 (or what the site set) are clamped in silence',
        'success: false may come with status 200',
        'datastore_search has offset, limit, result.total and result.records instead',
      ],
    },
  ),
  api('django', 'Django REST framework', [], {
    pagination: {
      style: 'next',
      nextPath: 'next',
      totalPath: 'count',
      records: 'results',
      pastEnd: [404],
    },
    limits: '429 with retry-after',
    traps: [
      'Behind a proxy the links may say http',
      'Cursor pagination has no count',
      'A page past the end is 404',
    ],
  }),
  api('graph', 'Microsoft Graph, OData', ['graph.microsoft.com'], {
    pagination: {
      style: 'next',
      sizeParam: '$top',
      nextPath: '@odata\\.nextLink',
      totalPath: '@odata\\.count',
      ...list('value', 'id'),
    },
    limits: '429 with retry-after',
    traps: [
      'The next link may be another path',
      'Directory objects are counted only with $count=true and the header consistencylevel: eventual',
      '@odata.deltaLink begins the next round of a delta query; it is no next page',
      'An empty page with a next link goes on',
    ],
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
    limits: '429 (es_rejected_execution_exception)',
    traps: [
      'Your body must hold sort, with a field that is unique in the end, and size',
      'Without a point in time (pit in your body) changes during the run are not kept out',
      'hits.total is a lower bound beyond 10,000 unless your body says track_total_hits: true',
    ],
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
    limits: '429 (es_rejected_execution_exception)',
    traps: [
      'from + size beyond 10,000 is 400; search_after reads on',
      'hits.total is a lower bound beyond 10,000 unless track_total_hits=true',
    ],
  }),
  api('airtable', 'Airtable', ['api.airtable.com'], {
    pagination: {
      ...query('cursor', 'offset', 'pageSize'),
      nextPath: 'offset',
      ...list('records', 'id'),
    },
    silenceIsEnd: true,
    limits: 'five requests a second to a base; after a 429 nothing for 30 s',
    refusals: { pauseMs: 30_000 },
    traps: ['offset is a token and no number', 'The token expires', 'pageSize goes up to 100'],
  }),
  api('discord', 'Discord', ['discord.com'], {
    pagination: { ...query('keyset', 'before', 'limit'), ...list('@', 'id'), keyFrom: 'last' },
    limits:
      'x-ratelimit-reset-after (seconds with a fraction), -remaining, -bucket and -scope; 429 with retry_after in the body',
    traps: [
      'Newest first: messages that come meanwhile are not seen',
      'Members and bans go on by after (--page-param after), and members have their id in user.id',
      'Ten thousand refused requests in ten minutes are a ban',
      'limit beyond 100 is 400',
    ],
  }),
  api('pokeapi', 'PokéAPI', ['pokeapi.co'], {
    pagination: {
      style: 'next',
      sizeParam: 'limit',
      nextPath: 'next',
      totalPath: 'count',
      ...list('results', 'url'),
    },
    limits: 'none stated; fair use',
    traps: ['Records have no id, only a URL and mostly a name'],
  }),
  api('google', 'Google APIs', ['googleapis.com'], {
    pagination: {
      style: 'cursor',
      param: 'pageToken',
      carrier: 'query',
      nextPath: 'nextPageToken',
    },
    silenceIsEnd: true,
    limits: '429, or 403 with rateLimitExceeded or quotaExceeded',
    traps: [
      'An empty page with a token goes on',
      'nextSyncToken in the last page is no next page',
      'The page size is maxResults in some APIs and pageSize in others',
    ],
  }),
  api('npm-search', 'npm registry search', ['registry.npmjs.org'], {
    pagination: {
      ...query('offset', 'from', 'size'),
      first: 0,
      totalPath: 'total',
      ...list('objects', 'package.name'),
    },
    limits: '429',
    traps: ['size above 250 is clamped', 'The order is by score, and scores change'],
    source: 'recalled',
  }),
  api('couchdb', 'CouchDB views and _all_docs', [], {
    pagination: {
      ...query('offset', 'skip', 'limit'),
      first: 0,
      totalPath: 'total_rows',
      positionPath: 'offset',
      ...list('rows', 'id'),
    },
    limits: 'as the host has them',
    traps: [
      'Without limit it sends everything in one page',
      'startkey is JSON and gives the last row again; skip has no overlap, but may be slow far in',
      'total_rows counts the whole view, also where startkey or key leaves rows out',
      'A view may hold one document’s id several times',
    ],
  }),
];

/**
 * The preset of that name.
 *
 * @throws EverypageError USAGE for a name that there is not, with the names nearest to it
 */
export function findPreset(name: string): Preset {
  const preset = presets.find((it) => it.name === name);
  if (preset !== undefined) return preset;
  const near = nearestNames(name);
  const hint = near.length === 0 ? '' : ` (did you mean ${near.join(' or ')}?)`;
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

/** At most three names that share the most pairs of letters with what was written. */
function nearestNames(written: string): readonly string[] {
  const pairs = pairsOf(written);
  return presets
    .map(({ name }) => ({ name, likeness: likeness(pairs, pairsOf(name)) }))
    .filter((it) => it.likeness >= 0.4)
    .sort((a, b) => b.likeness - a.likeness)
    .slice(0, 3)
    .map(({ name }) => name);
}

/** Dice's coefficient. */
function likeness(a: ReadonlySet<string>, b: ReadonlySet<string>): number {
  return (2 * a.intersection(b).size) / (a.size + b.size);
}

/** The ends count as letters too, so that the first letter weighs more. */
function pairsOf(text: string): ReadonlySet<string> {
  const padded = `^${text.toLowerCase().replaceAll(/[^a-z]/g, '')}$`;
  return new Set(Array.from(padded.slice(1), (letter, index) => `${padded[index]}${letter}`));
}
