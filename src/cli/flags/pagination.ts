import { nextLists } from '../../core/pagination.ts';
import { namedStyles } from '../../core/resolve-paginate.ts';
import { headerName, oneOf, presetName, recheck, text, whole } from '../flag-values.ts';
import { group } from './group.ts';

export const pagination = group('Pagination', ['fetch', 'explain', 'head'], {
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
});
