/**
 * Which file of `dist/` holds which sources. `shared` has what a fetch calls before it connects. All else is
 * loaded at its first use, most of it while the server is waited for. A module in the wrong group costs
 * time and nothing else, so the build fails where a name here is that of no module any more.
 */
import type { OutputOptions, Plugin } from 'rolldown';

type Groups = Extract<OutputOptions['codeSplitting'], object>;

/** Files that are loaded at their first use, though modules of others import from them. */
const ON_USE = ['archive', 'fetching', 'later', 'words'] as const;

/** Every name that the groups were given. */
const named: RegExp[] = [];

function within(folders: readonly string[]): RegExp {
  named.push(...folders.flatMap(namesIn).map((name) => new RegExp(`/src/${name}`)));
  return new RegExp(`/src/(?:${folders.join('|')})`);
}

/** One pattern for each choice in `pattern`, also for what it leaves out. */
function namesIn(pattern: string): readonly string[] {
  const [group, choices] = /\(\?[:!]([^()]*)\)/.exec(pattern) ?? [];
  if (group === undefined) return [pattern];
  return choices!.split('|').flatMap((choice) => namesIn(pattern.replace(group, choice)));
}

/** What lists of many pages, limits, faults, other outputs and reports need. */
const LATER = within([
  'api/(?!run|serve|report-)',
  'archive/(?:archive-faults|history|key-parts|merkle-tree|request-index|state-folder)',
  'archive-thread/(?:echoed-|gather-|manifest-|report-|take-)',
  'core/(?:column-names|depth|escape|nearest)',
  'decode/(?:body-faults|distinct|jmespath/|list-of-|projection|record-fields|string-|written-)',
  'export/(?:database-table|in-place-|load-sink|provenance|sink-|sqlite-|typed-rows)',
  'fetch/(?:failure|follow-|refused-)',
  'http/(?:connect-fault|http1-|unasked-)',
  'http/limits/(?:ietf-|limit-in-|moment|reset)',
  'pace/(?:held-time|hidden-limit|pause-gate|retries|stated-limits)',
  'plan/(?:chain-|contradictions|end-evidence|fan-out-|far-|function-|guess-|list-slice|next-by-|next-holds)',
  'plan/(?:next-skips|no-next|overlap-|page-grid|restarting-|slices|split-|token-text|totals|url-list)',
  'plan/(?:detect/(?:trial|try-|which-changes|whole-list)|styles/(?:counting-|parameter-))',
  'report/(?:attempt-kind|pack|report-data|table-text)',
  'schema/',
]);

/** What asks for pages and reads them. */
const FETCHING = within([
  'archive/(?:file-checks|file-locks|sqlite)',
  'decode/(?!jmespath|json-tokens|read-selection|record-expressions|selection)',
  'fetch/(?!check-|credentials|export-|failure|follow-|open-|paginate-|prepare|run-)',
  'http/(?:http2-|outcome|unasked-|limits/(?:backoff-|counted-|retry-))',
  'http/h2/(?!frame-reader|huffman|static-table)',
  'pace/(?!held-time|hidden-limit|pause-gate|retries|stated-limits)',
  'plan/(?:create-|end-evidence|full-page|guess-next|link-header|no-next|pin-flags|read-page-)',
  'plan/(?:recheck|token-text|detect/(?!trial|try-|which-changes|whole-list)|styles/(?!guessed-))',
]);

/** What stores and exports: of the main thread's, only runs of one page need it. */
const ARCHIVE = within([
  'archive/(?!archive-(?:faults|file|location)|file-|kept-run|schema|sqlite|state-folder)',
  'archive-thread/(?:batch-reader|finish-|follow-|joined-|kept-|open-archive|outputs|page-info-)',
  'archive-thread/(?:read-first|repeated-|run-export|send-|session|shape-|sister-|stored-)',
  'export/(?:block-writer|create-output|page-records|shape-records|write-)',
]);

/** What is said of a run. */
const WORDS = within([
  'cli/(?:command-text|headers|help|other-names|say-summary|unknown-flag|write-file)',
  'report/(?:json-log|next-steps|paging-text|progress|show-|stop-text|summary-|verdict-|wording)',
]);

/** Commands and outputs have files of their own. */
const RARE = within([
  'api/(?:serve|report-)',
  'cli/(?:start|demo|archive-|completion|manifest|metrics|only-|queue-|store-|ui-|verification)',
  'cli/[\\w-]+(?<!/fetch)-command',
  'cluster',
  'demo',
  'export/(?:parquet|postgres|duckdb)',
  'index',
  'report/(?:report-|github|metrics)',
  'serve',
]);

function matches(pattern: RegExp): (id: string) => boolean {
  return (id) => pattern.test(id.replaceAll('\\', '/'));
}

export const GROUPS: Groups = {
  // Dependencies are in groups of their own.
  includeDependenciesRecursively: false,
  groups: [
    {
      name: 'archive-worker',
      test: matches(within(['archive-thread/archive-worker'])),
      priority: 3,
    },
    { name: 'later', test: matches(LATER), priority: 3 },
    { name: 'fetching', test: matches(FETCHING), priority: 3 },
    { name: 'archive', test: matches(ARCHIVE), priority: 3 },
    { name: 'words', test: matches(WORDS), priority: 3 },
    // Parquet is also the way to DuckDB.
    { name: 'parquet', test: matches(within(['export/parquet'])), priority: 2 },
    { name: 'postgres', test: matches(within(['export/postgres'])), priority: 2 },
    { name: 'duckdb', test: matches(within(['export/duckdb'])), priority: 2 },
    { name: 's3', test: matches(/src\/cluster\/s3\/|\/aws4fetch\//), priority: 3 },
    { name: 'cluster', test: matches(within(['cluster/'])), priority: 2 },
    {
      name: 'shared',
      test: (id) => matches(/\/src\//)(id) && !matches(RARE)(id),
      priority: 1,
    },
  ],
};

/**
 * Turns `const name = require('it')` into an object that loads it when it is first used. `declaration` has
 * `require('it')` as its last group.
 */
export function loadedOnUse(code: string, declaration: RegExp, name: string): string {
  if (!declaration.test(code)) return code;
  const lazy = `const lazy_${name} = { get it() { return (this.loaded ??= $1); }, loaded: undefined };`;
  return code
    .replace(declaration, lazy)
    .replace(new RegExp(`\\b${name}\\.`, 'g'), `lazy_${name}.it.`);
}

export const namesOfModules: Plugin = {
  name: 'names-of-modules',
  buildEnd() {
    const ids = [...this.getModuleIds()];
    const stale = named.filter((name) => !ids.some(matches(name)));
    if (stale.length > 0) this.error(`bundle-groups.ts names no module: ${stale.join(', ')}`);
  },
};

export const filesOnUse: Plugin = {
  name: 'files-on-use',
  renderChunk(code) {
    return ON_USE.map((file) => `require_${file}`).reduce(
      (text, name) =>
        loadedOnUse(text, new RegExp(`^const ${name} = (require\\("[^"]+"\\));$`, 'm'), name),
      code,
    );
  },
};
