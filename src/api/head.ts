import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ArchiveReader } from '../archive/archive-reader.ts';
import { wholeArchive } from '../archive-thread/shape-pages.ts';
import { EverypageError } from '../core/errors.ts';
import type { RunOptions } from '../core/options.ts';
import { isWhole, type Summary } from '../core/summary.ts';
import { tableOptions } from '../core/table-options.ts';
import { compactRange } from '../decode/decode.ts';
import { createRecordTaker } from '../export/page-records.ts';
import { createRecordShaper } from '../export/shape-records.ts';
import type { ByteSink } from '../fetch/output-sinks.ts';
import { isOneUrl } from '../fetch/paginate-job.ts';
import { createTransport, type TransportInternals } from '../http/create-transport.ts';
import type { PlanSource } from '../plan/plan.ts';
import { type ShapeOptions, shapeOf } from './export-shape.ts';
import { runOver } from './run.ts';

const LF = 0x0a;

/** The first records of an archive, finished or not, as JSON text. */
export async function headOfArchive(
  path: string,
  count: number,
  options: ShapeOptions,
): Promise<readonly Uint8Array[]> {
  const asked = tableOptions(options);
  const archive = ArchiveReader.openReadOnly(path);
  try {
    const shape = shapeOf(archive, options);
    const take = createRecordTaker(shape.select);
    const head: Uint8Array[] = [];
    const shaper = createRecordShaper(shape.select, asked);
    for await (const page of shaper.pages(wholeArchive(archive, shape))) {
      const { source, spans } = take(page);
      for (let at = 0; at < spans.length && head.length < count; at += 2) {
        head.push(compactRange(source, spans[at]!, spans[at + 1]!));
      }
      if (head.length >= count) break;
    }
    return head;
  } finally {
    archive.close();
  }
}

export interface Head {
  /** As JSON text. */
  readonly records: readonly Uint8Array[];
  /** Says why there are not as many as asked for; null where they are all that there are, or enough. */
  readonly unfinished: Summary | null;
}

/**
 * The first records at a URL. One page is requested; only where it has too few records, the pages behind
 * it are, one after another. Nothing is kept.
 *
 * @throws EverypageError as a run does
 */
export async function headOfUrl(
  source: PlanSource,
  count: number,
  options: Omit<RunOptions, 'output' | 'manifest' | 'format'>,
  network?: TransportInternals,
): Promise<Head> {
  const folder = mkdtempSync(join(tmpdir(), 'everypage-'));
  const read = (name: string, own: RunOptions) => {
    const all = { ...options, ...own, concurrency: 1, archive: join(folder, name) };
    return readHead(source, count, all, network);
  };
  try {
    if (options.paginate !== undefined || !isOneUrl([source])) return await read('list', {});
    const records = options.select === undefined && options.wholePages !== true;
    const page = await read('page', { paginate: 'none', records }).catch(orNone);
    if (page !== null && (page.records.length >= count || page.unfinished !== null)) return page;
    const list = await read('list', {});
    // A page that nothing shows to be one of a list is one record there.
    if (page === null || list.records.length > page.records.length) return list;
    return { ...list, records: page.records };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A page without a list of records may be one all the same once it is known how it pages. */
function orNone(error: unknown): null {
  if (error instanceof EverypageError && error.code === 'SELECTION') return null;
  throw error;
}

/** Reads as `everypage URL | head` does. */
async function readHead(
  source: PlanSource,
  count: number,
  options: RunOptions,
  network: TransportInternals | undefined,
): Promise<Head> {
  const records: Uint8Array[] = [];
  let begun: Uint8Array = new Uint8Array(0);
  const stdout: ByteSink = {
    async write(bytes) {
      const text = Buffer.concat([begun, bytes]);
      let from = 0;
      for (
        let to = text.indexOf(LF);
        to !== -1 && records.length < count;
        to = text.indexOf(LF, from)
      ) {
        records.push(text.subarray(from, to));
        from = to + 1;
      }
      begun = text.subarray(from);
      if (records.length >= count) throw new EverypageError('CLOSED_PIPE', 'that is enough');
    },
  };
  const summary = await runOver((asked) => createTransport(asked, network), [source], {
    ...options,
    stdout,
  });
  const isEnough = records.length >= count || isWhole(summary.verdict.name, null);
  return { records, unfinished: isEnough ? null : summary };
}
