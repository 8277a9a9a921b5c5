/**
 * What other tools call it: curl, wget, httpie, xh, aria2, gh, jq, aws, dlt. Who types such a name hears
 * what it is here, with a command that works. It stands beside the table of flags (flags.ts).
 */
import { type Verb, verbs } from './flags/verbs.ts';

/** Stands for the value that was typed. */
export const VALUE = 'VALUE';

export interface OtherName {
  /** As they are typed: `-L`, `--location`. */
  readonly names: readonly string[];
  /** A value follows it in those tools. */
  readonly takes: boolean;
  /** The flag or the advice of everypage. */
  readonly says: string;
  /**
   * The words in its place, none where it is not needed. A value that is not among them is left out: it
   * may be a credential.
   */
  readonly instead: readonly string[];
  /** The verb that does it. */
  readonly verb: Verb | null;
}

/**
 * Two lines each: the names, with VALUE where one follows; behind the arrow the words in their place; then what
 * is said.
 */
const TABLE = `
--bearer --token --access-token --oauth2-bearer --auth-token --api-key VALUE → --bearer-env TOKEN
  a token comes from an environment variable, where no other user sees it: --bearer-env VAR
-a --auth --auth-type --password --http-password --http-passwd VALUE → --netrc
  a user and password go into ~/.netrc, which --netrc reads, or into -u USER:PASS; a token into --bearer-env VAR
--basic
  -u USER:PASS is Basic authentication
-b --cookie --load-cookies --session --cookie-jar VALUE → -H @headers.txt
  a cookie is a header: -H 'cookie: name=value', or in a file, -H @FILE
--netrc-file VALUE → --netrc
  --netrc reads ~/.netrc, or the file that $NETRC names
-L --location -F --follow --location-trusted
  redirects within the origin are followed anyway; --allow-origin ORIGIN allows another one
--max-redirs --max-redirect VALUE
  up to ten redirects are followed, within the origin
--compressed --compression --gzip
  compressed bodies are asked for and decompressed anyway
-e --referer VALUE → -H 'referer: VALUE'
  it is a header: -H 'referer: URL'
--accept VALUE → -H 'accept: VALUE'
  it is a header: -H 'accept: TYPE'
--data-raw --data-binary --data-ascii --raw --body --post-data --body-data VALUE → -d VALUE
  the body is -d BODY, or -d @FILE
--data-urlencode --form --form-string VALUE → -d VALUE -H 'content-type: application/x-www-form-urlencoded'
  a form is -d 'a=b&c=d' with -H 'content-type: application/x-www-form-urlencoded'
-G --get
  a GET is what is sent without -d; parameters go into the URL
-I --head -i --include --headers -S --server-response --show-headers → -v
  everypage explain URL shows what a server says about its list and its limits; -v shows each page
--port VALUE → --listen VALUE
  where to listen is --listen PORT
--params --param --query-param VALUE
  parameters go into the URL: 'https://api.example.com/items?a=b'
--http2-prior-knowledge --http2-only → --http2
  --http2 uses HTTP/2 only, also on an http:// URL
--http1.0 -0 --http3 --http3-only --tlsv1.2 --tlsv1.3 -4 -6 --ipv4 --ipv6
  everypage uses HTTP/2 or HTTP/1.1, TLS 1.2 or 1.3, and the address that answers first
--verify --no-check-certificate --check-certificate --ssl-no-revoke --no-verify → -k
  -k accepts any certificate; --cacert FILE trusts one more authority
--ca-certificate --ca-bundle VALUE → --cacert VALUE
  it is --cacert FILE
--key-file --private-key VALUE → --cert-key VALUE
  it is --cert-key FILE, with --cert FILE
--retries --tries -t --max-tries --retry-count VALUE → --retry VALUE
  --retry N is the number of retries of a page, 5 unless you say otherwise
--retry-all-errors --retry-connrefused
  network errors are retried anyway
--retry-delay --retry-wait --waitretry VALUE
  retries wait as long as the server says; otherwise each wait is longer than the one before
-m --max-time --read-timeout -T VALUE → --timeout VALUE
  --timeout TIME is for one attempt, --deadline TIME for the whole run
-Z --parallel --async
  pages are fetched in parallel anyway; -c N is an upper bound
--parallel-max -P -j --max-concurrent-downloads --max-connection-per-server --workers --threads --jobs --max-concurrency VALUE → -c VALUE
  -c N is the number of requests in flight at once
-w --wait --delay --sleep --rate-limit --random-wait --throttle VALUE → --rate 2/s
  --rate N/TIME sets the pace, as in --rate 2/s; without it a run is as fast as the server allows
--limit-rate --max-download-limit --bwlimit VALUE → --rate 2/s
  bytes a second cannot be limited; --rate N/TIME limits requests
--next --next-url --next-link --follow-next VALUE → --next-path links.next
  the next page is found by itself; --next-path PATH says where a page names it
--limit --per-page --per_page --pagesize --limit-param --max-items --head-records VALUE → --page-size VALUE
  --page-size N is the number of records in a page, --max-pages N the most pages of a run
--offset --start --page --start-page --from VALUE → --first VALUE
  --first N is the first page or offset; a range goes into the URL, as in ?page=[1-500]
--pages-max --page-limit --depth -l --level --quota VALUE → --max-pages VALUE
  --max-pages N is the most pages of a run
--cursor --cursor-path --next-cursor --starting-token VALUE → --paginate cursor --next-path meta.next_cursor
  --paginate cursor --next-path PATH says where a page has its cursor
--all --no-paginate --paginate-all --recursive --mirror --fetch-all
  every page of a list is fetched anyway; --paginate none fetches the one page only
-r --jq --query --filter --data-selector --records-path --raw-output --path VALUE → --select data.items
  --select PATH takes records out of a page: a path as in data.items, or a JMESPath expression
--primary-key --id --id-field --unique-key VALUE → --key VALUE
  --key PATH identifies a record
-O --remote-name -J --remote-header-name --download → -o items.ndjson
  the output is -o FILE, one file for all pages of a run
--out --outfile --output-document VALUE → -o VALUE
  the output is -o FILE
--dir --output-dir VALUE → -o items.ndjson
  the output is -o FILE, one file for all pages of a run
--slurp --jsonarray → -f json
  one JSON array is -f json, or -o with a name that ends in .json
--ndjson --jsonl --json-lines -N --no-buffer --stream --compact-output
  the output is NDJSON, each page as soon as those before it are written, unless -f or -o says json
--csv --tsv --parquet --sqlite
  the name of the output says its format: .csv, .tsv, .parquet, .db; or -f csv
--xml
  no output is XML; jq and DuckDB convert NDJSON
-p --print --pretty --style --theme --write-out VALUE
  records keep the bytes that the server sent; pipe them to jq to format them
--resume --continue -C --continue-at --restart --skip-existing --no-clobber VALUE
  the same command resumes anyway; --fresh starts again
--no-cache --force --overwrite --clobber --refresh --restart-all --full-refresh → --fresh
  --fresh discards an unfinished archive and starts again
--dry-run --check --inspect --plan --spider --offline --explain → everypage explain
  everypage explain URL shows how a list is paginated, and writes nothing
--partial --ignore-errors --fail-early --keep-going --best-effort → --allow-incomplete
  --allow-incomplete writes what is there, and exits 0
--fail --fail-with-body --check-status --show-error --no-fail
  a page that failed ends the run with exit code 3 anyway
-s --silent --no-verbose --no-progress --no-progress-meter --no-meter → -q
  -q prints nothing unless something is wrong; --progress none leaves out the progress only
--debug --trace --trace-ascii --trace-time --log-level --dump → -vv
  -v prints a line for each page, -vv also retries and pauses
-# --progress-bar --show-progress
  progress is shown on a terminal anyway; --progress plain prints lines
--no-color --no-colour --colour --monochrome-output -M → --color=never
  it is --color never, or NO_COLOR=1
--color-output → --color=always
  it is --color always
-K --config --conf-path --load-config VALUE → --env-file .env
  there are no files of flags; --env-file FILE reads settings and credentials, @FILE reads URLs
--input-file --url-file --input VALUE → @VALUE
  a list of URLs is @FILE, or - for standard input
--url --endpoint --base-url VALUE → VALUE
  a URL needs no flag
-? --usage --help-all --manual → --help
  --help explains every flag
`;

/** Only a command line that is wrong needs the table. */
export function readOtherNames(): readonly OtherName[] {
  return [...TABLE.matchAll(/^(\S.*)\n {2}(.*)$/gm)].map(([, line, says]) => {
    const [named = '', instead = ''] = line!.split(' → ');
    const names = named.split(' ');
    const takes = names.at(-1) === VALUE;
    const words = [...instead.matchAll(/'(.*?)'|\S+/g)].map(([word, quoted]) => quoted ?? word);
    const verb = words[0] === 'everypage' ? verbs.find((name) => name === words[1])! : null;
    return {
      names: takes ? names.slice(0, -1) : names,
      takes,
      says: says!,
      instead: verb === null ? words : [],
      verb,
    };
  });
}

/** What everypage has for `name`; undefined if no known tool has that name. */
export function findOtherName(name: string): OtherName | undefined {
  return readOtherNames().find(({ names }) => names.includes(name));
}
