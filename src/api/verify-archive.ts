import { ArchiveReader } from '../archive/archive-reader.ts';
import type { StoredPage } from '../archive/archive-types.ts';
import { withWritten } from '../archive/verdict.ts';
import { createShaper } from '../archive-thread/shape-pages.ts';
import { archivePages, type DecodedPage } from '../archive-thread/stored-pages.ts';
import {
  abortSignal,
  checkOptions,
  checkPath,
  number,
  type OptionKinds,
} from '../core/check-options.ts';
import { EverypageError } from '../core/errors.ts';
import { keptShape } from '../core/output-shape.ts';
import { type Place, pageKey } from '../core/page-request.ts';
import { isByFunction } from '../core/pagination.ts';
import type { FailedPage, Verdict } from '../core/summary.ts';
import { counted } from '../core/units.ts';
import { createBodyCheck } from '../decode/check-body.ts';
import { parseSelection } from '../decode/decode.ts';
import { createRecordCounter } from '../export/page-records.ts';

export interface Verification {
  /** Computed again from the pages; `incomplete` where a problem was found. */
  readonly verdict: Verdict;
  readonly archivePath: string;
  readonly checkedPages: number;
  /** Decoded. */
  readonly checkedBytes: number;
  /** Pages that are no longer what was stored, each with what is wrong. */
  readonly problems: readonly {
    readonly place: Place;
    readonly url: string;
    readonly problem: string;
  }[];
  /** The first pages that failed, at most 20. */
  readonly failures: readonly FailedPage[];
}

export interface VerifyOptions {
  readonly signal?: AbortSignal;
  /** Records there must be; another number is `incomplete`. Default: what the run was told. */
  readonly expect?: number;
}

const kinds: OptionKinds<Required<VerifyOptions>> = { signal: abortSignal, expect: number };

const CHANGED_ROW =
  'its status, headers, times or place are not what was stored: the checksum differs';
/** No flag helps: the archive says itself how large its bodies may be. */
const GROWN_BODY = 'the body is larger, decoded, than any that its run allowed';

/** Bodies are checked this many at a time before others may run. */
const TURN_PAGES = 200;

/**
 * Computes the verdict of an archive again, with its evidence: the file agrees with itself, every
 * place of the plan is there once, every stored body still decodes, is valid JSON and has the hash it
 * was stored with, what is kept beside the bodies has its checksum, and of a list that pages by itself the records agree with what the server said.
 *
 * @throws EverypageError ARCHIVE_DAMAGED, ARCHIVE_LOCKED or ARCHIVE_VERSION where it cannot be read
 * @example
 * const { verdict, problems } = await verifyArchive('items.ndjson.everypage');
 */
export async function verifyArchive(
  path: string,
  options: VerifyOptions = {},
): Promise<Verification> {
  checkPath('path', path);
  checkOptions('verifyArchive', kinds, options);
  options.signal?.throwIfAborted();
  const archive = ArchiveReader.openReadOnly(path);
  try {
    archive.check();
    const check = createBodyCheck(parseSelection(null), archive.run.maxDecodedBytes);
    const problems: Verification['problems'][number][] = [];
    const takeTurns = createTurns(options.signal);
    for (const { place, url, isSound } of archive.checkRows()) {
      if (!isSound) problems.push({ place, url, problem: CHANGED_ROW });
      await takeTurns();
    }
    let checkedPages = 0;
    let checkedBytes = 0;
    const isKnownByUrl = keysAreOfUrls(archive.run);
    const count = createOutputCount(archive);
    for (const page of archivePages(archive)) {
      const { place, key, url, body, encoding, hash } = page;
      const problem = (text: string) => problems.push({ place, url, problem: text });
      const found = check(body, encoding);
      if (!found.ok) problem(found.kind === 'too-large' ? GROWN_BODY : found.reason);
      else {
        checkedBytes += found.decoded.length;
        if (Buffer.compare(found.hash, hash) !== 0) {
          problem('the body is not the one that was stored: its hash differs');
        } else count?.add(page, found.decoded);
      }
      if (isKnownByUrl && Buffer.compare(pageKey({ method: 'GET', url, body: null }), key) !== 0) {
        problem('its URL is not the one that was stored');
      }
      checkedPages += 1;
      await takeTurns();
    }
    const isSound = problems.length === 0;
    const written = isSound ? (count?.written() ?? null) : null;
    const expected = options.expect === undefined ? {} : { expect: options.expect };
    const computed = archive.verdict({ ...expected, written });
    const verdict = written === null ? computed : withWritten(computed, written);
    return {
      verdict: isSound ? verdict : withProblems(verdict, problems),
      archivePath: path,
      checkedPages,
      checkedBytes,
      problems,
      failures: archive.failures(20),
    };
  } finally {
    archive.close();
  }
}

interface OutputCount {
  add(page: StoredPage, body: Uint8Array): void;
  /** Null where a selection does not fit every page. */
  written(): number | null;
}

/** Counts what the run's output holds, from the bodies; null for a list of URLs. */
function createOutputCount(archive: ArchiveReader): OutputCount | null {
  const { pagination } = archive.run;
  if (pagination === null) return null;
  const output = keptShape(pagination);
  const shaper = createShaper(archive, output);
  const countPage = createRecordCounter(output.select);
  let written: number | null = 0;
  const count = (pages: Iterable<DecodedPage>): void => {
    try {
      for (const page of pages) if (written !== null) written += countPage(page);
    } catch (error) {
      if (!(error instanceof EverypageError)) throw error;
      written = null;
    }
  };
  return {
    add({ place, url, status, headers, records }, body) {
      count(shaper.take({ place, url, status, headers, body, records: records ?? 1 }));
    },
    written() {
      count(shaper.rest());
      return written;
    },
  };
}

/** Lets others run, and looks at the signal, after so many pages. */
function createTurns(signal: AbortSignal | undefined): () => Promise<void> | void {
  let pages = 0;
  return () => {
    pages += 1;
    if (pages % TURN_PAGES > 0) return;
    return new Promise(setImmediate).then(() => signal?.throwIfAborted());
  };
}

/** Whether a page's URL alone says which page it is; where a header or the body does, neither is kept. */
function keysAreOfUrls({ specification, pagination }: ArchiveReader['run']): boolean {
  if (specification.method !== 'GET' || specification.bodyDigest !== null) return false;
  if (specification.pagination === null) return true;
  return pagination !== null && pagination.carrier === 'query' && !isByFunction(pagination);
}

function withProblems(verdict: Verdict, problems: Verification['problems']): Verdict {
  const damaged = new Set(problems.map(({ place }) => `${place.branch} ${place.position}`)).size;
  const pages = counted(damaged, 'page does', 'pages do');
  const reason = `${pages} not hold what was received`;
  return { ...verdict, name: 'incomplete', reasons: [reason, ...verdict.reasons] };
}
