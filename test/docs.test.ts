import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { test } from 'node:test';
import { flags } from '../src/cli/flags.ts';

const ROOT = join(import.meta.dirname, '..');
const PAGES = [
  'README.md',
  'CHANGELOG.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  ...globSync('docs/*.md', { cwd: ROOT }),
];
/** Flags of other programs: README.md compares everypage with curl, Docker and our scripts have their own. */
const OF_OTHERS: Readonly<Record<string, readonly string[]>> = {
  'docs/cluster.md': ['build', 'limit', 'scale'],
  'README.md': ['retry-all-errors', 'skip-existing'],
  'CHANGELOG.md': ['out'],
  'CONTRIBUTING.md': ['s3', 'test-name-pattern'],
  'docs/manifest.md': ['detach-sign'],
  'docs/reliability.md': ['kills'],
  'docs/github-action.md': ['rm', 'read-only', 'tmpfs', 'cap-drop'],
  'docs/platforms.md': ['read-only'],
  'docs/telemetry.md': ['import'],
  'docs/serve.md': ['http2-prior-knowledge', 'connect-to'],
};

interface Found {
  readonly page: string;
  readonly text: string;
}

function findAll(pattern: RegExp): Found[] {
  return PAGES.flatMap((page) =>
    [...readFileSync(join(ROOT, page), 'utf8').matchAll(pattern)].map((match) => ({
      page,
      text: match[1]!,
    })),
  );
}

function say({ page, text }: Found): string {
  return `${page}: ${text}`;
}

test('every relative link of the docs leads to a file', () => {
  const links = findAll(/\]\(([^)\s]+)\)/g).filter(({ text }) => !/^(?:https?:|#)/.test(text));
  assert.ok(links.length > 20, `only ${links.length} links were read`);
  const broken = links.filter(
    ({ page, text }) =>
      !existsSync(join(ROOT, normalize(join(dirname(page), text.split('#')[0]!)))),
  );
  assert.deepEqual(broken.map(say), []);
});

test('every page of the docs is reached from the README', () => {
  const linked = new Set(findAll(/\]\((docs\/[^)#\s]+)/g).map(({ text }) => text));
  assert.deepEqual(
    PAGES.filter((page) => page.startsWith('docs/') && !linked.has(page)),
    [],
  );
});

test('every file that the docs name exists', () => {
  const paths = findAll(/\b((?:src|test|bench|bin|scripts)\/[\w./-]*\w\/?)/g);
  assert.ok(paths.length > 50, `only ${paths.length} paths were read`);
  assert.deepEqual(paths.filter(({ text }) => !existsSync(join(ROOT, text))).map(say), []);
});

test('every flag that the docs name is in the table of flags, or another program’s', () => {
  const own = new Set<string>(flags.map(({ name }) => name));
  const named = findAll(/(?<![\w-])--([a-z][a-z0-9]*(?:[.-][a-z0-9]+)*)/g);
  assert.ok(named.length > 50, `only ${named.length} flags were read`);
  const unknown = named.filter(
    ({ page, text }) => !own.has(text) && !OF_OTHERS[page]?.includes(text),
  );
  assert.deepEqual(unknown.map(say), []);
});

test('every script that the docs name is in package.json', () => {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>;
  };
  const named = findAll(/\bnpm run ([a-z][a-z:-]*)/g);
  assert.ok(named.length > 10, `only ${named.length} scripts were read`);
  assert.deepEqual(named.filter(({ text }) => !Object.hasOwn(scripts, text)).map(say), []);
});

test('the recipes of CONTRIBUTING.md touch as few files as they promise', () => {
  const page = readFileSync(join(ROOT, 'CONTRIBUTING.md'), 'utf8');
  const mostFiles = { 'a flag': 3, 'an output format': 4, 'a pagination style': 5 };
  for (const [what, most] of Object.entries(mostFiles)) {
    const recipe = page.split(`### Add ${what}\n`)[1]?.split(/\n##/)[0] ?? '';
    const steps = recipe.match(/^\d\. /gm)?.length ?? 0;
    assert.ok(steps > 0 && steps <= most, `${what}: ${steps} steps`);
  }
});

test('every figure of the docs is filled in', () => {
  assert.deepEqual(findAll(/(?<!\$)(\{\{[^}]*\}\})/g).map(say), []);
});

test('no line of the picture of a run names a folder of the machine it was made on', () => {
  const picture = readFileSync(join(ROOT, 'docs/run.svg'), 'utf8');
  assert.match(picture, /All 300 pages are OK\./);
  assert.doesNotMatch(picture, /\/tmp|\/home|\/root|everypage-picture/);
});
