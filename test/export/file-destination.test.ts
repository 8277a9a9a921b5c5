import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { promisify } from 'node:util';
import { holdFile } from '../../src/archive/file-locks.ts';
import { createFileDestination } from '../../src/export/file-destination.ts';
import { onWindows } from '../on-windows.ts';

const SOURCES = join(import.meta.dirname, '../../src');

const IMPORTS = `
  import { createFileDestination } from '${SOURCES}/export/file-destination.ts';
  import { holdFile } from '${SOURCES}/archive/file-locks.ts';`;

let folder: string;
let target: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'everypage-output-'));
  target = join(folder, 'items.ndjson');
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

function bytes(text: string): Uint8Array {
  return Buffer.from(text);
}

/** Runs a module's text in a process of its own, under `before`, which a shell understands. */
async function inProcess(before: string, code: string): Promise<string> {
  const script = `${IMPORTS}\n${code}`;
  const { stdout } = await promisify(execFile)(
    'bash',
    [
      '-c',
      `${before} "$0" --input-type=module -e "$1" | cat; exit "\${PIPESTATUS[0]}"`,
      process.execPath,
      script,
    ],
    { env: { ...process.env, TARGET: target } },
  );
  return stdout;
}

test('a new file appears whole on commit, and nothing else stays', () => {
  const destination = createFileDestination(target, holdFile);
  destination.write(bytes('one\n'));
  destination.write(bytes('two\n'));
  assert.ok(!existsSync(target));
  destination.commit();
  assert.equal(readFileSync(target, 'utf8'), 'one\ntwo\n');
  assert.deepEqual(readdirSync(folder), ['items.ndjson']);
});

test('on Windows a file is held by no lock, which would keep it from being written and renamed', () => {
  writeFileSync(target, 'old');
  onWindows(() => {
    assert.equal(holdFile(target), null);
    const destination = createFileDestination(target, holdFile);
    destination.write(bytes('new'));
    destination.commit();
  });
  assert.equal(readFileSync(target, 'utf8'), 'new');
  assert.deepEqual(readdirSync(folder), ['items.ndjson']);
});

test('an old file is untouched until commit, which replaces it and keeps its mode', () => {
  writeFileSync(target, 'old');
  chmodSync(target, 0o640);
  const destination = createFileDestination(target, holdFile);
  destination.write(bytes('new'));
  assert.equal(readFileSync(target, 'utf8'), 'old');
  destination.commit();
  assert.equal(readFileSync(target, 'utf8'), 'new');
  assert.equal(statSync(target).mode & 0o777, 0o640);
});

test('abort leaves the old file and no temporary one, also when called twice', () => {
  writeFileSync(target, 'old');
  const destination = createFileDestination(target, holdFile);
  destination.write(bytes('new'));
  destination.abort();
  destination.abort();
  assert.equal(readFileSync(target, 'utf8'), 'old');
  assert.deepEqual(readdirSync(folder), ['items.ndjson']);
  assert.throws(() => destination.write(bytes('more')), { code: 'OUTPUT_WRITE' });
  assert.throws(() => destination.commit(), { code: 'OUTPUT_WRITE' });
});

test('abort after commit changes nothing', () => {
  const destination = createFileDestination(target, holdFile);
  destination.write(bytes('new'));
  destination.commit();
  destination.abort();
  assert.equal(readFileSync(target, 'utf8'), 'new');
});

const TEMPORARY = /^items\.ndjson\.[0-9a-f]{12}\.everypage\.tmp$/;

test('what killed runs left is removed by the next, and never taken for its own', async () => {
  const code = `
    const destination = createFileDestination(process.env.TARGET, holdFile);
    destination.write(Buffer.from('a long text that was never committed'));
    process.kill(process.pid, 'SIGKILL');`;
  for (let run = 0; run < 2; run++) await assert.rejects(inProcess('', code));
  const [left, ...others] = readdirSync(folder);
  assert.match(left!, TEMPORARY);
  assert.deepEqual(others, []);
  const destination = createFileDestination(target, holdFile);
  destination.write(bytes('short'));
  destination.commit();
  assert.deepEqual(readdirSync(folder), ['items.ndjson']);
  assert.equal(readFileSync(target, 'utf8'), 'short');
});

