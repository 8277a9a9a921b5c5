import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { test } from 'node:test';

const ROOT = join(import.meta.dirname, '..');

/** Lower imports nothing higher; folders of one rank know only each other's contract file. */
const RANK: Readonly<Record<string, number>> = {
  core: 0,
  plan: 1,
  pace: 1,
  http: 1,
  archive: 1,
  decode: 1,
  schema: 1,
  export: 1,
  report: 1,
  demo: 1,
  serve: 1,
  'archive-thread': 2,
  fetch: 3,
  cluster: 4,
  api: 5,
  '.': 5,
  cli: 6,
};

/** The public face: `run.ts` and what users call besides. */
const PUBLIC = new Set(['.', 'api']);

const CONTRACTS = new Set([
  'src/plan/plan.ts',
  'src/pace/pace.ts',
  'src/http/transport.ts',
  'src/archive/archive-types.ts',
  'src/decode/decode.ts',
  'src/schema/schema.ts',
  'src/export/format.ts',
  'src/serve/serve.ts',
]);

interface Import {
  readonly from: string;
  readonly to: string;
}

function readImports(): Import[] {
  const imports: Import[] = [];
  for (const file of globSync('src/**/*.ts', { cwd: ROOT })) {
    const text = readFileSync(join(ROOT, file), 'utf8');
    for (const match of text.matchAll(/(?:from|import\()\s*'(\.[^']+)'/g)) {
      imports.push({ from: file, to: normalize(join(dirname(file), match[1]!)) });
    }
  }
  return imports;
}

function folderOf(file: string): string {
  const parts = file.split('/');
  return parts.length === 2 ? '.' : parts[1]!;
}

function pointsUp({ from, to }: Import): boolean {
  const [a, b] = [folderOf(from), folderOf(to)];
  const [rankFrom, rankTo] = [RANK[a], RANK[b]];
  if (rankFrom === undefined || rankTo === undefined) return true;
  if (a === b || (PUBLIC.has(a) && PUBLIC.has(b))) return false;
  if (rankTo === rankFrom) return !CONTRACTS.has(to);
  return rankTo > rankFrom;
}

const imports = readImports();

test('imports point down only, and siblings know only each other’s contract', () => {
  const wrong = imports.filter(pointsUp).map(({ from, to }) => `${from} → ${to}`);
  assert.deepEqual(wrong, []);
});

test('an import that points up is noticed', () => {
  assert.ok(pointsUp({ from: 'src/core/clock.ts', to: 'src/run.ts' }));
  assert.ok(pointsUp({ from: 'src/http/outcome.ts', to: 'src/pace/gate.ts' }));
  assert.ok(pointsUp({ from: 'src/fetch/task.ts', to: 'src/cli/main.ts' }));
  assert.ok(pointsUp({ from: 'src/new-folder/a.ts', to: 'src/core/clock.ts' }));
  assert.ok(!pointsUp({ from: 'src/export/json.ts', to: 'src/archive/archive-types.ts' }));
});

test('no two files import each other in a circle', () => {
  const next = new Map<string, string[]>();
  for (const { from, to } of imports) next.set(from, [...(next.get(from) ?? []), to]);
  const done = new Set<string>();
  const circles: string[] = [];
  function visit(file: string, path: readonly string[]): void {
    if (path.includes(file)) {
      circles.push([...path.slice(path.indexOf(file)), file].join(' → '));
      return;
    }
    if (done.has(file)) return;
    for (const to of next.get(file) ?? []) visit(to, [...path, file]);
    done.add(file);
  }
  for (const file of next.keys()) visit(file, []);
  assert.deepEqual(circles, []);
});

test('there is something to check', () => {
  assert.ok(imports.length > 100, `only ${imports.length} imports were read`);
});
