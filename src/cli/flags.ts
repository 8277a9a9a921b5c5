/**
 * The one table of flags. An entry says everything about a flag: its names, the kind of its value, the
 * option of a run that it sets, and its help. Parsing, options, `-h`, `--help`, docs/cli.md, the
 * man page, the completions of shells and the commands in messages are made from it. CONTRIBUTING.md has the recipe for a new flag.
 */
import { formatNames, type PaginateOptions, type RunOptions } from '../core/options.ts';
import { nextLists } from '../core/pagination.ts';
import { defaults } from '../core/resolve-options.ts';
import { namedStyles } from '../core/resolve-paginate.ts';
import { ifExistsWays, nestings } from '../core/table-options.ts';
import {
  address,
  body,
  columns,
  concurrency,
  delimiter,
  duration,
  header,
  headerName,
  listenAddress,
  method,
  oneOf,
  origin,
  outputPath,
  path,
  pathOrStdout,
  presetName,
  proxyUrl,
  queueUrl,
  rate,
  recheck,
  size,
  text,
  userPassword,
  type ValueType,
  variableName,
  whole,
} from './flag-values.ts';

export const verbs = [
  'fetch',
  'export',
  'verify',
  'report',
  'schema',
  'head',
  'serve',
  'explain',
  'presets',
  'archives',
  'worker',
  'status',
  'pause',
  'resume',
  'cancel',
  'dashboard',
  'demo',
  'completion',
] as const;

/** `fetch` is what happens without a verb. */
export type Verb = (typeof verbs)[number];

type ElementOf<List> = List extends readonly (infer Element)[] ? Element : never;

/**
 * What a flag takes. `on`: no value, and the option becomes this. `value`: one value, the last one
 * counts; with `bare` it may be left out, and then only one of its words may follow it. `list`: all values count.
 * The compiler checks them against the option's type.
 */
type Taking<Value> =
  | { readonly on: Value }
  | { readonly value: ValueType<Value>; readonly bare?: string }
  | { readonly list: ValueType<ElementOf<Value>> };

/** The option that a flag sets, of the run or of its `paginate`. Without one, a command reads the flag. */
type Target =
  | {
      [Key in keyof RunOptions]-?: { option: Key } & Taking<NonNullable<RunOptions[Key]>>;
    }[keyof RunOptions]
  | {
      [Key in keyof PaginateOptions]-?: { pagination: Key } & Taking<
        NonNullable<PaginateOptions[Key]>
      >;
    }[keyof PaginateOptions]
  | ({ readonly option?: never; readonly pagination?: never } & (
      | { readonly value: ValueType<unknown>; readonly bare?: string; readonly standard?: unknown }
      | { readonly list: ValueType<unknown> }
      | { readonly on?: never }
    ));

type FlagFacts = Target & {
  readonly short?: string;
  /** Environment variable that is used if the flag is not given. */
  readonly env?: string;
  /** One line for `-h`, without a full stop; a default of core/resolve-options.ts is added to it. */
  readonly help: string;
  /** What `--help` and the docs add to the line. */
  readonly detail?: string;
  /** If they are not those of its group. */
  readonly verbs?: readonly Verb[];
  /** Flags that cannot be given as well, and why. */
  readonly excludes?: Readonly<Record<string, string>>;
  /** Flags that must be given as well, and why. */
  readonly needs?: Readonly<Record<string, string>>;
  /** Left out of the command that resumes a run. */
  readonly isOnce?: boolean;
  /** Why it is given once only; without it the last one counts, as in a command that an alias begins. */
  readonly single?: string;
};

interface OfGroup {
  readonly group: string;
  readonly verbs: readonly Verb[];
}

interface GroupedFacts extends OfGroup {
  readonly name: string;
  readonly facts: AnyFacts;
}

/** All that is in the table, in its order. */
const grouped: GroupedFacts[] = [];

/** Flags under one heading of the help, all of the same verbs unless one says otherwise. */
function group<const Facts extends Readonly<Record<string, FlagFacts>>>(
  heading: string,
  groupVerbs: readonly Verb[],
  facts: Facts,
): Facts {
  for (const [name, own] of Object.entries<FlagFacts>(facts)) {
    grouped.push({ name, group: heading, verbs: own.verbs ?? groupVerbs, facts: own as AnyFacts });
  }
  return facts;
}

