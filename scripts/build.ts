/**
 * Builds `dist/`: the program as a few files (`npm run build`).
 *
 * Node takes about half a millisecond for each module that it loads, so the sources, which are many
 * small files, are bundled. Only what most runs do not need stays in files of its own.
 */
import { execFileSync } from 'node:child_process';
import { globSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { rolldown } from 'rolldown';

const ROOT = join(import.meta.dirname, '..');
const DIST = join(ROOT, 'dist');

/** All in one folder: the thread's entry is found beside whichever file asks for it. */
const OUTPUT = {
  dir: DIST,
  format: 'esm',
  entryFileNames: '[name].js',
  chunkFileNames: '[name]-[hash].js',
  comments: false,
} as const;

// A file that was deleted in src/ must not be shipped.
rmSync(DIST, { recursive: true, force: true });

/** The command line and the library, which share most of their code. */
const program = await rolldown({
  cwd: ROOT,
  // What `bin/everypage.cjs` loads, what that loads in its turn, and the library.
  input: { start: 'src/cli/start.ts', main: 'src/cli/main.ts', index: 'src/index.ts' },
  platform: 'node',
  external: ['undici'],
});
await program.write({
  ...OUTPUT,
  codeSplitting: {
    groups: [
      { name: 'archive-worker', test: /archive-worker\.ts$/, priority: 2 },
      { name: 'run', test: /src\/(?!demo|cli)/, priority: 1, entriesAware: false },
    ],
  },
});
await program.close();

/** A file of its own, all of it: what is read is what the thread waits for before it answers. */
const thread = await rolldown({
  cwd: ROOT,
  input: { 'thread-entry': 'src/archive-thread/thread-entry.ts' },
  platform: 'node',
});
await thread.write(OUTPUT);
await thread.close();

execFileSync(join(ROOT, 'node_modules/.bin/tsc'), ['-p', 'tsconfig.build.json'], {
  cwd: ROOT,
  stdio: 'inherit',
});
keepOnlyNeeded(join(DIST, 'types'), 'index.d.ts');

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
