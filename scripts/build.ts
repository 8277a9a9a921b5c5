/**
 * Builds `dist/`, the program as a few files: `npm run build`.
 *
 * What is shipped is made for a quick start; the sources are made for reading. Node takes about half a
 * millisecond for each module that it loads, so they are bundled, and it loads CommonJS faster than
 * ES modules: for these it reads every property of a built-in module, which loads what stands behind it.
 */
import { execFileSync } from 'node:child_process';
import { globSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { type InputOptions, type OutputOptions, type Plugin, rolldown } from 'rolldown';
import { buildReportPage } from './build-report-page.ts';

const ROOT = join(import.meta.dirname, '..');
const DIST = join(ROOT, 'dist');

/** Compiled code is kept for files with such names: see bin/load.cjs. */
const NAMED_BY_CONTENT = '[name]-[hash].cjs';

/** Loading these takes milliseconds, and many runs or one of the two threads do without. */
const LOADED_ON_USE =
  /^(let (node_\w+) = )(require\("node:(?:crypto|dns|fs\/promises|http|http2|os|perf_hooks|stream\/consumers|tls|zlib)"\);)$/gm;

/** Turns `let node_zlib = require("node:zlib")` into a function that loads the module when it is called. */
const loadOnUse: Plugin = {
  name: 'load-on-use',
  renderChunk(code) {
    const names: string[] = [];
    const declared = code.replace(LOADED_ON_USE, (_, _let, name: string, load: string) => {
      names.push(name);
      return `let loaded_${name};\nconst get_${name} = () => (loaded_${name} ??= ${load.slice(0, -1)});`;
    });
    return names.reduce(
      (text, name) => text.replace(new RegExp(`\\b${name}\\.`, 'g'), `get_${name}().`),
      declared,
    );
  },
};

const NOT_ASCII = /[^\p{ASCII}]/gu;

function escapeCharacter(character: string): string {
  const units = Array.from({ length: character.length }, (_, at) => character.charCodeAt(at));
  return units.map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`).join('');
}

/** Outside ASCII, V8 would hold all of a file in twice the memory, and read it in twice the time. */
const asciiOnly: Plugin = {
  name: 'ascii-only',
  generateBundle(_options, files) {
    for (const file of Object.values(files)) {
      if (file.type === 'chunk') file.code = file.code.replace(NOT_ASCII, escapeCharacter);
    }
  },
};

const shared: InputOptions = {
  cwd: ROOT,
  platform: 'node',
  external: [
    /^undici/,
    '@opentelemetry/api',
    '@duckdb/node-api',
    'pg',
    'pg-copy-streams',
    'bullmq',
    'ioredis',
    '@aws-sdk/credential-providers',
    /^@bull-board\//,
    /^@hono\//,
    'hono',
  ],
};

const THREAD = 'src/archive-thread/serve-archive.ts';

/** What the archive thread loads at once: without what only some outputs need. */
async function modulesOfThread(): Promise<ReadonlySet<string>> {
  const made = await rolldown({ ...shared, input: { thread: THREAD } });
  const { output } = await made.generate({ format: 'cjs' });
  await made.close();
  const chunks = new Map(output.map((file) => [file.fileName, file]));
  const modules = new Set<string>();
  const add = (name: string): void => {
    const chunk = chunks.get(name);
    if (chunk?.type !== 'chunk') return;
    for (const id of chunk.moduleIds) modules.add(id);
    for (const imported of chunk.imports) add(imported);
  };
  add(output[0].fileName);
  return modules;
}

async function bundle(
  input: InputOptions['input'],
  codeSplitting: NonNullable<OutputOptions['codeSplitting']>,
): Promise<void> {
  const made = await rolldown({ ...shared, input: input!, plugins: [loadOnUse, asciiOnly] });
  await made.write({
    dir: DIST,
    format: 'cjs',
    // All in one folder: the thread's entry is found beside whichever file asks for it.
    entryFileNames: '[name].cjs',
    chunkFileNames: NAMED_BY_CONTENT,
    // bin/load.cjs gives its files a `require` and no more.
    dynamicImportInCjs: false,
    comments: false,
    // Names of functions and classes stay, for the stacks of errors.
    minify: {
      compress: true,
      mangle: { toplevel: true, keepNames: true },
      codegen: { removeWhitespace: true },
    },
    codeSplitting,
  });
  await made.close();
}

// A file that was deleted in src/ must not be shipped.
rmSync(DIST, { recursive: true, force: true });
const ofThread = await modulesOfThread();
await bundle(
  // What `bin/everypage.cjs` loads, what that loads in its turn, the library, and the archive thread.
  { start: 'src/cli/start.ts', main: 'src/cli/main.ts', index: 'src/index.ts', thread: THREAD },
  {
    groups: [
      { name: 'archive-worker', test: /archive-worker\.ts$/, priority: 3 },
      // The thread has all its code in one file: no request is stored before it has been read.
      { name: 'shared', test: (id) => ofThread.has(id), priority: 2 },
      // Without what only a report, a served archive or a database needs.
      {
        name: 'run',
        test: /src[\\/](?!demo|cli|cluster|index|serve|api[\\/](?:serve|report-)|archive-thread[\\/](?:gather-)?report|report[\\/](?:attempt-kind|pack|report-|github|metrics)|export[\\/](?:parquet[\\/]|postgres|copy-text|jsonb|duckdb))/,
        priority: 1,
      },
      // Only their own outputs, and runs of many machines, load these; Parquet is also the way to DuckDB.
      { name: 'parquet', test: /src[\\/]export[\\/]parquet[\\/]/, priority: 1 },
      { name: 'postgres', test: /src[\\/]export[\\/](?:postgres|copy-text|jsonb)/, priority: 0 },
      { name: 's3', test: /src[\\/]cluster[\\/]s3[\\/]|[\\/]aws4fetch[\\/]/, priority: 1 },
      { name: 'cluster', test: /src[\\/]cluster[\\/]/, priority: 0 },
      { name: 'duckdb', test: /src[\\/]export[\\/]duckdb/, priority: 0 },
      // What a fetch loads of the command line.
      {
        name: 'cli',
        test: /src[\\/]cli[\\/](?!start|demo|archive-|completion|manifest|metrics|only-|queue-|store-|ui-|verification|(?!fetch)[\w-]+-command)/,
        priority: 1,
      },
    ],
  },
);
await buildReportPage(join(DIST, 'report-page.html.br'));
writeThreadEntry();
writeLibraryEntry();
writeNotices();
const compiler = join(ROOT, 'node_modules/typescript/bin/tsc');
execFileSync(process.execPath, [compiler, '-p', 'tsconfig.build.json'], {
  cwd: ROOT,
  stdio: 'inherit',
});
keepOnlyNeeded(join(DIST, 'types'), 'index.d.ts');

/** Where the archive thread begins. */
function writeThreadEntry(): void {
  const lines = [
    "const { parentPort } = require('node:worker_threads');",
    "const { load, keepCompiled } = require('../bin/load.cjs');",
    // It calls other functions of the files that it shares with the main thread.
    "load(__dirname + '/thread.cjs', 'thread').serveArchive(parentPort, keepCompiled);",
  ];
  writeFileSync(join(DIST, 'thread-entry.cjs'), `${lines.join('\n')}\n`);
}

/** The library is imported as an ES module. What refuses another Node runs before anything else is loaded. */
function writeLibraryEntry(): void {
  const names = Object.keys(createRequire(import.meta.url)(join(DIST, 'index.cjs')));
  writeFileSync(
    join(DIST, 'index.js'),
    `import './check-runtime.cjs';\nexport { ${names.join(', ')} } from './index.cjs';\n`,
  );
  const lines = [
    "'use strict';",
    "var whyNotHere = require('../bin/runtime.cjs')();",
    "if (whyNotHere !== null) throw new Error('everypage ' + whyNotHere);",
  ];
  writeFileSync(join(DIST, 'check-runtime.cjs'), `${lines.join('\n')}\n`);
}

/** The bundle holds a copy of these packages, whose licences want to go along. */
function writeNotices(): void {
  const notices = ['aws4fetch', 'structured-headers', 'uplot'].map((name) => {
    const licence = readFileSync(join(ROOT, 'node_modules', name, 'LICENSE'), 'utf8');
    return `${name}\n\n${licence}`;
  });
  writeFileSync(join(DIST, 'THIRD-PARTY-LICENSES.txt'), notices.join('\n'));
}

/** tsc writes declarations of every file that it has read; kept are those that the first one leads to. */
function keepOnlyNeeded(folder: string, first: string): void {
  const needed = new Set([first]);
  for (const file of needed) {
    const text = readFileSync(join(folder, file), 'utf8');
    for (const [, name] of text.matchAll(/(?:from |import\()['"](\.[^'"]+)\.(?:ts|js)['"]/g)) {
      needed.add(join(dirname(file), `${name}.d.ts`));
    }
  }
  for (const file of globSync('**/*.ts', { cwd: folder })) {
    if (!needed.has(file)) rmSync(join(folder, file));
  }
}