const table = {
  ...group('Output', ['fetch', 'export'], {
    output: {
      short: 'o',
      option: 'output',
      list: outputPath,
      help: 'file: .ndjson .csv .parquet .duckdb, or postgres://',
      verbs: ['fetch', 'export', 'report'],
      detail:
        'Default: standard output. Also `.json`, `.jsonl`, `.tsv`, `.db`, `.sqlite`, `postgres://user@host/database?table=items`, and `.gz` or `.zst` behind any text. May be given more than once, for several files from one fetch. A file is written under a temporary name and renamed when it is complete, so there is always the whole new file or the old one. `.everypage` keeps only the archive. `sink:./my-sink.ts` gives the records to a module of your own (docs/sinks.md). `-` is standard output. A pipe (`>(gzip > a.gz)`, a named pipe, `/dev/fd/3`) is written as standard output is. Of `everypage report` it is one HTML file, whatever its name.',
    },
    manifest: {
      option: 'manifest',
      value: path('items.sha256'),
      help: 'file with SHA-256 of the outputs, pages and verdict',
      detail:
        'Written when the outputs are. `everypage verify --manifest FILE` checks outputs and archive against it, and `sha256sum -c FILE` the outputs. docs/manifest.md explains it.',
      verbs: ['fetch', 'export', 'verify'],
      single: 'there is one manifest',
    },
    format: {
      short: 'f',
      option: 'format',
      value: oneOf('FMT', formatNames),
      help: 'ndjson, json, csv, tsv, parquet, sqlite or duckdb',
      detail: 'Default: what the file name says, else ndjson.',
    },
    select: {
      option: 'select',
      value: text('PATH', 'data.items'),
      help: 'where the records are in a page, as in data.items',
      detail:
        'A dotted path, `@` for a page that is itself the list, or a JMESPath expression. If it leads to an array, each element is a record. Records keep their bytes; only white space between tokens is removed.',
      verbs: ['fetch', 'export', 'schema', 'explain', 'head'],
      single: 'a run takes one selection; a JMESPath expression can join two',
      excludes: { pages: 'one takes records out of pages, the other keeps pages whole' },
    },
    records: {
      option: 'records',
      on: true,
      help: 'find the records in lists and ranges of URLs too',
      detail:
        'Finds the list of objects in each page by its structure. This is the default for one URL that is paginated.',
      verbs: ['fetch'],
      excludes: { pages: 'one finds the records, the other keeps pages whole' },
    },
    pages: {
      option: 'wholePages',
      on: true,
      help: 'write each page as one record',
      detail: 'The default for lists and ranges.',
      verbs: ['fetch', 'export', 'schema', 'head'],
    },
    rows: {
      value: whole(10, 1, 10_000),
      standard: 10,
      help: 'records to show',
      verbs: ['head'],
    },
    where: {
      option: 'where',
      value: text('EXPR', "state == 'open'"),
      help: "records to write: 'price > `10`', a JMESPath expression",
      detail:
        'Those for which it is true, which is everything but null, false and what is empty. `true`, `false` and `null` mean these values. The verdict counts all records.',
      verbs: ['fetch', 'export', 'schema', 'head'],
      single: 'a record meets one condition; && joins two',
    },
    fields: {
      option: 'fields',
      value: text('EXPR', 'id,town=address.city'),
      help: 'what to write of each record: id,town=address.city',
      detail:
        'Names, or names and paths; or a JMESPath expression that makes the new record, as in `{id: id, town: address.city}`. Values keep their bytes.',
      verbs: ['fetch', 'export', 'schema', 'head'],
      single: 'a record is made by one expression',
    },
    columns: {
      option: 'columns',
      value: columns,
      help: 'columns of a table: id,city=address.city',
      detail:
        'A path from the record, or a name and a path; `@` is the whole record. In a CSV objects there are JSON text. Default: the columns of all records.',
    },
    nested: {
      option: 'nested',
      value: oneOf('HOW', nestings),
      help: 'lists and objects in a table: typed, or json for text',
      detail:
        'Default: typed, which is LIST and STRUCT in Parquet and DuckDB, `jsonb` in PostgreSQL, and columns such as address.city in a CSV. `json` is JSON text, and `json` in PostgreSQL, which keeps it as the server wrote it.',
    },
    schema: {
      option: 'schema',
      value: path('types.json'),
      help: 'types of columns, as everypage schema prints them',
      detail:
        'A JSON Schema of one record. Its columns are there whatever comes, and a value that is not of its type is an error. Default: the narrowest types that hold all values.',
    },
    provenance: {
      option: 'provenance',
      on: true,
      help: 'two more columns: the page of a record, and the run',
      detail:
        '_everypage_page is the place of the page, branch:position; _everypage_run is when the run began.',
    },
    table: {
      option: 'table',
      value: text('NAME', 'items'),
      help: 'table of a database; default: from the URL',
      detail:
        'Default: the last word of the path of the URL that is fetched. In PostgreSQL also `schema.table`; `?table=` in the URL of the database comes first.',
    },
    'if-exists': {
      option: 'ifExists',
      value: oneOf('HOW', ifExistsWays),
      help: 'if the table is there: replace, append or upsert',
      detail:
        'Default: a table that everypage made is replaced, another one is an error. append and upsert add columns that are new. upsert replaces rows that have the key of a record (--key).',
    },
    'csv-safe': {
      option: 'csvSafe',
      on: true,
      help: 'no cell of a CSV is a formula to a spreadsheet',
      detail:
        'Text that begins with =, +, -, @, a tab or a line end gets an apostrophe before it. Numbers stay as they are.',
    },
    'csv-bom': {
      option: 'csvBom',
      on: true,
      help: 'a CSV begins with a byte order mark, for Excel',
    },
    'csv-delimiter': {
      option: 'csvDelimiter',
      value: delimiter,
      help: 'what stands between the cells of a CSV; default ,',
      detail: 'One character such as ; or |, or the word tab.',
    },
    'allow-incomplete': {
      option: 'allowIncomplete',
      on: true,
      help: 'write the output and exit 0 even if pages are missing',
      detail: 'Without it, only a run with every page writes the output file.',
    },
  }),
  ...group('Pagination', ['fetch', 'explain', 'head'], {
    paginate: {
      value: oneOf('KIND', ['auto', 'none', ...namedStyles]),
      help: 'how the list is paginated: auto, none, page and more',
      detail: `One of auto, ${namedStyles.join(', ')} and none. Default: auto for one URL without a range, none for lists and ranges. \`everypage explain URL\` shows what auto finds.`,
    },
    preset: {
      pagination: 'preset',
      value: presetName,
      help: 'use the known pagination of a named API',
      detail: '`everypage presets` lists them. Other flags override a preset.',
    },
    'page-param': {
      pagination: 'param',
      value: text('NAME', 'page'),
      help: 'parameter for the page number, offset or cursor',
      detail: 'A query parameter, unless --param-in says otherwise.',
    },
    'param-in': {
      pagination: 'carrier',
      value: oneOf('WHERE', ['query', 'header', 'body']),
      help: 'where that parameter goes: query, header or body',
      detail: 'In a body, it is a dotted path in the JSON of --data. Default: query.',
    },
    'size-param': {
      pagination: 'sizeParam',
      value: text('NAME', 'per_page'),
      help: 'parameter for the page size',
    },
    'page-size': {
      pagination: 'size',
      value: whole(100, 1),
      help: 'records to request in each page',
      detail: 'Default: what the URL or the server says.',
    },
    first: {
      pagination: 'first',
      value: whole(1),
      help: 'number of the first page, or the first offset',
    },
    'next-path': {
      pagination: 'nextPath',
      value: text('PATH', 'links.next'),
      help: 'where a page says what comes next: links.next',
      detail:
        'Depending on --paginate, this is the next URL, the cursor, the object to merge, or pageInfo.',
    },
    'next-header': {
      pagination: 'nextHeader',
      value: headerName,
      help: 'response header that holds the cursor',
    },
    'more-path': {
      pagination: 'morePath',
      value: text('PATH', 'has_more'),
      help: 'field that says whether there are more pages: has_more',
      detail: 'Write `!done` if the field says the opposite.',
    },
    'total-path': {
      pagination: 'totalPath',
      value: text('PATH', 'meta.total'),
      help: 'where a page says how many records there are',
    },
    'total-header': {
      pagination: 'totalHeader',
      value: headerName,
      help: 'response header that says how many records there are',
    },
    'pages-path': {
      pagination: 'totalPagesPath',
      value: text('PATH', 'meta.pages'),
      help: 'where a page says how many pages there are',
    },
    'pages-header': {
      pagination: 'totalPagesHeader',
      value: headerName,
      help: 'response header that says how many pages there are',
    },
    key: {
      pagination: 'key',
      value: text('PATH', 'id'),
      help: 'field that identifies a record, to find duplicates: id',
      detail:
        'Default: an id field, if one is found. Keys are compared by their bytes. --if-exists upsert knows the rows of a table by it.',
      verbs: ['fetch', 'export', 'explain', 'head'],
    },
    'next-encoded': {
      pagination: 'nextIsEncoded',
      on: true,
      help: 'the cursor in the page is already URL-encoded',
      detail: 'It is sent as it is, and not encoded again.',
    },
    'next-list': {
      pagination: 'nextList',
      value: oneOf('HOW', nextLists),
      help: 'several values for the next page: a=1,2 or a=1&a=2',
      detail: 'As `search_after` of Elasticsearch has them. Default: their JSON, `a=[1,2]`.',
    },
    'same-origin': {
      pagination: 'sameOrigin',
      on: true,
      help: 'request next links from the origin of your URL',
      detail:
        'Only the path and query of a next link are used. For a server behind a proxy that puts another host or port into its next links. The requests carry your credentials.',
    },
    'repeat-is-end': {
      pagination: 'repeatIsEnd',
      on: true,
      help: 'a repeated cursor is the end of the list',
      detail: 'As in Solr. Without it, a repeated cursor is reported as a loop.',
    },
    ceiling: {
      pagination: 'ceiling',
      value: whole(10_000),
      help: 'the server returns at most N records of one list',
      detail: 'With --split, a range that holds more is split in two.',
    },
    split: {
      pagination: 'split',
      value: text('RANGES', 'id[gte]=0..9000/1000'),
      help: "fetch separate ranges in parallel: 'id[gte]=0..9000/1000'",
      detail:
        "From, to and step: dates, times or whole numbers, as in 'created[gte]=2024-01-01..2024-12-31/30d'. The upper bound goes into the matching parameter (gte and lt, since and until, min and max). If it has another name, give both: 'a,b=0..900/100'.",
    },
    overlap: {
      pagination: 'overlap',
      value: whole(1),
      help: 'each page begins with the last N records of the page before',
      detail:
        'Offsets and Range headers only. Default: 1 where the server allows it and a page holds at least 10 records. The repeated records are left out of the output. The overlap proves that no record was lost between two pages. 0 turns it off, for an API that bills by record.',
    },
    recheck: {
      option: 'recheck',
      value: recheck,
      help: 'pages to read again at the end: auto, none, all or 10%',
      detail:
        'This detects a list that changed while it was read. `auto`: up to 50 pages, unless an overlap or the keys in the requests already prove the list. If too few pages are read again, the list is unverified: docs/verdicts.md.',
      verbs: ['fetch'],
    },
    prove: {
      option: 'prove',
      on: true,
      help: 'read the list again until two readings agree',
      detail: 'At most five readings. The output comes from the last.',
      verbs: ['fetch'],
    },
    expect: {
      option: 'expect',
      value: whole(500),
      help: 'expected number of records; any other is incomplete',
      verbs: ['fetch', 'verify'],
    },
    strict: {
      option: 'strict',
      value: oneOf('LEVEL', ['complete', 'proven']),
      bare: 'complete',
      help: 'exit 3 if the result is less than complete, or proven',
      detail:
        '`--strict` means `--strict=complete`: an unverified result is not written. `--strict=proven` accepts only a proven one. Levels: docs/verdicts.md.',
      verbs: ['fetch', 'verify'],
    },
    'fail-when': {
      option: 'failWhen',
      value: text('EXPR', 'ok == false'),
      help: "a page fails if this is true for it: 'ok == false'",
      detail:
        "A JMESPath expression, for APIs that report errors with status 200. Such a page is retried before it fails. A preset may set an expression; '' removes it.",
    },
  }),
  ...group('Request', ['fetch', 'explain', 'head'], {
    request: {
      short: 'X',
      option: 'method',
      value: method,
      help: 'GET or POST; default GET, or POST with --data',
      detail: 'A POST must only read, because it may be sent again.',
    },
    header: {
      short: 'H',
      list: header,
      help: "a header, 'name: value'; @file reads them from a file",
      verbs: ['fetch', 'explain', 'head', 'worker'],
      detail:
        'Can be repeated. `accept: application/json` is sent unless you replace it. A file has one header a line, and keeps secrets out of the process list.',
    },
    data: {
      short: 'd',
      value: body,
      help: 'body of each request; @file reads it from a file',
      single: 'a request has one body',
      detail:
        'Implies POST, and `content-type: application/json` unless a header says otherwise. `@-` is standard input.',
    },
    'user-agent': {
      short: 'A',
      env: 'EVERYPAGE_USER_AGENT',
      value: text('TEXT', 'my-script/1.0'),
      help: 'the user-agent header',
    },
    globoff: {
      short: 'g',
      option: 'literal',
      on: true,
      help: 'use URLs exactly as given: no [1-9], no {a,b}',
      detail:
        'Without it, `[1-500]`, `[001-100]`, `[0-900:100]`, `[a-z]` and `{a,b}` in arguments are expanded. Other brackets and braces stay as they are. URLs in lists are never expanded.',
    },
  }),
  ...group('Credentials', ['fetch', 'explain', 'head', 'worker'], {
    user: {
      short: 'u',
      option: 'user',
      value: userPassword,
      help: 'Basic authentication',
      detail:
        'Other users of the machine can see it in the process list. They cannot with --netrc and -H @file.',
      excludes: { 'bearer-env': 'each says who you are', netrc: 'each says who you are' },
    },
    'bearer-env': {
      value: variableName,
      help: 'Bearer token from the environment variable VAR',
      detail: 'Sends `authorization: Bearer …` with the value of VAR.',
      excludes: { netrc: 'each says who you are' },
    },
    'env-file': {
      list: path('.env'),
      help: 'file of NAME=value lines, as if they were in the environment',
      detail:
        'For --bearer-env, proxies and EVERYPAGE_… variables. Can be repeated. A variable that is already set keeps its value.',
    },
    netrc: {
      short: 'n',
      help: 'user and password for the host from ~/.netrc',
      detail:
        'Or from the file that $NETRC names. All URL arguments must name the same host, so that the password goes nowhere else.',
    },
    'secret-param': {
      option: 'secretParams',
      list: text('NAME', 'sid'),
      help: 'one more query parameter that holds a credential',
      detail:
        'Can be repeated. Its value is replaced wherever a URL is shown or stored, and may change between runs.',
    },
    'allow-origin': {
      option: 'allowOrigins',
      list: origin,
      help: 'one more origin that redirects and next links may lead to',
      detail:
        'As in https://cdn.example.com. Can be repeated. It gets none of your credentials and headers.',
    },
    'allow-address': {
      option: 'allowAddresses',
      list: address,
      help: 'a private address that a public server may lead to',
      detail:
        'As in 10.0.0.5 or 10.0.0.0/8. Can be repeated. Not needed if the URL you give has a private address itself.',
    },
  }),
  ...group('Connection', ['fetch', 'explain', 'head'], {
    proxy: {
      verbs: ['fetch', 'explain', 'head', 'worker'],
      short: 'x',
      option: 'proxy',
      value: proxyUrl,
      help: "proxy for all requests; '' for none",
      detail:
        'Default: HTTPS_PROXY, http_proxy, ALL_PROXY and NO_PROXY of the environment. Upper-case HTTP_PROXY is ignored, as in curl.',
    },
    insecure: {
      verbs: ['fetch', 'explain', 'head', 'worker'],
      short: 'k',
      option: 'insecure',
      on: true,
      help: 'accept any certificate',
      detail:
        'Anyone between you and the server can then read and change everything. Prefer --cacert.',
    },
    cacert: {
      verbs: ['fetch', 'explain', 'head', 'worker'],
      option: 'caFile',
      value: path('ca.pem'),
      help: 'also trust the certificate authorities in this PEM file',
      detail: 'NODE_EXTRA_CA_CERTS works too.',
    },
    cert: {
      verbs: ['fetch', 'explain', 'head', 'worker'],
      option: 'certFile',
      value: path('client.pem'),
      help: 'client certificate, PEM',
      needs: { 'cert-key': 'a certificate and its private key' },
    },
    'cert-key': {
      verbs: ['fetch', 'explain', 'head', 'worker'],
      option: 'keyFile',
      value: path('client.key'),
      help: 'private key of the client certificate, PEM',
      needs: { cert: 'a certificate and its private key' },
    },
    'http1.1': {
      option: 'protocol',
      on: 'http1',
      help: 'HTTP/1.1 only',
      detail: 'Default: HTTP/2 if the server offers it, else HTTP/1.1.',
      verbs: ['fetch', 'explain', 'demo'],
      excludes: { http2: 'a run uses one of the two protocols' },
    },
    http2: {
      option: 'protocol',
      on: 'http2',
      help: 'HTTP/2 only, without negotiation on http://',
    },
  }),
  ...group('Pace and retries', ['fetch', 'explain', 'head'], {
    concurrency: {
      short: 'c',
      env: 'EVERYPAGE_CONCURRENCY',
      option: 'concurrency',
      value: concurrency,
      help: 'requests in flight at once, 1 to 1000',
      detail:
        'auto starts with 5 to each origin, raises concurrency while throughput grows, and lowers it when the server slows down. It stays at or below 64.',
      verbs: ['fetch', 'demo', 'explain', 'head', 'worker'],
    },
    rate: {
      env: 'EVERYPAGE_RATE',
      option: 'rate',
      value: rate,
      help: 'most requests to each origin in a time: 10/s, 1000/h',
      detail:
        'Requests are spread evenly. The unit is required; 5/15s is five in fifteen seconds. A limit that the server states can make a run slower, never faster. Default: as fast as the server allows.',
    },
    retry: {
      env: 'EVERYPAGE_RETRY',
      option: 'retries',
      value: whole(5, 0, 1000),
      help: 'retries of a page after its first attempt',
      detail:
        'For network errors, 408, 425, 500, 502 to 504 and 52x. Only that page waits, longer each time.',
    },
    'retry-max-time': {
      env: 'EVERYPAGE_RETRY_MAX_TIME',
      option: 'retryMaxTimeMs',
      value: duration('5m'),
      help: 'longest time for one page, all attempts together',
      detail:
        'Pauses that the server asked for and the time in which it is down do not count. A page that the server is still preparing (202) is requested again until this time is over.',
    },
    'max-wait': {
      env: 'EVERYPAGE_MAX_WAIT',
      option: 'maxWaitMs',
      value: duration('1h', 0),
      help: 'longest wait that a server asks for, or while it is down',
      detail:
        'A 429, or a 503 with Retry-After, pauses all requests to that origin until the stated time. If that is longer than TIME, the run stops, keeps what it has, and exits 5. A server that stops working during the run is waited for as long.',
    },
    'connect-timeout': {
      env: 'EVERYPAGE_CONNECT_TIMEOUT',
      option: 'connectTimeoutMs',
      value: duration('10s'),
      help: 'longest time to open a connection',
    },
    'idle-timeout': {
      env: 'EVERYPAGE_IDLE_TIMEOUT',
      option: 'idleTimeoutMs',
      value: duration('30s'),
      help: 'longest silence within an attempt',
    },
    timeout: {
      env: 'EVERYPAGE_TIMEOUT',
      option: 'timeoutMs',
      value: duration('2m'),
      help: 'longest time for one attempt',
    },
    'speed-limit': {
      env: 'EVERYPAGE_SPEED_LIMIT',
      option: 'minBytesPerSecond',
      value: size('100', 0),
      help: 'slowest body to accept, in bytes a second',
      detail:
        'A body that is slower for the whole of --idle-timeout is aborted and retried. 0 for no limit.',
    },
  }),
  ...group('Limits', ['fetch'], {
    deadline: {
      option: 'deadlineMs',
      value: duration('8h'),
      help: 'longest time for the run; then it stops',
      detail: 'Exits 5; the same command resumes. Default: none.',
    },
    'max-pages': {
      option: 'maxPages',
      value: whole(100, 1),
      help: 'most pages to request in this run; then it stops',
      detail: 'Exits 5; the same command resumes. Default: none.',
    },
    'max-body-bytes': {
      option: 'maxBodyBytes',
      value: size('64MiB'),
      help: 'largest body as it is received',
      detail: 'A page with a larger body fails.',
      verbs: ['fetch', 'explain', 'head'],
    },
    'max-decoded-bytes': {
      option: 'maxDecodedBytes',
      value: size('128MiB'),
      help: 'largest body after decompression',
      detail: 'A page with a larger body fails.',
      verbs: ['fetch', 'explain', 'head'],
    },
  }),
  ...group('Archive', ['fetch'], {
    archive: {
      option: 'archive',
      value: path('items.everypage'),
      help: 'where to keep the archive',
      single: 'a run has one archive',
      detail:
        'Default: beside the output, `items.ndjson.everypage`. Without an output file: in the state folder ($XDG_STATE_HOME/everypage), until every page was written; everypage archives lists what is there.',
    },
    fresh: {
      option: 'fresh',
      on: true,
      help: 'discard an unfinished archive and start again',
      detail: 'Without it, the same command resumes.',
      isOnce: true,
    },
    'no-keep': {
      option: 'keep',
      on: false,
      help: 'remove the archive when the output is written',
    },
  }),
  ...group('Many machines', ['fetch', 'worker'], {
    queue: {
      env: 'EVERYPAGE_QUEUE',
      value: queueUrl,
      help: 'Redis or Valkey that shares the run among machines',
      detail:
        '`redis://host:6379/0`, or `rediss://` for TLS. A user and a password stand in the URL, or in EVERYPAGE_QUEUE_USER and EVERYPAGE_QUEUE_PASSWORD, which the process list does not show. docs/cluster.md explains it.',
      verbs: ['fetch', 'worker', 'status', 'pause', 'resume', 'cancel', 'dashboard'],
    },
    store: {
      value: { ...path('/mnt/share/items'), name: 'DIR' },
      help: 'for fetched pages: shared folder, or s3://bucket/prefix',
      detail:
        'One for each run. A worker needs it only if it reaches the folder by another path. For a bucket, credentials, region and endpoint come from AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION and AWS_ENDPOINT_URL_S3.',
      verbs: ['fetch', 'worker', 'resume'],
    },
    run: {
      value: text('ID', '5f0c2d9a1b3e'),
      help: 'which run, if the queue holds several',
      detail:
        'A worker with --run ends with that run. Without it, a worker goes from run to run and waits for the next.',
      verbs: ['worker', 'status', 'pause', 'resume', 'cancel'],
    },
    'no-work': {
      help: 'only coordinate: workers fetch all pages',
      verbs: ['fetch'],
    },
  }),
  ...group('Messages', ['fetch', 'demo', 'worker'], {
    verbose: {
      short: 'v',
      help: 'one line for each page; -vv also retries and pauses',
    },
    quiet: {
      short: 'q',
      help: 'print nothing unless something is wrong',
      verbs: ['fetch', 'export', 'verify', 'report', 'serve', 'worker'],
    },
    progress: {
      env: 'EVERYPAGE_PROGRESS',
      value: oneOf('HOW', ['auto', 'plain', 'none']),
      standard: 'auto',
      help: 'how to show progress: auto, plain or none',
      detail:
        'auto draws a bar on a terminal, and prints a line every 10 s elsewhere. plain always prints lines.',
    },
    color: {
      env: 'EVERYPAGE_COLOR',
      value: oneOf('WHEN', ['auto', 'always', 'never']),
      bare: 'always',
      standard: 'auto',
      help: 'when to colour: auto, always or never',
      detail:
        '`--color` alone means always. auto uses colour on a terminal, and elsewhere if FORCE_COLOR or CLICOLOR_FORCE is set; NO_COLOR turns it off.',
      verbs,
    },
    'log-format': {
      env: 'EVERYPAGE_LOG_FORMAT',
      value: oneOf('FMT', ['json']),
      help: 'log format: json, one object for each event on stderr',
      detail: 'It replaces progress, page lines and summary.',
      verbs: ['fetch'],
    },
    metrics: {
      value: listenAddress,
      help: 'serve metrics for Prometheus while the run goes on',
      detail:
        'At http://127.0.0.1:PORT/metrics, or at another host: `--metrics 9464`, `--metrics 0.0.0.0:9464`. OpenTelemetry needs no flag: see docs/telemetry.md.',
      single: 'there is one place for metrics',
      verbs: ['fetch'],
    },
    summary: {
      value: pathOrStdout('summary.json'),
      help: 'file for the verdict and all numbers, as JSON',
      detail: '`-` is standard output; the records then need a file, -o.',
      single: 'there is one summary',
      verbs: ['fetch'],
    },
    report: {
      value: path('report.html'),
      help: 'file for a picture of the run: one HTML page',
      detail:
        'Verdict, throughput, pauses, latency, pace and every attempt, drawn in a page that loads nothing. `everypage report ARCHIVE` makes it later. docs/report.md shows one.',
      single: 'there is one report',
      verbs: ['fetch'],
    },
    ui: {
      value: { ...whole(8080, 0, 65_535), name: 'PORT' },
      bare: '0',
      help: 'look at the run in a browser, pause it, change its pace',
      detail:
        'Prints a URL on stderr that only this machine can open, and that holds a token: who has it controls the run. Without PORT a free one is taken. docs/report.md shows the page.',
      single: 'there is one page',
      verbs: ['fetch'],
    },
    json: {
      help: 'print the result as JSON on stdout',
      detail:
        'JSON Schemas: docs/schemas. The records of a fetch or an export then need a file, -o.',
      verbs: verbs.filter(
        (verb) =>
          ![
            'completion',
            'report',
            'serve',
            'worker',
            'pause',
            'resume',
            'cancel',
            'dashboard',
          ].includes(verb),
      ),
      excludes: {
        summary: 'both are the summary; --json is --summary -',
        ts: 'one prints a JSON Schema, the other TypeScript',
      },
    },
    listen: {
      value: listenAddress,
      help: 'where to listen; default 127.0.0.1:8080',
      detail:
        'A port, or a host and a port; port 0 is a free one. Any host but the default lets other machines read the archive. A dashboard listens on 127.0.0.1 only, by default on a free port.',
      verbs: ['serve', 'dashboard'],
    },
    tls: {
      value: path('ca.pem'),
      help: 'serve https; FILE gets the certificate authority',
      detail:
        'The certificate is made for this server and is gone with it. Tell a client to trust the authority: `--cacert ca.pem`.',
      verbs: ['serve'],
    },
    realtime: {
      help: 'as slow as it was, with its failures and limits',
      detail:
        'Each request for a page gets the next try that was recorded: its status, how long it took, how long it said to wait. The last one is repeated.',
      verbs: ['serve'],
    },
    'as-stored': {
      help: 'keep links to the recorded API in bodies and headers',
      detail: 'Without it they become links to this server.',
      verbs: ['serve'],
    },
    clean: {
      help: 'remove the archives that are listed',
      detail:
        'All but those that a run is working in. A run that one of them belongs to begins again.',
      verbs: ['archives'],
    },
    ts: {
      help: 'print TypeScript types instead of JSON Schema',
      verbs: ['schema'],
    },
    help: {
      short: 'h',
      help: '-h is short, --help explains every flag',
      detail: 'After a verb, the help of that verb.',
      verbs,
    },
    version: {
      short: 'V',
      help: 'print the version',
      verbs,
    },
  }),
};

