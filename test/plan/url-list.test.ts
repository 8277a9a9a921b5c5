import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { checkListReadable, countListLines, readUrlList } from '../../src/plan/url-list.ts';

const numRuns = Number(process.env['EVERYPAGE_FUZZ_RUNS'] ?? 1_000);
const folder = mkdtempSync(join(tmpdir(), 'everypage-list-'));
after(() => rmSync(folder, { recursive: true }));

async function readAll(from: string | AsyncIterable<Uint8Array>, name?: string) {
  const all: [url: string, line: number][] = [];
  for await (const lines of readUrlList(from, name)) {
    assert.ok(lines.length > 0);
    for (const { url, line } of lines) all.push([url, line]);
  }
  return all;
}

function listFile(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

const unreadable = (message: RegExp) => ({
  name: 'EverypageError',
  code: 'LIST_UNREADABLE',
  message,
});

test('lines end in LF or CRLF, and the last needs no end', async () => {
  const path = listFile('ends.txt', 'http://a/\r\nhttp://b/\nhttp://c/');
  assert.deepEqual(await readAll(path), [
    ['http://a/', 1],
    ['http://b/', 2],
    ['http://c/', 3],
  ]);
});

test('blank lines and comments are skipped but counted, white space and a byte order mark go', async () => {
  const path = listFile(
    'skip.txt',
    '\ufeff# list\n\n  http://a/ \t\r\n   \n\t# http://no/\nhttp://b/#x\n',
  );
  assert.deepEqual(await readAll(path), [
    ['http://a/', 3],
    ['http://b/#x', 6],
  ]);
  assert.equal(await countListLines(path), 2);
  assert.deepEqual(await readAll(listFile('bom.txt', '\ufeffhttp://a/')), [['http://a/', 1]]);
});

test('an empty list has no lines', async () => {
  assert.deepEqual(await readAll(listFile('empty.txt', '')), []);
  assert.equal(await countListLines(listFile('empty.txt', '\n#\n')), 0);
});

test('however the bytes are cut into blocks, the lines are the same', async () => {
  const line = fc.oneof(
    fc.string({ unit: fc.constantFrom('a', 'é', '漢', '🎉', ' ', '#', '\r', '\t'), maxLength: 12 }),
    fc.constant('http://a.example/é漢'),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(line, { maxLength: 12 }),
      fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1 }),
      async (lines, sizes) => {
        const expected = lines
          .map((text, index): [string, number] => [text.trim(), index + 1])
          .filter(([url]) => url !== '' && !url.startsWith('#'));
        const bytes = Buffer.from(lines.join('\n'));
        const blocks: Buffer[] = [];
        for (let start = 0, at = 0; start < bytes.length; at++) {
          const size = sizes[at % sizes.length]!;
          blocks.push(bytes.subarray(start, start + size));
          start += size;
        }
        assert.deepEqual(await readAll(Readable.from(blocks)), expected);
      },
    ),
    { numRuns: Math.ceil(numRuns / 4) },
  );
});

test('a block that is overwritten after it was read does no harm', async () => {
  async function* reused() {
    const block = Buffer.alloc(4);
    for (const text of ['abcd', 'ef\ng', 'hij\n']) {
      block.write(text);
      yield block;
    }
  }
  assert.deepEqual(await readAll(reused()), [
    ['abcdef', 1],
    ['ghij', 2],
  ]);
});

test('a file of many blocks is read whole and counted alike', async () => {
  const urls = Array.from({ length: 40_000 }, (_, index) => `https://a.example/items/${index}`);
  const path = listFile('many.txt', urls.join('\n'));
  const lines = await readAll(path);
  assert.deepEqual(
    lines,
    urls.map((url, index) => [url, index + 1]),
  );
  assert.equal(await countListLines(path), 40_000);
});

test('a line of 65,536 characters is read, a longer one is refused with its number', async () => {
  for (const character of ['a', 'é', '漢']) {
    const longest = character.repeat(65_536);
    const path = listFile('long.txt', `x\n${longest}\ny`);
    assert.deepEqual((await readAll(path))[1], [longest, 2]);
    writeFileSync(path, `x\n${longest}a\ny`);
    await assert.rejects(readAll(path), unreadable(/long\.txt line 2 is longer than 65536/));
    await assert.rejects(countListLines(path), unreadable(/line 2/));
  }
});

