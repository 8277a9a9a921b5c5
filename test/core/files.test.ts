import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { fileNumber, renameFile, syncFolder } from '../../src/core/files.ts';
import {
  checkDistinctFiles,
  checkOutputFolder,
  whyNoWindowsName,
} from '../../src/fetch/check-files.ts';
import { onWindows } from '../on-windows.ts';

const folder = mkdtempSync(join(tmpdir(), 'everypage-files-'));
after(() => rmSync(folder, { recursive: true, force: true }));

function failing(code: string): () => never {
  return () => {
    throw Object.assign(new Error(code), { code });
  };
}

describe('a file that is renamed', () => {
  it('is waited for on Windows while another program has it open, and then takes its place', () => {
    const [from, to] = [join(folder, 'new'), join(folder, 'old')];
    writeFileSync(from, 'new');
    writeFileSync(to, 'old');
    for (const code of ['EBUSY', 'EPERM', 'EACCES']) {
      const pauses: number[] = [];
      let tries = 0;
      const rename = (): void => {
        tries += 1;
        if (tries < 4) failing(code)();
      };
      renameFile(from, to, { rename, platform: 'win32', pause: (ms) => pauses.push(ms) });
      assert.equal(tries, 4);
      assert.equal(pauses.length, 3);
    }
    renameFile(from, to, { platform: 'win32' });
    assert.equal(readFileSync(to, 'utf8'), 'new');
    assert.equal(existsSync(from), false);
  });

  it('is given up after about a second, with the error of the system', () => {
    let waitedMs = 0;
    const pause = (ms: number): void => {
      waitedMs += ms;
    };
    const options = { rename: failing('EBUSY'), platform: 'win32', pause } as const;
    assert.throws(() => renameFile('a', 'b', options), { code: 'EBUSY' });
    assert.equal(waitedMs, 1000);
  });

  it('is not waited for where waiting is of no use', () => {
    const pause = (): never => assert.fail('it waited');
    for (const [code, platform] of [
      ['ENOSPC', 'win32'],
      ['EPERM', 'linux'],
    ] as const) {
      const options = { rename: failing(code), platform, pause };
      assert.throws(() => renameFile('a', 'b', options), { code });
    }
  });
});

describe('a folder whose names are to survive a power cut', () => {
  it('is no error on a file system that syncs no folders', () => {
    for (const code of ['EINVAL', 'ENOTSUP', 'ENOSYS']) syncFolder(folder, failing(code));
  });

  it('is one where the disk fails', () => {
    assert.throws(() => syncFolder(folder, failing('EIO')), { code: 'EIO' });
  });
});

describe('two files', () => {
  it('are not taken for one on a disk that gives all files the number 0', () => {
    assert.equal(fileNumber({ dev: 5n, ino: 0n }), null);
    // Beyond what a double holds, neighbours stay apart.
    const [a, b] = [9007199254740993n, 9007199254740992n].map((ino) =>
      fileNumber({ dev: 5n, ino }),
    );
    assert.notEqual(a, b);
  });

  it('are found to be one by their number, whatever they are called', () => {
    const path = join(folder, 'list.txt');
    writeFileSync(path, '');
    assert.throws(
      () =>
        checkDistinctFiles([['the output', path]], [['the list', join(folder, '.', 'list.txt')]]),
      /the list and the output are the same file/,
    );
  });
});

describe('a name on Windows', () => {
  it('is refused where something else would be written', () => {
    for (const [path, why] of [
      ['items:1.json', /no : in names/],
      ['C:\\data\\items:1.json', /no : in names/],
      ['data\\what?.json', /no \? in names/],
      ['a|b.json', /no \| in names/],
      ['tab\t.json', /no control character/],
      ['nul.json', /^nul is a device/],
      ['C:\\data\\CON', /^CON is a device/],
      ['data/com1.ndjson', /^com1 is a device/],
      ['lpt\u00b2.json', /is a device/],
      ['items.json.', /dots and spaces/],
      ['items ', /dots and spaces/],
    ] as const) {
      assert.match(whyNoWindowsName(path) ?? '', why, path);
    }
  });

  it('is taken where it is a file, or the device that throws everything away', () => {
    for (const path of [
      'NUL',
      'items.ndjson',
      'C:\\data\\items.json',
      'C:items.json',
      '\\\\?\\C:\\data\\items.json',
      '\\\\server\\share\\items.json',
      'console.json',
      'com10.json',
      'nullable.json',
      '.json',
    ]) {
      assert.equal(whyNoWindowsName(path), null, path);
    }
  });

  it('is checked before anything is requested', () => {
    onWindows(() => {
      assert.throws(() => checkOutputFolder(join(folder, 'nul.json')), {
        code: 'OUTPUT_FOLDER',
        message: /nul is a device of Windows/,
      });
      checkOutputFolder(join(folder, 'items.json'));
    });
    checkOutputFolder(join(folder, 'nul.json'));
  });
});