test('two writers of one output, in one process or in two, disturb each other in nothing', async () => {
  const code = `
    const destination = createFileDestination(process.env.TARGET, holdFile);
    destination.write(Buffer.from('of another process'));
    console.log('begun');
    process.stdin.once('data', () => { destination.commit(); process.exit(); });`;
  const other = spawn(process.execPath, ['--input-type=module', '-e', `${IMPORTS}\n${code}`], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, TARGET: target },
  });
  await once(other.stdout, 'data');
  const first = createFileDestination(target, holdFile);
  first.write(bytes('one, '));
  const second = createFileDestination(target, holdFile);
  second.write(bytes('two'));
  assert.equal(readdirSync(folder).filter((name) => TEMPORARY.test(name)).length, 3);
  first.write(bytes('whole'));
  first.commit();
  assert.equal(readFileSync(target, 'utf8'), 'one, whole');
  second.commit();
  assert.equal(readFileSync(target, 'utf8'), 'two');
  other.stdin.end('commit');
  await once(other, 'close');
  assert.equal(readFileSync(target, 'utf8'), 'of another process');
  assert.deepEqual(readdirSync(folder), ['items.ndjson']);
});

test('holding a file changes no byte of it, of whatever length', () => {
  const block = bytes('0123456789abcdef'.repeat(4096));
  const destination = createFileDestination(target, holdFile);
  for (let blocks = 0; blocks < 100; blocks++) destination.write(block);
  destination.commit();
  assert.ok(readFileSync(target).equals(Buffer.concat(Array(100).fill(block))));
});

test('a temporary file that is no more the one that was opened takes no place', () => {
  for (const change of ['removed', 'replaced']) {
    writeFileSync(target, 'old');
    const destination = createFileDestination(target, holdFile);
    destination.write(bytes('new'));
    const name = readdirSync(folder).find((entry) => TEMPORARY.test(entry))!;
    rmSync(join(folder, name));
    if (change === 'replaced') writeFileSync(join(folder, name), 'of somebody else');
    assert.throws(() => destination.commit(), { code: 'OUTPUT_WRITE' }, change);
    destination.abort();
    assert.equal(readFileSync(target, 'utf8'), 'old');
    assert.equal(existsSync(join(folder, name)), change === 'replaced');
  }
});

test('what only looks like a leftover stays: a link, a folder, the file of another output', () => {
  const precious = join(folder, 'precious');
  writeFileSync(precious, 'precious');
  symlinkSync(precious, `${target}.0123456789ab.everypage.tmp`);
  mkdirSync(`${target}.0123456789ac.everypage.tmp`);
  writeFileSync(`${target}.x.0123456789ad.everypage.tmp`, '');
  writeFileSync(`${target}.everypage.tmp`, '');
  const before = readdirSync(folder);
  const destination = createFileDestination(target, holdFile);
  destination.write(bytes('new'));
  destination.commit();
  assert.equal(readFileSync(precious, 'utf8'), 'precious');
  assert.deepEqual(readdirSync(folder), ['items.ndjson', ...before]);
});

test('a folder above a link is the folder that the link leads to', () => {
  mkdirSync(join(folder, 'far', 'deep'), { recursive: true });
  symlinkSync('far/deep', join(folder, 'near'));
  for (const text of ['first', 'second']) {
    const destination = createFileDestination(`${folder}/near/../a.ndjson`, holdFile);
    destination.write(bytes(text));
    destination.commit();
    assert.equal(readFileSync(join(folder, 'far', 'a.ndjson'), 'utf8'), text);
  }
  assert.deepEqual(readdirSync(folder), ['far', 'near']);
});

test('a link stays a link: the file behind it is replaced, or created', () => {
  mkdirSync(join(folder, 'real'));
  for (const before of ['old', null]) {
    const real = join(folder, 'real', `data-${before}.ndjson`);
    const link = join(folder, `link-${before}`);
    if (before !== null) writeFileSync(real, before);
    symlinkSync(`real/data-${before}.ndjson`, link);
    const destination = createFileDestination(link, holdFile);
    destination.write(bytes('new'));
    assert.equal(existsSync(real) ? readFileSync(real, 'utf8') : null, before);
    destination.commit();
    assert.equal(readlinkSync(link), `real/data-${before}.ndjson`);
    assert.equal(readFileSync(real, 'utf8'), 'new');
  }
  assert.deepEqual(readdirSync(join(folder, 'real')), ['data-null.ndjson', 'data-old.ndjson']);
});

test('links in a circle are refused', () => {
  symlinkSync('b', join(folder, 'a'));
  symlinkSync('a', join(folder, 'b'));
  assert.throws(() => createFileDestination(join(folder, 'a'), holdFile), {
    code: 'OUTPUT_WRITE',
    message: /links lead in a circle/,
  });
});