test('a line that never ends is refused without being read to its end', async () => {
  let blocks = 0;
  async function* endless() {
    while (blocks < 1_000) {
      blocks++;
      yield Buffer.alloc(16_384, 'a');
    }
  }
  await assert.rejects(readAll(endless()), unreadable(/^stdin line 1 is longer/));
  assert.ok(blocks < 20, `${blocks} blocks were read`);
});

test('a list that is not UTF-8 is refused with the line', async () => {
  const latin1 = listFile('latin1.txt', Buffer.from('http://a/\nhttp://b/caf\xe9\n', 'latin1'));
  await assert.rejects(readAll(latin1), unreadable(/latin1\.txt line 2 is not UTF-8/));
  const utf16 = listFile('utf16.txt', Buffer.from('\ufeffhttp://a/\n', 'utf16le'));
  await assert.rejects(readAll(utf16), unreadable(/utf16\.txt line 1 is not UTF-8/));
});

test('a list that cannot be read is refused with its path and the reason', async () => {
  const missing = join(folder, 'missing.txt');
  const inside = join(folder, 'sub');
  mkdirSync(inside);
  for (const act of [readAll, countListLines, checkListReadable]) {
    await assert.rejects(
      act(missing),
      unreadable(/missing\.txt cannot be read: it does not exist/),
    );
    await assert.rejects(act(inside), unreadable(/sub cannot be read: it is a folder/));
  }
});

test('a list without permission is refused', async (context) => {
  if (process.getuid?.() === 0) return context.skip('root may read everything');
  const path = listFile('closed.txt', 'http://a/');
  chmodSync(path, 0);
  await assert.rejects(checkListReadable(path), unreadable(/permission is denied/));
  await assert.rejects(readAll(path), unreadable(/permission is denied/));
});

test('a fault of standard input is told as such', async () => {
  async function* broken(): AsyncGenerator<Uint8Array> {
    yield Buffer.from('http://a/\n');
    throw Object.assign(new Error('EISDIR: illegal operation'), { code: 'EISDIR' });
  }
  await assert.rejects(readAll(broken()), unreadable(/stdin cannot be read: it is a folder/));
});

test('a pipe is read once, not counted, and not opened by the check', async () => {
  const path = join(folder, 'pipe');
  execFileSync('mkfifo', [path]);
  assert.equal(await countListLines(path), null);
  await checkListReadable(path);
  const writer = spawn('sh', ['-c', 'printf "http://a/\\nhttp://b/" > "$0"', path]);
  assert.deepEqual(await readAll(path), [
    ['http://a/', 1],
    ['http://b/', 2],
  ]);
  if (writer.exitCode === null) await once(writer, 'exit');
});

test('lines of a slow source are given as they come', async () => {
  let release: () => void = () => {};
  const gate = new Promise<void>((resolve) => {
    release = resolve;
  });
  async function* slow() {
    yield Buffer.from('http://a/\nhttp://b');
    await gate;
    yield Buffer.from('/\n');
  }
  const lines = readUrlList(slow());
  assert.deepEqual((await lines.next()).value, [{ url: 'http://a/', line: 1 }]);
  release();
  assert.deepEqual((await lines.next()).value, [{ url: 'http://b/', line: 2 }]);
});

test('leaving early closes the file', async () => {
  const path = listFile('early.txt', 'http://a/\n'.repeat(100_000));
  const before = await open(path);
  const lowestFree = before.fd;
  await before.close();
  for (let round = 0; round < 3; round++) {
    for await (const lines of readUrlList(path)) {
      assert.ok(lines.length > 0);
      break;
    }
  }
  const reopened = await open(path);
  // The lowest free descriptor is given out, so a leak would show as a higher one.
  assert.ok(reopened.fd <= lowestFree, `${reopened.fd} > ${lowestFree}`);
  await reopened.close();
});
