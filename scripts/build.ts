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
import { filesOnUse, GROUPS, loadedOnUse, namesOfModules } from './bundle-groups.ts';

const ROOT = join(import.meta.dirname, '..');
const DIST = join(ROOT, 'dist');

/** Compiled code is kept for files with such names: see bin/load.cjs. */
const NAMED_BY_CONTENT = '[name]-[hash].cjs';

/** Loading these takes milliseconds, and many runs or one of the two threads do without. */
const MODULES_ON_USE = [
  ...['crypto', 'dns', 'fs/promises', 'http', 'http2', 'os', 'perf_hooks', 'stream/consumers'],
  ...['tls', 'worker_threads', 'zlib'],
];

const modulesOnUse: Plugin = {
  name: 'modules-on-use',
  renderChunk(code) {
    return MODULES_ON_USE.reduce((text, module) => {
      const name = `node_${module.replace('/', '_')}`;
      return loadedOnUse(
        text,
        new RegExp(`^let ${name} = (require\\("node:${module}"\\));$`, 'm'),
        name,
      );
    }, code);
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

const EXPORT =
  /^Object\.defineProperty\(exports, ('[^']+'|"[^"]+"), \{\s+enumerable: true,\s+get: function ?\(\) \{\s+return ([\w$]+);\s+\}\s+\}\);$/gm;

/** One object of values instead of a getter for each export, of which V8 defines 450 in 2 ms. */
const plainExports: Plugin = {
  name: 'plain-exports',
  transform(code, id) {
    if (/^export let/m.test(code)) throw new Error(`${id} exports what may change`);
  },
  renderChunk(code, { isEntry }) {
    const exported = [...code.matchAll(EXPORT)].map(([, name, local]) => `${name}: ${local}`);
    if (isEntry || exported.length === 0) return code;
    return `${code.replace(EXPORT, '')}\nmodule.exports = { ${exported.join(', ')} };\n`;
  },
};

const shared: InputOptions = {
  cwd: ROOT,
  platform: 'node',
  // As groups without their dependencies want it.
  preserveEntrySignatures: 'allow-extension',
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

async function bundle(
  input: InputOptions['input'],
  codeSplitting: NonNullable<OutputOptions['codeSplitting']>,
): Promise<void> {
  const made = await rolldown({
    ...shared,
    input: input!,
    plugins: [namesOfModules, modulesOnUse, filesOnUse, plainExports, asciiOnly],
  });
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
await bundle(
  // What `bin/everypage.cjs` loads, what that loads in its turn, the library, and the archive thread.
  { start: 'src/cli/start.ts', main: 'src/cli/main.ts', index: 'src/index.ts', thread: THREAD },
  GROUPS,
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
    "const { serveArchive, loadSession } = load(__dirname + '/thread.cjs', 'thread');",
    'serveArchive(parentPort, keepCompiled);',
    '// Before it is asked for.',
    'loadSession();',
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