test('a pipe is written as it stands, without a temporary file', async () => {
  await promisify(execFile)('mkfifo', [target]);
  const reader = spawn('cat', [target], { stdio: ['ignore', 'pipe', 'inherit'] });
  const received: Buffer[] = [];
  reader.stdout.on('data', (chunk: Buffer) => received.push(chunk));
  const closed = once(reader, 'close');
  const destination = createFileDestination(target, holdFile);
  await destination.write(bytes('through '));
  await destination.write(bytes('the pipe'));
  destination.commit();
  await closed;
  assert.equal(Buffer.concat(received).toString(), 'through the pipe');
  assert.deepEqual(readdirSync(folder), ['items.ndjson']);
  assert.ok(statSync(target).isFIFO());
});

test('/dev/stdout and /dev/null are written as they stand', async () => {
  const code = `
    for (const path of ['/dev/null', '/dev/stdout']) {
      const destination = createFileDestination(path, holdFile);
      destination.write(Buffer.from('to ' + path));
      destination.commit();
    }`;
  assert.equal(await inProcess('', code), 'to /dev/stdout');
});

test('a file in /dev/shm is a file', { skip: !existsSync('/dev/shm') }, () => {
  const shared = mkdtempSync('/dev/shm/everypage-output-');
  try {
    const path = join(shared, 'items.ndjson');
    for (const text of ['first', 'second']) {
      const destination = createFileDestination(path, holdFile);
      destination.write(bytes(text));
      destination.commit();
      assert.equal(readFileSync(path, 'utf8'), text);
    }
  } finally {
    rmSync(shared, { recursive: true });
  }
});

test('a reader that goes away is a closed pipe', async () => {
  const code = `
    const destination = createFileDestination('/dev/stdout');
    try {
      for (;;) await destination.write(new Uint8Array(65536).fill(10));
    } catch (error) {
      console.error(error.code);
    }`;
  const script = `${IMPORTS}\n${code}`;
  const { stderr } = await promisify(execFile)('bash', [
    '-c',
    '"$0" --input-type=module -e "$1" | head -c 1',
    process.execPath,
    script,
  ]);
  assert.equal(stderr.trim(), 'CLOSED_PIPE');
});

test('a full disk is said as such', { skip: !existsSync('/dev/full') }, () => {
  const destination = createFileDestination('/dev/full', holdFile);
  assert.throws(() => destination.write(bytes('x')), {
    code: 'OUTPUT_WRITE',
    message: /\/dev\/full \(ENOSPC\): the disk is full\. Free some room/,
  });
});

test('a file-size limit ends in an error that says so, after short writes, and abort cleans up', async () => {
  writeFileSync(target, 'old');
  const printed = await inProcess(
    'ulimit -f 64;',
    `
    const destination = createFileDestination(process.env.TARGET, holdFile);
    try {
      for (let block = 0; block < 100; block++) destination.write(new Uint8Array(50_000));
    } catch (error) {
      const { size } = process.getBuiltinModule('node:fs').statSync(destination.path);
      console.log(error.code, size, error.message);
      destination.abort();
    }`,
  );
  assert.match(printed, /^OUTPUT_WRITE 65536 .*\(EFBIG\): it may not grow/);
  assert.equal(readFileSync(target, 'utf8'), 'old');
  assert.deepEqual(readdirSync(folder), ['items.ndjson']);
});

test('a write that comes up short is never taken for a whole one', async () => {
  const printed = await inProcess(
    'ulimit -f 64;',
    `
    const destination = createFileDestination(process.env.TARGET, holdFile);
    try {
      destination.write(new Uint8Array(100_000));
      destination.commit();
      console.log('committed');
    } catch (error) {
      console.log(error.code);
    }`,
  );
  assert.equal(printed, 'OUTPUT_WRITE\n');
  assert.ok(!existsSync(target));
});

test('a missing folder is named as such', () => {
  for (const path of [join(folder, 'none', 'a.json'), join(target, 'a.json')]) {
    writeFileSync(target, '');
    assert.throws(() => createFileDestination(path, holdFile), {
      code: 'OUTPUT_FOLDER',
      message: /its folder does not exist/,
    });
  }
});

test('a folder is no output', () => {
  assert.throws(() => createFileDestination(folder, holdFile), {
    code: 'OUTPUT_WRITE',
    message: /it is a folder/,
  });
});

test('a read-only file is not replaced', { skip: process.getuid?.() === 0 }, () => {
  writeFileSync(target, 'old', { mode: 0o444 });
  assert.throws(() => createFileDestination(target, holdFile), {
    code: 'OUTPUT_WRITE',
    message: /permission is denied/,
  });
  assert.deepEqual(readdirSync(folder), ['items.ndjson']);
});