type Table = typeof table;
export type FlagName = keyof Table;

/** What the value of a flag means. */
export type FlagValue<Name extends FlagName> = Table[Name] extends { value: ValueType<infer Value> }
  ? Table[Name] extends { standard: Value }
    ? Value
    : Value | null
  : never;

export type ListElement<Name extends FlagName> = Table[Name] extends {
  list: ValueType<infer Value>;
}
  ? Value
  : never;

/** An entry of the table, with nothing left out. */
export interface Flag {
  /** Without the two dashes. */
  readonly name: FlagName;
  readonly short: string | null;
  readonly env: string | null;
  /** Null for a switch. */
  readonly value: ValueType<unknown> | null;
  /** What it means without a value; null where it needs one. */
  readonly bare: string | null;
  /** All values count, not only the last. */
  readonly isList: boolean;
  readonly option: keyof RunOptions | null;
  readonly pagination: keyof PaginateOptions | null;
  /** The value that a switch gives to its option. */
  readonly on: unknown;
  /** The value of a flag that is not given. */
  readonly standard: unknown;
  readonly help: string;
  readonly detail: string;
  readonly group: string;
  readonly verbs: readonly Verb[];
  readonly excludes: Readonly<Record<string, string>>;
  readonly needs: Readonly<Record<string, string>>;
  readonly isOnce: boolean;
  /** Null where the last one counts. */
  readonly single: string | null;
}

