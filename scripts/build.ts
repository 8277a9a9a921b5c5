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

const ROOT = join(import.meta.dirname, '..');
const DIST = join(ROOT, 'dist');

/** Compiled code is kept for files with such names: see bin/load.cjs. */
const NAMED_BY_CONTENT = '[name]-[hash].cjs';

/** Loading these takes milliseconds, and many runs or one of the two threads do without. */
const LOADED_ON_USE =
  /^(let (node_\w+) = )(require\("node:(?:crypto|dns|fs\/promises|http|http2|os|stream\/consumers|tls|zlib)"\);)$/gm;

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

async function bundle(
  input: InputOptions['input'],
  codeSplitting: NonNullable<OutputOptions['codeSplitting']>,
  entryFileNames: string,
): Promise<readonly string[]> {
  const made = await rolldown({
    cwd: ROOT,
    input: input!,
    platform: 'node',
    external: [/^undici/, 'hyparquet-writer', 'bullmq', 'ioredis'],
    plugins: [loadOnUse, asciiOnly],
  });
  const { output } = await made.write({
    dir: DIST,
    format: 'cjs',
    // All in one folder: the thread's entry is found beside whichever file asks for it.
    entryFileNames,
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
  return output.map(({ fileName }) => fileName);
}

// A file that was deleted in src/ must not be shipped.
rmSync(DIST, { recursive: true, force: true });
await bundle(
  // What `bin/everypage.cjs` loads, what that loads in its turn, and the library.
  { start: 'src/cli/start.ts', main: 'src/cli/main.ts', index: 'src/index.ts' },
  {
    groups: [
      { name: 'archive-worker', test: /archive-worker\.ts$/, priority: 2 },
      { name: 'run', test: /src[\\/](?!demo|cli|index|serve|cluster|api[\\/]serve)/, priority: 1 },
      // What only a run of many machines loads; after `run`, since a group takes along what it imports.
      { name: 'cluster', test: /src[\\/]cluster[\\/]/, priority: 0 },
      // What a fetch loads of the command line.
      {
        name: 'cli',
        test: /src[\\/]cli[\\/](?!start|demo|explain|presets|archive|only-archive|schema|serve|completion|cluster|queue)/,
        priority: 1,
      },
    ],
  },
  '[name].cjs',
);
// The thread has all its code in one file: no request is stored before it has been read.
const [thread] = await bundle(
  { 'archive-thread': 'src/archive-thread/serve-archive.ts' },
  false,
  NAMED_BY_CONTENT,
);
writeThreadEntry(thread!);
writeLibraryEntry();
writeNotices();
const compiler = join(ROOT, 'node_modules/typescript/bin/tsc');
execFileSync(process.execPath, [compiler, '-p', 'tsconfig.build.json'], {
  cwd: ROOT,
  stdio: 'inherit',
});
keepOnlyNeeded(join(DIST, 'types'), 'index.d.ts');

/** Where the archive thread begins. */
function writeThreadEntry(file: string): void {
  const lines = [
    "const { parentPort } = require('node:worker_threads');",
    "const { load, keepCompiled } = require('../bin/load.cjs');",
    `load(\`\${__dirname}/${file}\`, 'fetch').serveArchive(parentPort, keepCompiled);`,
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
  const notices = ['structured-headers'].map((name) => {
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
