/**
 * A folder in which names lead where one may not think, and commands that take two of them. What must
 * hold of each: nothing that existed is changed unless it is the output (or the archive, or the summary,
 * that was asked for), nothing else is made, and exit 0 means a whole output.
 */
import assert from 'node:assert/strict';
import {
  cpSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join, relative } from 'node:path';
import { realPlace } from '../../src/core/files.ts';
import { createTestCertificates } from '../../src/demo/certificate.ts';
import { seededRandom } from '../../src/demo/demo-items.ts';
import { verifyArchive } from '../../src/index.ts';
import { runCliHere } from '../run/run-in-process.ts';

const PAGES = 3;
const EXPECTED = {
  ndjson: '{"page":1}\n{"page":2}\n{"page":3}\n',
  json: '[\n{"page":1},\n{"page":2},\n{"page":3}\n]\n',
};

export async function startServer(): Promise<Server> {
  const server = createServer((request, response) => {
    const page = Number(new URL(request.url!, 'http://a').searchParams.get('page'));
    request.resume();
    response.setHeader('content-type', 'application/json');
    response.end(`{"page":${page}}`);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

const originOf = (server: Server): string =>
  `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

/** Files of every kind that a command reads or writes, some by several names. */
export async function layTemplate(folder: string, server: Server): Promise<void> {
  mkdirSync(join(folder, 'real', 'deep'), { recursive: true });
  const origin = originOf(server);
  const { ca, cert, key } = createTestCertificates();
  const texts = {
    'list.txt': [1, 2, 3].map((page) => `${origin}/?page=${page}\n`).join(''),
    'head.txt': 'x-a: 1\n',
    'body.json': '{}',
    'ca.pem': ca,
    'cert.pem': cert,
    'key.pem': key,
    notes: 'precious\n'.repeat(20),
    'notes.part': 'precious too\n'.repeat(20),
    'real/old.json': '[]\n',
    'empty.everypage.part': '',
  };
  for (const [name, text] of Object.entries(texts)) writeFileSync(join(folder, name), text);
  const fetched = [`${origin}/?page=[1-${PAGES}]`, '-o'];
  const made = await runCliHere(folder, [...fetched, 'old.ndjson']);
  assert.equal(made.code, 0, made.stderr);
  const stopped = await runCliHere(folder, [...fetched, 'half.ndjson', '--max-pages', '2']);
  assert.equal(stopped.code, 5, stopped.stderr);
  cpSync(join(folder, 'old.ndjson.everypage'), join(folder, 'done.everypage'));
  for (const name of ['old.ndjson', 'done.everypage', 'notes', 'list.txt']) {
    symlinkSync(name, join(folder, `s-${name}`));
    linkSync(join(folder, name), join(folder, `h-${name}`));
  }
  const links = {
    dangling: 'nowhere.ndjson',
    'dangling-log': 'half.ndjson.everypage.part-journal',
    'to-half': './half.ndjson.everypage.part',
    'old.json.everypage': 'notes',
    'link.everypage.part': 'notes',
    loop: 'loop',
    sub: 'real/deep',
    here: '.',
    'to-null': '/dev/null',
  };
  for (const [name, target] of Object.entries(links)) symlinkSync(target, join(folder, name));
}

const NAMES = [
  ...['old.ndjson', 'done.everypage', 'notes', 'list.txt'].flatMap((it) => [
    it,
    `s-${it}`,
    `h-${it}`,
  ]),
  ...['head.txt', 'body.json', 'ca.pem', 'cert.pem', 'key.pem', 'half.ndjson', 'real/old.json'],
  ...['half.ndjson.everypage', 'old.ndjson.everypage', 'empty.everypage', 'old.json', 'link'],
  ...['half.ndjson.everypage.part', 'link.everypage', 'new.ndjson', 'new.json', 'new.everypage'],
  ...['dangling', 'dangling-log', 'to-half', 'loop', 'sub/new.json', 'sub/../old.json', 'sub', '.'],
  ...['here', 'here/here/notes', 'to-null', '/dev/null', 'none/new.json', 'n'.repeat(251)],
  ...['file:notes', 'file:done.everypage?mode=ro', ':memory:', '%6eotes', 'file::memory:', 'a b\n'],
];
const ENDINGS = ['.part', '.everypage', '.everypage.part', '-wal', '-journal', '-shm', '.json'];

export interface FileCase {
  readonly args: readonly string[];
  readonly output: string | null;
  readonly archive: string | null;
  readonly summary: string | null;
  /** The archive that `export` and `verify` read. */
  readonly source: string | null;
}

/** One command, all of it by its seed. */
export function fileCase(seed: number, folder: string, server: Server): FileCase {
  const random = seededRandom(seed);
  const isSo = (share: number): boolean => random() < share;
  const pick = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)]!;
  /** Another file of it, where that is not among the devices. */
  const besides = (name: string, share: number): string =>
    isSo(share) && !name.startsWith('/dev/') ? name + pick(ENDINGS) : name;
  const someName = (): string => {
    const name = besides(pick(NAMES), 0.12);
    if (name.startsWith('/') || isSo(0.7)) return name;
    return pick([`./${name}`, `here/${name}`, `sub/../../${name}`, join(folder, name)]);
  };
  // Pairs that mean one file are what is looked for.
  const first = someName();
  const name = (): string => (isSo(0.3) ? besides(first, 0.5) : someName());
  const format = pick([...Array(4).fill(['-f', 'ndjson']), ['-f', 'json'], []]);
  const verb = pick(['fetch', 'fetch', 'fetch', 'export', 'export', 'verify', 'explain']);
  const nothing = { output: null, archive: null, summary: null };
  if (verb === 'verify') return { args: [verb, first], ...nothing, source: first };
  if (verb === 'export') {
    const source = isSo(0.4) ? first : pick(NAMES.filter((it) => it.includes('everypage')));
    const output = name();
    const args = [verb, source, '-o', output, ...format];
    return { args, ...nothing, output, source };
  }
  const or = (usual: string): string => (isSo(0.6) ? usual : name());
  const read = (): readonly string[] =>
    pick([
      () => ['-H', `@${or('head.txt')}`],
      () => ['-d', `@${or('body.json')}`],
      () => ['--cacert', or('ca.pem')],
      () => ['--cert', or('cert.pem'), '--cert-key', or('key.pem')],
      () => [],
      () => [],
      () => [],
    ])();
  const url = `${originOf(server)}/?page=[1-${PAGES}]`;
  if (verb === 'explain') return { args: [verb, url, ...read()], ...nothing, source: null };
  const output = isSo(0.9) ? (isSo(0.4) ? first : name()) : null;
  const archive = isSo(0.5) ? name() : null;
  const summary = isSo(0.4) ? name() : null;
  const asked = isSo(0.6) ? url : `@${isSo(0.5) ? pick(['list.txt', 'h-list.txt']) : name()}`;
  const args = [
    ...[asked, ...read()],
    ...(output === null ? [] : ['-o', output, ...format]),
    ...(archive === null ? [] : ['--archive', archive]),
    ...(summary === null ? [] : ['--summary', summary]),
    ...pick([[], [], ['--fresh'], ['--no-keep'], ['--prove'], ['--allow-incomplete']]),
  ];
  return { args, output, archive, summary, source: null };
}

type Snapshot = ReadonlyMap<string, string>;

/** Each path below `folder`, no link followed, with all that can be lost of it. */
export function snapshot(folder: string, below = ''): Snapshot {
  const found = new Map<string, string>();
  for (const entry of readdirSync(join(folder, below), { withFileTypes: true })) {
    const name = join(below, entry.name);
    const path = join(folder, name);
    if (entry.isSymbolicLink()) found.set(name, `-> ${readlinkSync(path)}`);
    else if (entry.isFile()) found.set(name, readFileSync(path, 'latin1'));
    else for (const [inner, text] of snapshot(folder, name)) found.set(inner, text);
  }
  return found;
}

const changesOf = (before: Snapshot, after: Snapshot): string[] =>
  [...new Set([...before.keys(), ...after.keys()])].filter(
    (it) => before.get(it) !== after.get(it),
  );

/** Where the command may write, relative to the folder. */
function placesOf(path: string | null, folder: string): string[] {
  if (path === null) return [];
  const named = path.startsWith('/') ? path : `${folder}/${path}`;
  try {
    return [
      relative(folder, join(realPlace(dirname(named)), named.split('/').at(-1)!)),
      relative(folder, realPlace(named)),
    ];
  } catch {
    return [];
  }
}

const LOGS = ['', '-wal', '-journal', '-shm'];
const isArchive = (content: string | undefined): boolean =>
  content === undefined || content === '' || content.slice(68, 72) === 'EVPG';

/** @throws AssertionError where the command did what it must not. Says whether anything changed. */
export async function runFileCase(
  asked: FileCase,
  folder: string,
  before: Snapshot,
): Promise<{ changed: boolean; code: number }> {
  const { args, output, archive, summary, source } = asked;
  const { code, stdout, stderr } = await runCliHere(folder, args);
  const after = snapshot(folder);
  const said = `${JSON.stringify(args)}: ${code} ${stderr}`;
  assert.ok(code !== null && code >= 0 && code <= 5, said);
  assert.doesNotMatch(stderr, /bug in everypage/, said);

  const format =
    args.includes('json') || (!args.includes('-f') && /\.json$/.test(output ?? ''))
      ? 'json'
      : 'ndjson';
  const isAlone = output !== null && !args.includes('-f') && /\.everypage$/.test(output);
  const isFetch = source === null && args[0] !== 'explain';
  const kept = !isFetch
    ? null
    : (archive ?? (isAlone ? output : output === null ? null : `${output}.everypage`));
  const complete = kept?.endsWith('.everypage.part') ? kept.slice(0, -'.part'.length) : kept;
  const part = complete === null ? null : `${complete}.part`;
  const written = new Set<string>();
  const allow = (path: string | null): void => {
    for (const place of placesOf(path, folder)) written.add(place);
  };
  if (code !== 2 && !isAlone) allow(output);
  if (code !== 2) allow(summary);
  if (complete !== null && part !== null) {
    const isOurs = (path: string) =>
      placesOf(path, folder).every((it) => isArchive(followed(before, it)));
    if (isOurs(complete)) for (const log of LOGS) allow(complete + log);
    const mayGo = args.includes('--fresh') && part.endsWith('.everypage.part');
    if (mayGo || isOurs(part)) for (const log of LOGS) allow(part + log);
    if (mayGo) written.add(relative(folder, join(folder, part)));
  }
  // An archive that a killed process left is put in order when it is read.
  if (source !== null && LOGS.some((log) => log !== '' && existsSync(join(folder, source + log)))) {
    for (const log of LOGS) allow(source + log);
  }
  const wrong = changesOf(before, after).filter((path) => !written.has(path));
  assert.deepEqual(wrong, [], said);

  if (code === 0 && output !== null && !isAlone && !isDevice(pathIn(folder, output))) {
    assert.equal(readFileSync(pathIn(folder, output), 'utf8'), EXPECTED[format], said);
  }
  if (code === 0 && isFetch && output === null) assert.equal(stdout, EXPECTED.ndjson, said);
  if (code === 0 && summary !== null && !isDevice(pathIn(folder, summary))) {
    assert.equal(JSON.parse(readFileSync(pathIn(folder, summary), 'utf8')).exitCode, 0, said);
  }
  const isKept = !args.includes('--no-keep') && output !== null && complete !== null;
  if (code === 0 && isKept && !(archive === null && isDevice(pathIn(folder, output)))) {
    const { verdict, problems } = await verifyArchive(pathIn(folder, complete));
    assert.deepEqual([verdict.stored, problems], [PAGES, []], said);
  }
  return { changed: changesOf(before, after).length > 0, code };
}

const pathIn = (folder: string, path: string): string =>
  path.startsWith('/') ? path : `${folder}/${path}`;

function isDevice(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isCharacterDevice() === true;
}

function followed(files: Snapshot, path: string): string | undefined {
  const content = files.get(path);
  return content?.startsWith('-> ') ? files.get(content.slice(3).replace('./', '')) : content;
}

export function freshCopy(template: string, folder: string): void {
  rmSync(folder, { recursive: true, force: true });
  cpSync(template, folder, { recursive: true, verbatimSymlinks: true });
  // A copy has no hard links.
  for (const name of readdirSync(folder).filter((it) => it.startsWith('h-'))) {
    rmSync(join(folder, name));
    linkSync(join(folder, name.slice(2)), join(folder, name));
  }
}