type AnyFacts = Partial<Omit<Flag, 'value' | 'name'>> & {
  readonly value?: Flag['value'];
  readonly list?: Flag['value'];
  readonly help: string;
};

const NONE: Readonly<Record<string, string>> = {};

/** Property by property: spread into one another, a hundred objects of as many shapes take 2 ms of a start. */
export const flags: readonly Flag[] = grouped.map(({ name, group, verbs, facts }) => {
  const { value = null, list = null, option = null } = facts;
  const standard = facts.standard ?? (defaults as Readonly<Record<string, unknown>>)[option ?? ''];
  const shown = standard === undefined ? undefined : value?.print?.(standard);
  return {
    name: name as FlagName,
    short: facts.short ?? null,
    env: facts.env ?? null,
    value: value ?? list,
    bare: facts.bare ?? null,
    isList: list !== null,
    option,
    pagination: facts.pagination ?? null,
    on: facts.on ?? null,
    standard: facts.standard ?? null,
    help: shown === undefined ? facts.help : `${facts.help}; default ${shown}`,
    detail: facts.detail ?? '',
    group,
    verbs,
    excludes: facts.excludes ?? NONE,
    needs: facts.needs ?? NONE,
    isOnce: facts.isOnce ?? false,
    single: facts.single ?? null,
  };
});

const byName: ReadonlyMap<string, Flag> = new Map(flags.map((flag) => [flag.name, flag]));

export function flagNamed(name: FlagName): Flag {
  return byName.get(name)!;
}

/** Undefined for a name that is not in the table. */
export function findFlag(name: string): Flag | undefined {
  return byName.get(name);
}

export function flagsOf(verb: Verb): readonly Flag[] {
  return flags.filter((flag) => flag.verbs.includes(verb));
}
