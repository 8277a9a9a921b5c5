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
import { createFileDestination } from '../../src/export/file-destination.ts';

const MODULE = join(import.meta.dirname, '../../src/export/file-destination.ts');

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
  const script = `import { createFileDestination } from ${JSON.stringify(MODULE)};\n${code}`;
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
  const destination = createFileDestination(target);
  destination.write(bytes('one\n'));
  destination.write(bytes('two\n'));
  assert.equal(destination.bytesWritten, 8);
  assert.ok(!existsSync(target));
  destination.commit();
  assert.equal(readFileSync(target, 'utf8'), 'one\ntwo\n');
  assert.deepEqual(readdirSync(folder), ['items.ndjson']);
});

test('an old file is untouched until commit, which replaces it and keeps its mode', () => {
  writeFileSync(target, 'old');
  chmodSync(target, 0o640);
  const destination = createFileDestination(target);
  destination.write(bytes('new'));
  assert.equal(readFileSync(target, 'utf8'), 'old');
  destination.commit();
  assert.equal(readFileSync(target, 'utf8'), 'new');
  assert.equal(statSync(target).mode & 0o777, 0o640);
});

test('abort leaves the old file and no temporary one, also when called twice', () => {
  writeFileSync(target, 'old');
  const destination = createFileDestination(target);
  destination.write(bytes('new'));
  destination.abort();
  destination.abort();
  assert.equal(readFileSync(target, 'utf8'), 'old');
  assert.deepEqual(readdirSync(folder), ['items.ndjson']);
  assert.throws(() => destination.write(bytes('more')), { code: 'OUTPUT_WRITE' });
  assert.throws(() => destination.commit(), { code: 'OUTPUT_WRITE' });
});

test('abort after commit changes nothing', () => {
  const destination = createFileDestination(target);
  destination.write(bytes('new'));
  destination.commit();
  destination.abort();
  assert.equal(readFileSync(target, 'utf8'), 'new');
});

test('what a killed run left is used up by the next, not piled up', async () => {
  const code = `
    const destination = createFileDestination(process.env.TARGET);
    destination.write(Buffer.from('a long text that was never committed'));
    process.kill(process.pid, 'SIGKILL');`;
  for (let run = 0; run < 2; run++) await assert.rejects(inProcess('', code));
  assert.deepEqual(readdirSync(folder), ['items.ndjson.everypage.tmp']);
  const destination = createFileDestination(target);
  destination.write(bytes('short'));
  destination.commit();
  assert.deepEqual(readdirSync(folder), ['items.ndjson']);
  assert.equal(readFileSync(target, 'utf8'), 'short');
});

test('a leftover that is a link is not followed', () => {
  const precious = join(folder, 'precious');
  writeFileSync(precious, 'precious');
  symlinkSync(precious, `${target}.everypage.tmp`);
  const destination = createFileDestination(target);
  destination.write(bytes('new'));
  destination.commit();
  assert.equal(readFileSync(precious, 'utf8'), 'precious');
});

test('a link stays a link: the file behind it is replaced, or created', () => {
  mkdirSync(join(folder, 'real'));
  for (const before of ['old', null]) {
    const real = join(folder, 'real', `data-${before}.ndjson`);
    const link = join(folder, `link-${before}`);
    if (before !== null) writeFileSync(real, before);
    symlinkSync(`real/data-${before}.ndjson`, link);
    const destination = createFileDestination(link);
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
  assert.throws(() => createFileDestination(join(folder, 'a')), {
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
  const destination = createFileDestination(target);
  destination.write(bytes('through '));
  destination.write(bytes('the pipe'));
  destination.commit();
  await closed;
  assert.equal(Buffer.concat(received).toString(), 'through the pipe');
  assert.deepEqual(readdirSync(folder), ['items.ndjson']);
  assert.ok(statSync(target).isFIFO());
});

test('/dev/stdout and /dev/null are written as they stand', async () => {
  const code = `
    for (const path of ['/dev/null', '/dev/stdout']) {
      const destination = createFileDestination(path);
      destination.write(Buffer.from('to ' + path));
      destination.commit();
    }`;
  assert.equal(await inProcess('', code), 'to /dev/stdout');
});

test('a reader that goes away is a closed pipe', async () => {
  const code = `
    const destination = createFileDestination('/dev/stdout');
    try {
      for (;;) destination.write(new Uint8Array(65536).fill(10));
    } catch (error) {
      console.error(error.code);
    }`;
  const script = `import { createFileDestination } from ${JSON.stringify(MODULE)};\n${code}`;
  const { stderr } = await promisify(execFile)('bash', [
    '-c',
    '"$0" --input-type=module -e "$1" | head -c 1',
    process.execPath,
    script,
  ]);
  assert.equal(stderr.trim(), 'CLOSED_PIPE');
});

test('a full disk is said as such', { skip: !existsSync('/dev/full') }, () => {
  const destination = createFileDestination('/dev/full');
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
    const destination = createFileDestination(process.env.TARGET);
    try {
      for (let block = 0; block < 100; block++) destination.write(new Uint8Array(50_000));
    } catch (error) {
      console.log(error.code, destination.bytesWritten, error.message);
      destination.abort();
    }`,
  );
  assert.match(printed, /^OUTPUT_WRITE 65536 .*\(EFBIG\): the file may not grow/);
  assert.equal(readFileSync(target, 'utf8'), 'old');
  assert.deepEqual(readdirSync(folder), ['items.ndjson']);
});

test('a write that comes up short is never taken for a whole one', async () => {
  const printed = await inProcess(
    'ulimit -f 64;',
    `
    const destination = createFileDestination(process.env.TARGET);
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
    assert.throws(() => createFileDestination(path), {
      code: 'OUTPUT_FOLDER',
      message: /its folder does not exist/,
    });
  }
});

test('a folder is no output', () => {
  assert.throws(() => createFileDestination(folder), {
    code: 'OUTPUT_WRITE',
    message: /it is a folder/,
  });
});

test('a read-only file is not replaced', { skip: process.getuid?.() === 0 }, () => {
  writeFileSync(target, 'old', { mode: 0o444 });
  assert.throws(() => createFileDestination(target), {
    code: 'OUTPUT_WRITE',
    message: /permission is denied/,
  });
  assert.deepEqual(readdirSync(folder), ['items.ndjson']);
});
