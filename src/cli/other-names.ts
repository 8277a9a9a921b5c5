/**
 * What other tools call it: curl, wget, httpie, xh, aria2, gh, jq, aws, dlt. Who types such a name hears
 * what it is here, with a command that works. It stands beside the table of flags (flags.ts).
 */
import type { Verb } from './flags/verbs.ts';

/** Stands for the value that was typed. */
export const VALUE = '<value>';

export interface OtherName {
  /** As they are typed: `-L`, `--location`. */
  readonly names: readonly string[];
  /** A value follows it in those tools. */
  readonly takes?: true;
  /** What it is here. */
  readonly says: string;
  /**
   * The words in its place, none where it is not needed. A value that is not among them is left out: it
   * may be a credential.
   */
  readonly instead?: readonly string[];
  /** The verb that does it. */
  readonly verb?: Verb;
}

export const otherNames: readonly OtherName[] = [
  // Credentials
  {
    names: [
      '--bearer',
      '--token',
      '--access-token',
      '--oauth2-bearer',
      '--auth-token',
      '--api-key',
    ],
    takes: true,
    says: 'a token comes from an environment variable, where no other user sees it: --bearer-env VAR',
    instead: ['--bearer-env', 'TOKEN'],
  },
  {
    names: ['-a', '--auth', '--auth-type', '--password', '--http-password', '--http-passwd'],
    takes: true,
    says: 'a user and password go into ~/.netrc, which --netrc reads, or into -u USER:PASS; a token into --bearer-env VAR',
    instead: ['--netrc'],
  },
  {
    names: ['--basic'],
    says: '-u USER:PASS is Basic authentication',
  },
  {
    names: ['-b', '--cookie', '--load-cookies', '--session', '--cookie-jar'],
    takes: true,
    says: "a cookie is a header: -H 'cookie: name=value', or in a file, -H @FILE",
    instead: ['-H', '@headers.txt'],
  },
  {
    names: ['--netrc-file'],
    takes: true,
    says: '--netrc reads ~/.netrc, or the file that $NETRC names',
    instead: ['--netrc'],
  },
  // Requests
  {
    names: ['-L', '--location', '-F', '--follow', '--location-trusted'],
    says: 'redirects within the origin are followed anyway; --allow-origin ORIGIN allows another one',
  },
  {
    names: ['--max-redirs', '--max-redirect'],
    takes: true,
    says: 'up to ten redirects are followed, within the origin',
  },
  {
    names: ['--compressed', '--compression', '--gzip'],
    says: 'compressed bodies are asked for and decompressed anyway',
  },
  {
    names: ['-e', '--referer'],
    takes: true,
    says: "it is a header: -H 'referer: URL'",
    instead: ['-H', `referer: ${VALUE}`],
  },
  {
    names: ['--accept'],
    takes: true,
    says: "it is a header: -H 'accept: TYPE'",
    instead: ['-H', `accept: ${VALUE}`],
  },
  {
    names: [
      '--data-raw',
      '--data-binary',
      '--data-ascii',
      '--raw',
      '--body',
      '--post-data',
      '--body-data',
    ],
    takes: true,
    says: 'the body is -d BODY, or -d @FILE',
    instead: ['-d', VALUE],
  },
  {
    names: ['--data-urlencode', '--form', '--form-string'],
    takes: true,
    says: "a form is -d 'a=b&c=d' with -H 'content-type: application/x-www-form-urlencoded'",
    instead: ['-d', VALUE, '-H', 'content-type: application/x-www-form-urlencoded'],
  },
  {
    names: ['-G', '--get'],
    says: 'a GET is what is sent without -d; parameters go into the URL',
  },
  {
    names: [
      '-I',
      '--head',
      '-i',
      '--include',
      '--headers',
      '-S',
      '--server-response',
      '--show-headers',
    ],
    says: 'everypage explain URL shows what a server says about its list and its limits; -v shows each page',
    instead: ['-v'],
  },
  {
    names: ['--params', '--param', '--query-param'],
    takes: true,
    says: "parameters go into the URL: 'https://api.example.com/items?a=b'",
  },
  {
    names: ['--http2-prior-knowledge', '--http2-only'],
    says: '--http2 uses HTTP/2 only, also on an http:// URL',
    instead: ['--http2'],
  },
  {
    names: [
      '--http1.0',
      '-0',
      '--http3',
      '--http3-only',
      '--tlsv1.2',
      '--tlsv1.3',
      '-4',
      '-6',
      '--ipv4',
      '--ipv6',
    ],
    says: 'everypage uses HTTP/2 or HTTP/1.1, TLS 1.2 or 1.3, and the address that answers first',
  },
  {
    names: [
      '--verify',
      '--no-check-certificate',
      '--check-certificate',
      '--ssl-no-revoke',
      '--no-verify',
    ],
    says: '-k accepts any certificate; --cacert FILE trusts one more authority',
    instead: ['-k'],
  },
  {
    names: ['--ca-certificate', '--ca-bundle'],
    takes: true,
    says: 'it is --cacert FILE',
    instead: ['--cacert', VALUE],
  },
  {
    names: ['--key-file', '--private-key'],
    takes: true,
    says: 'it is --cert-key FILE, with --cert FILE',
    instead: ['--cert-key', VALUE],
  },
  // Pace
  {
    names: ['--retries', '--tries', '-t', '--max-tries', '--retry-count'],
    says: '--retry N is the number of retries of a page, 5 unless you say otherwise',
    takes: true,
    instead: ['--retry', VALUE],
  },
  {
    names: ['--retry-all-errors', '--retry-connrefused'],
    says: 'network errors are retried anyway',
  },
  {
    names: ['--retry-delay', '--retry-wait', '--waitretry'],
    takes: true,
    says: 'retries wait as long as the server says; otherwise each wait is longer than the one before',
  },
  {
    names: ['-m', '--max-time', '--read-timeout', '-T'],
    takes: true,
    says: '--timeout TIME is for one attempt, --deadline TIME for the whole run',
    instead: ['--timeout', VALUE],
  },
  {
    names: ['-Z', '--parallel', '--async'],
    says: 'pages are fetched in parallel anyway; -c N is an upper bound',
  },
  {
    names: [
      '--parallel-max',
      '-P',
      '-j',
      '--max-concurrent-downloads',
      '--max-connection-per-server',
      '--workers',
      '--threads',
      '--jobs',
      '--max-concurrency',
    ],
    takes: true,
    says: '-c N is the number of requests in flight at once',
    instead: ['-c', VALUE],
  },
  {
    names: ['-w', '--wait', '--delay', '--sleep', '--rate-limit', '--random-wait', '--throttle'],
    takes: true,
    says: '--rate N/TIME sets the pace, as in --rate 2/s; without it a run is as fast as the server allows',
    instead: ['--rate', '2/s'],
  },
  {
    names: ['--limit-rate', '--max-download-limit', '--bwlimit'],
    takes: true,
    says: 'bytes a second cannot be limited; --rate N/TIME limits requests',
    instead: ['--rate', '2/s'],
  },
  // Pages and records
  {
    names: ['--next', '--next-url', '--next-link', '--follow-next'],
    takes: true,
    says: 'the next page is found by itself; --next-path PATH says where a page names it',
    instead: ['--next-path', 'links.next'],
  },
  {
    names: [
      '--limit',
      '--per-page',
      '--per_page',
      '--pagesize',
      '--limit-param',
      '--max-items',
      '--head-records',
    ],
    takes: true,
    says: '--page-size N is the number of records in a page, --max-pages N the most pages of a run',
    instead: ['--page-size', VALUE],
  },
  {
    names: ['--offset', '--start', '--page', '--start-page', '--from'],
    takes: true,
    says: '--first N is the first page or offset; a range goes into the URL, as in ?page=[1-500]',
    instead: ['--first', VALUE],
  },
  {
    names: ['--pages-max', '--page-limit', '--depth', '-l', '--level', '--quota'],
    takes: true,
    says: '--max-pages N is the most pages of a run',
    instead: ['--max-pages', VALUE],
  },
  {
    names: ['--cursor', '--cursor-path', '--next-cursor', '--starting-token'],
    takes: true,
    says: '--paginate cursor --next-path PATH says where a page has its cursor',
    instead: ['--paginate', 'cursor', '--next-path', 'meta.next_cursor'],
  },
  {
    names: ['--all', '--no-paginate', '--paginate-all', '--recursive', '--mirror', '--fetch-all'],
    says: 'every page of a list is fetched anyway; --paginate none fetches the one page only',
  },
  {
    names: [
      '-r',
      '--jq',
      '--query',
      '--filter',
      '--data-selector',
      '--records-path',
      '--raw-output',
      '--path',
    ],
    takes: true,
    says: '--select PATH takes records out of a page: a path as in data.items, or a JMESPath expression',
    instead: ['--select', 'data.items'],
  },
  {
    names: ['--primary-key', '--id', '--id-field', '--unique-key'],
    takes: true,
    says: '--key PATH identifies a record',
    instead: ['--key', VALUE],
  },
  // Output
  {
    names: ['-O', '--remote-name', '-J', '--remote-header-name', '--download'],
    says: 'the output is -o FILE, one file for all pages of a run',
    instead: ['-o', 'items.ndjson'],
  },
  {
    names: ['--out', '--outfile', '--output-document'],
    takes: true,
    says: 'the output is -o FILE',
    instead: ['-o', VALUE],
  },
  {
    names: ['--dir', '--output-dir'],
    takes: true,
    says: 'the output is -o FILE, one file for all pages of a run',
    instead: ['-o', 'items.ndjson'],
  },
  {
    names: ['--slurp', '--jsonarray'],
    says: 'one JSON array is -f json, or -o with a name that ends in .json',
    instead: ['-f', 'json'],
  },
  {
    names: [
      '--ndjson',
      '--jsonl',
      '--json-lines',
      '-N',
      '--no-buffer',
      '--stream',
      '--compact-output',
    ],
    says: 'the output is NDJSON, each page as soon as those before it are written, unless -f or -o says json',
  },
  {
    names: ['--csv', '--tsv', '--parquet', '--sqlite'],
    says: 'the name of the output says its format: .csv, .tsv, .parquet, .db; or -f csv',
  },
  {
    names: ['--xml'],
    says: 'no output is XML; jq and DuckDB convert NDJSON',
  },
  {
    names: ['-p', '--print', '--pretty', '--style', '--theme', '--write-out'],
    takes: true,
    says: 'records keep the bytes that the server sent; pipe them to jq to format them',
  },
  // Runs
  {
    names: [
      '--resume',
      '--continue',
      '-C',
      '--continue-at',
      '--restart',
      '--skip-existing',
      '--no-clobber',
    ],
    takes: true,
    says: 'the same command resumes anyway; --fresh starts again',
  },
  {
    names: [
      '--no-cache',
      '--force',
      '--overwrite',
      '--clobber',
      '--refresh',
      '--restart-all',
      '--full-refresh',
    ],
    says: '--fresh discards an unfinished archive and starts again',
    instead: ['--fresh'],
  },
  {
    names: ['--dry-run', '--check', '--inspect', '--plan', '--spider', '--offline', '--explain'],
    says: 'everypage explain URL shows how a list is paginated, and writes nothing',
    verb: 'explain',
  },
  {
    names: ['--partial', '--ignore-errors', '--fail-early', '--keep-going', '--best-effort'],
    says: '--allow-incomplete writes what is there, and exits 0',
    instead: ['--allow-incomplete'],
  },
  {
    names: ['--fail', '--fail-with-body', '--check-status', '--show-error', '--no-fail'],
    says: 'a page that failed ends the run with exit code 3 anyway',
  },
  // Messages
  {
    names: ['-s', '--silent', '--no-verbose', '--no-progress', '--no-progress-meter', '--no-meter'],
    says: '-q prints nothing unless something is wrong; --progress none leaves out the progress only',
    instead: ['-q'],
  },
  {
    names: ['--debug', '--trace', '--trace-ascii', '--trace-time', '--log-level', '--dump'],
    says: '-v prints a line for each page, -vv also retries and pauses',
    instead: ['-vv'],
  },
  {
    names: ['-#', '--progress-bar', '--show-progress'],
    says: 'progress is shown on a terminal anyway; --progress plain prints lines',
  },
  {
    names: ['--no-color', '--no-colour', '--colour', '--monochrome-output', '-M'],
    says: 'it is --color never, or NO_COLOR=1',
    instead: ['--color=never'],
  },
  {
    names: ['--color-output'],
    says: 'it is --color always',
    instead: ['--color=always'],
  },
  {
    names: ['-K', '--config', '--conf-path', '--load-config'],
    takes: true,
    says: 'there are no files of flags; --env-file FILE reads settings and credentials, @FILE reads URLs',
    instead: ['--env-file', '.env'],
  },
  {
    names: ['--input-file', '--url-file', '--input'],
    takes: true,
    says: 'a list of URLs is @FILE, or - for standard input',
    instead: [`@${VALUE}`],
  },
  {
    names: ['--url', '--endpoint', '--base-url'],
    takes: true,
    says: 'a URL needs no flag',
    instead: [VALUE],
  },
  {
    names: ['-?', '--usage', '--help-all', '--manual'],
    says: '--help explains every flag',
    instead: ['--help'],
  },
];

/** Words that stand where a verb may, and what they are here; null: a URL stands there by itself. */
export const otherVerbs: Readonly<Record<string, Verb | null>> = {
  check: 'verify',
  validate: 'verify',
  inspect: 'explain',
  detect: 'explain',
  discover: 'explain',
  convert: 'export',
  dump: 'export',
  api: null,
  crawl: null,
  curl: null,
  download: null,
  get: null,
  http: null,
  https: null,
  post: null,
  run: null,
};

/**
 * Several letters of curl that are typed together, as in `-fsSL`. `-f` is another flag here, so they are
 * known as a whole.
 */
const CURL_LETTERS = /^-(?=[a-zA-Z]*[sSL])(?=..)[fsSLiNOZ]+$/;

/** What `name` is here; undefined where no tool is known that has it. */
export function findOtherName(name: string): OtherName | undefined {
  return otherNames.find(({ names }) => names.includes(name));
}

/** Whether a word is such letters of curl. */
export function isCurlLetters(word: string): boolean {
  return CURL_LETTERS.test(word);
}
