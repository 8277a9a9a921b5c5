/**
 * An archive in a process of its own, to be killed, starved or refused.
 *
 *     archive-process.ts write PATH GROUPS BODY_BYTES   stores groups of 50 pages, tells each commit
 *     archive-process.ts read PATH                      tells what openReadOnly finds
 *     archive-process.ts open PATH                      tells whether open is allowed
 */
import { writeSync } from 'node:fs';
import { Archive } from '../../src/archive/archive.ts';
import { EverypageError } from '../../src/core/errors.ts';
import { attemptAt, openOrCreate, sampleBody, sha256, storedPage } from './sample-pages.ts';

const GROUP = 50;

function tell(value: object): void {
  // Synchronous, so that what was told before a kill did happen.
  writeSync(1, `${JSON.stringify(value)}\n`);
}

function write(path: string, groups: number, bodyBytes: number): void {
  const { archive } = openOrCreate(path);
  try {
    for (let group = 0; group < groups; group += 1) {
      const from = archive.highestPosition(0) + 1;
      const positions = Array.from({ length: GROUP }, (_, index) => from + index);
      const pages = positions.map((position) => {
        const body = sampleBody(position, bodyBytes);
        return storedPage(position, { body, hash: sha256(body) });
      });
      archive.store(
        pages,
        positions.map((position) => attemptAt(position)),
      );
      tell({ committed: from + GROUP });
    }
  } catch (error) {
    tell({ counted: archive.counts().stored });
    throw error;
  } finally {
    archive.close();
  }
}

const [verb, path = '', groups, bodyBytes] = process.argv.slice(2);
try {
  if (verb === 'write') {
    write(path, Number(groups), Number(bodyBytes));
  } else if (verb === 'read') {
    const archive = Archive.openReadOnly(path);
    const read = archive.readPages(null, 1_000_000, 1e12).length;
    tell({ ...archive.verdict(), read });
    archive.close();
  } else if (verb === 'open') {
    Archive.open(path).close();
    tell({ opened: true });
  }
} catch (error) {
  if (!(error instanceof EverypageError)) throw error;
  tell({ code: error.code, message: error.message });
}
