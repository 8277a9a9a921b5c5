/**
 * What names mean in paging, in any spelling: `next_page_token`, `nextPageToken` and
 * `next-page-token` are one name. Names never decide alone; values have to fit as well.
 */

/** Names longer than this mean nothing in paging. */
const MAX_NAME_LENGTH = 64;

/** Letters and digits only, lower case; empty for a name that is too long to mean anything. */
export function squash(name: string): string {
  return name.length > MAX_NAME_LENGTH ? '' : name.toLowerCase().replace(/[^a-z0-9]/g, '');
}

const setOf = (text: string): ReadonlySet<string> => new Set(text.split(' '));

const TOTAL = setOf(
  'total totalcount totalresults totalrecords totalitems totalelements totalsize totalhits ' +
    'totalrows totalentries totalmatches totalmatched totalnumber totalobjects totaldocs ' +
    'totaldocuments totalavailable totalamount totalresultcount totalrecordcount totalitemcount ' +
    'numfound hitcount matchcount recordstotal itemstotal resultstotal counttotal allcount ' +
    'fullcount nbhits nbresults numberofresults numberofrecords numberofitems numresults ' +
    'numrecords numitems numberreturnedtotal numbermatched totalresult totalrecord odatacount ' +
    'inlinecount grandtotal overallcount hitstotal foundcount countall itemsintotal',
);
/** What a filter leaves of a table, beside a total of the whole table: Directus, DataTables. */
const FILTERED_TOTAL = setOf(
  'filtercount filteredcount filteredtotal totalfiltered recordsfiltered totaldisplayrecords ' +
    'filteredtablerowscount itotaldisplayrecords countfiltered filteredrecords totalfilteredcount filteredtotalcount',
);
/** These count the whole list in some APIs and the page in others. */
const VAGUE_TOTAL = setOf(
  'count found items records results rows hits entries elements resultcount recordcount itemcount ' +
    'documentcount objectcount rowcount length quantity matches matched',
);
const TOTAL_PAGES = setOf(
  'totalpages pages pagecount lastpage numpages nbpages pagetotal totalpagecount numberofpages ' +
    'maxpage pagestotal maxpages totalnumberofpages pagescount countpages noofpages lastpagenumber ' +
    'totalpage pagesintotal',
);
const PAGE = setOf(
  'page pagenumber currentpage pageno pagenum pageindex curpage thispage currentpagenumber ' +
    'pageidx pagenr currentpageindex pagecurrent currpage paged p pg pn pagina seite',
);
const OFFSET = setOf(
  'offset start skip startat from startindex firstresult startrow startposition begin ' +
    'recordoffset pageoffset currentoffset startrecord firstitem startfrom beginindex ' +
    'displaystart idisplaystart startoffset resultoffset retstart skipcount debut',
);
const SIZE = setOf(
  'perpage pagesize limit size rows maxresults pagelimit itemsperpage resultsperpage maxrecords ' +
    'maxitems take top pagelen pagelength hitsperpage recordsperpage count num first batchsize ' +
    'numresults maxrows entriesperpage currentlimit itemsonpage perpagecount length n amount ' +
    'resultrecordcount retmax maxresultcount ps nombre itens',
);
const CURSOR = setOf(
  'cursor cursormark after pagetoken nexttoken continuation continuationtoken startcursor ' +
    'pagecursor pageafter startingafter marker bookmark scrollid nextcursor continue pageinfo ' +
    'paginationtoken nextpagetoken pagestate pagekey resumptiontoken aftercursor searchafter ' +
    'exclusivestartkey nextmarker cursornext continuetoken skiptoken',
);
/** Fields that hold a token, besides those whose names end with such a word. */
const TOKEN = setOf(
  'after continue scrollid scroll lastevaluatedkey pagestate pagekey searchafter cursorsafter lastkey',
);
const TOKEN_UNDER_NEXT = setOf(
  'after cursor token page offset start pagetoken key marker id value skip from',
);
const LINK_UNDER_NEXT = setOf('href url uri link path');
const MORE = setOf(
  'hasnext hasnextpage istruncated truncated incomplete exceededtransferlimit canloadmore ' +
    'nextavailable hasadditionalpages thereismore hasnextpages hasnextresults',
);
/** Flags that a page was cut, which may be said of a query or of a text as well as of the list. */
const CUT = setOf('truncated istruncated incomplete exceededtransferlimit');
const DONE = setOf(
  'islast islastpage last lastpage done isdone end isend endoflist endofresults finished ' +
    'isfinished nomore nomoreresults exhausted eof allloaded endreached reachedend nomorepages ' +
    'endofrecords endofstream',
);
/** Objects that describe the page: their fields count as if they stood beside the records. */
const PAGING = setOf(
  'meta metadata pagination paging page pager pageable pages info pageinfo paginator paginate ' +
    'responsemetadata resultinfo searchinfo cursor cursors links header list summary listinfo ' +
    'paginginfo paginationinfo pagedetails resultset context cursormeta',
);

const MORE_PATTERN =
  /^(?:has|is)?more(?:pages?|items?|results?|records?|data|rows|entries|available)*$/;
const NEXT_PATTERN =
  /^(?:odata|page|paging|pagination|links?|cursor|results?|api|meta|response|search|list)*next(?:links?|url|uri|href|path|pages?|records?|results?|batch|set|cursor|token|key|marker|mark|id|offset|start|at|after|continuation|index|number|num|no|value|from|skip|search|row|position)*$/;

/** `@odata.nextLink`, `next_collection_link`: whatever stands before or within it. */
const NEXT_LINK = /nextlink$|^next[a-z]{1,20}link$/;
/** Discourse: `more_topics_url`. */
const MORE_LINK = /^more[a-z]*(?:url|uri|link|href)$/;

/** Words that change the meaning of the next word: `perPage` is not a page. */
const BINDING = setOf(
  'next prev previous per last first total max min page pages has is num number no of start end ' +
    'limit after before current items item results result records record not all this sub child ' +
    'comment comments view views file files like likes retry error errors time date shard shards',
);

/** Whether a name is one of `names`, be it behind a prefix that binds nothing (`opensearch:total`). */
function isOneOf(names: ReadonlySet<string>, name: string): boolean {
  if (name.length > MAX_NAME_LENGTH) return false;
  if (names.has(squash(name))) return true;
  const words = name.match(/[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+/g) ?? [];
  for (let dropped = 1; dropped < words.length; dropped++) {
    if (BINDING.has(words[dropped - 1]!.toLowerCase())) return false;
    const rest = words.slice(dropped).join('').toLowerCase();
    // A short rest after a prefix is more often something of its own: `zip_p`, `lat_n`.
    if (rest.length > 3 && names.has(rest)) return true;
  }
  return false;
}

/** `skipToken`, but no credential and nothing that leads back. */
const TOKEN_PATTERN = /(?:token|cursor|marker|bookmark|continuation)$/;
const OTHER_TOKEN =
  /prev|before|start|first|access|auth|csrf|refresh|session|sync|delta|bearer|api|secret|user|id/;

/** What takes the last record's key. */
const KEYSET = setOf(
  'sinceid maxid minid startingafter endingbefore afterid beforeid lastid startkey fromid after before anchor',
);

/** Usual names of the array of records, the likeliest first; they break ties and name empty lists. */
const RECORDS = [
  ...['data', 'items', 'results', 'records', 'rows', 'value', 'hits', 'entries', 'objects'],
  ...['nodes', 'edges', 'docs', 'list', 'content', 'features', 'elements', 'values', 'members'],
  ...['documents', 'result', 'collection', 'resources', 'children', 'entry', 'issues', 'messages'],
  ...['member', 'graph', 'response', 'payload', 'matches', 'ids', 'keys', 'names', 'contents'],
];
/** Arrays of objects that stand beside the records. */
const BESIDE_RECORDS = setOf(
  'included includes links link errors error warnings warning facets facet aggregations ' +
    'aggregation fields field columns column schema filters filter sort sorts sortings ' +
    'notices breadcrumbs facetcounts suggestions highlighting meta categoriesfilter extensions ' +
    'buckets headers options parameters refinements',
);

/** What names a record by itself, the surest first. */
const KEYS = ['id', 'uuid', 'guid', 'sysid', 'gid', 'key'];
/** Objects that a list wraps each record in. */
const WRAPPERS = setOf(
  'node attributes data resource sys item record document doc source fields properties metadata entry object',
);
/** GitHub's search and Elasticsearch say so when they ran out of time. */
const PARTIAL = setOf(
  'incompleteresults timedout partial ispartial partialresults terminatedearly',
);
/** What an answer says about itself, whatever it holds. */
const OF_THE_ANSWER = setOf(
  'status success ok code statuscode message msg object kind type took time timedout etag version ' +
    'apiversion requestid query q context odatacontext relation self href first last prev previous url',
);
/** Fields that may name a next page in words that nobody knows: DynamoDB's `LastEvaluatedKey`. */
const LIKE_A_TOKEN = /next|token|cursor|marker|continu|lastevaluated|bookmark|scroll/i;

/** What a name may mean: `means.page('currentPage')`. */
export const means = {
  total: (name: string): boolean =>
    // `@odata.count` and `__count` are never the page's own.
    isOneOf(TOTAL, name) || means.filteredTotal(name) || /^(?:@[\w.]+\.count|__count)$/i.test(name),
  filteredTotal: (name: string): boolean => isOneOf(FILTERED_TOTAL, name),
  vagueTotal: (name: string): boolean => isOneOf(VAGUE_TOTAL, name),
  totalPages: (name: string): boolean => isOneOf(TOTAL_PAGES, name),
  page: (name: string): boolean => isOneOf(PAGE, name),
  offset: (name: string): boolean => isOneOf(OFFSET, name),
  /** And nothing else: `from`, `start` and `p` may be dates, ids or projects. */
  onlyPosition: (name: string): boolean => /page/i.test(name) || means.onlyOffset(name),
  onlyOffset: (name: string): boolean => /offset|skip/i.test(name),
  size: (name: string): boolean => isOneOf(SIZE, name),
  cursor: (name: string): boolean => isOneOf(CURSOR, name),
  keyset: (name: string): boolean => KEYSET.has(squash(name)),
  paging: (name: string): boolean => isOneOf(PAGING, name),
  more(name: string): boolean {
    const squashed = squash(name);
    return MORE.has(squashed) || (squashed.includes('more') && MORE_PATTERN.test(squashed));
  },
  partial: (name: string): boolean => PARTIAL.has(squash(name)),
  cut: (name: string): boolean => CUT.has(squash(name)),
  done: (name: string): boolean => DONE.has(squash(name)),
  /** `next`, `nextLink`, `@odata.nextLink`, `next_page_url`, `nextPageToken` … */
  next(name: string): boolean {
    const squashed = squash(name);
    // For most names no pattern has to be compiled.
    return (
      (squashed.includes('next') && (NEXT_PATTERN.test(squashed) || NEXT_LINK.test(squashed))) ||
      (squashed.startsWith('more') && MORE_LINK.test(squashed))
    );
  },
  /** `next`, or anything within it. */
  ofNext: ({ name, parent }: Named): boolean => means.next(name) || means.next(parent),
  /** `href` within `next`. */
  nextLink: ({ name, parent }: Named): boolean =>
    LINK_UNDER_NEXT.has(squash(name)) && means.next(parent),
  /** `cursor`, `scroll_id` …, or `after` within `next`. */
  token({ name, parent }: Named): boolean {
    if (isOneOf(TOKEN, name)) return true;
    const squashed = squash(name);
    if (TOKEN_PATTERN.test(squashed) && !OTHER_TOKEN.test(squashed)) return true;
    // WeChat: `next_openid`.
    if (/^next[a-z]{1,20}id$/.test(squashed)) return true;
    if (squashed === 'next') return /^(?:cursors?|tokens?)$/.test(squash(parent));
    return means.next(parent) && TOKEN_UNDER_NEXT.has(squashed);
  },
  someToken: (name: string): boolean => LIKE_A_TOKEN.test(name),
  ofTheAnswer: (name: string): boolean => OF_THE_ANSWER.has(squash(name)),
  /** An array of sort values. */
  searchAfter: (name: string): boolean => /^(?:next)?searchafter$/.test(squash(name)),
  /** An object with the last record's key. */
  lastKey: (name: string): boolean => /^last(?:evaluated)?key$/.test(squash(name)),
  /** An object whose members are parameters of the next request. */
  parameters: (name: string): boolean =>
    /^(?:(?:query)?continue|lastindex(?:es)?|next(?:page)?(?:params|parameters|query))$/.test(
      squash(name),
    ),
  records: (name: string): boolean => rankAsRecords(name) < RECORDS.length,
  wrapper: (name: string): boolean => WRAPPERS.has(squash(name)),
  besideRecords: (name: string): boolean => BESIDE_RECORDS.has(squash(name)),
  /** Objects of which no value is a record, though all look alike: links, counts, what is included. */
  keyedBeside: (name: string): boolean =>
    means.besideRecords(name) ||
    means.next(name) ||
    (means.paging(name) && squash(name) !== 'pages'),
};

/** A field's name, and the key before it. */
interface Named {
  readonly name: string;
  readonly parent: string;
}

/** Where a name stands among those of keys, `id` before `_id` and `ID`; null for all others. */
export function rankAsKey(name: string): number | null {
  const rank = KEYS.indexOf(squash(name));
  return rank === -1 ? null : 2 * rank + (squash(name) === name ? 0 : 1);
}

/** Where a name stands among the usual ones; the length of the list for all others. */
export function rankAsRecords(name: string): number {
  const rank = RECORDS.indexOf(squash(name));
  return rank === -1 ? RECORDS.length : rank;
}

const HEADER_PREFIXES = [
  ...['pagination', 'paging', 'page', 'wp', 'list', 'results', 'result', 'records', 'record'],
  ...['items', 'item', 'hits', 'data', 'api', 'search'],
];

/**
 * Whether a header has the name of a field, be it behind a prefix: `X-Pagination-Total-Count`. V8 takes a tenth
 * of a millisecond to compile all these names as one expression.
 */
function isHeaderOf(names: ReadonlySet<string>, name: string): boolean {
  const squashed = squash(name);
  const bare = squashed.startsWith('x') ? [squashed, squashed.slice(1)] : [squashed];
  const rests = bare.flatMap((text) =>
    HEADER_PREFIXES.filter((prefix) => text.startsWith(prefix)).map(({ length }) =>
      text.slice(length),
    ),
  );
  return [...bare, ...rests].some((rest) => names.has(rest));
}

const TOTAL_HEADER = new Set([...TOTAL, 'resultcount']);
const PAGE_HEADER = setOf('page currentpage pagenumber pagecurrent');
const NEXT_PAGE_HEADER = setOf('nextpage pagenext');
const TOKEN_HEADER =
  /^(?:x?[a-z]{0,12}(?:next(?:page)?(?:cursor|token|marker|key|id)|cursornext|nextcontinuationtoken|continuation|continuationtoken|aftercursor|cursorafter|endcursor)|[a-z]{0,12}searchafter|nextrange)$/;
/** Headers that count something else than the list: requests, attempts, what a cache did. */
const COUNTS_OTHER =
  /rate|limit|retr|page|cache|request|call|user|error|warn|served|view|cost|quota|remain|used|attempt|redirect|token|byte|size|time/;

/** What a response header may mean; its name in lower case. */
export const headerMeans = {
  total: (name: string): boolean => isHeaderOf(TOTAL_HEADER, name),
  /** `cmr-hits`, `x-article-count`: any name that ends like one. */
  someTotal: (name: string): boolean =>
    /(?:^|-)(?:hits|count|totals?)$/.test(name) && !COUNTS_OTHER.test(name),
  totalPages: (name: string): boolean => isHeaderOf(TOTAL_PAGES, name),
  nextPage: (name: string): boolean => isHeaderOf(NEXT_PAGE_HEADER, name),
  page: (name: string): boolean => isHeaderOf(PAGE_HEADER, name),
  token: (name: string): boolean => TOKEN_HEADER.test(squash(name)),
};
