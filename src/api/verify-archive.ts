import { Archive } from '../archive/archive.ts';
import { archivePages } from '../archive-thread/archive-pages.ts';
import { keyOfRedacted, type Place } from '../core/page-request.ts';
import { isByFunction } from '../core/pagination.ts';
import type { FailedPage, Verdict } from '../core/summary.ts';
import { counted } from '../core/units.ts';
import { createBodyCheck } from '../decode/check-body.ts';
import { parseSelection } from '../decode/decode.ts';

export interface Verification {
  /** Computed again from the pages; `incomplete` where a problem was found. */
  readonly verdict: Verdict;
  readonly archivePath: string;
  readonly checkedPages: number;
  /** Decoded. */
  readonly checkedBytes: number;
  /** Stored pages that are no longer what was stored. */
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
  /** Largest body after decoding, in bytes. Default 256 MiB. */
  readonly maxDecodedBytes?: number;
  /** Records there must be; another number is `incomplete`. Default: what the server said. */
  readonly expect?: number;
}

/** Bodies are checked this many at a time before others may run. */
const TURN_PAGES = 200;

/**
 * Computes the verdict of an archive again, with its evidence: the file agrees with itself, every
 * place of the plan is there once, every stored body still decodes, is valid JSON and has the hash it
 * was stored with, and of a list that pages by itself the records agree with what the server said.
 *
 * @throws EverypageError ARCHIVE_DAMAGED, ARCHIVE_LOCKED or ARCHIVE_NEWER where it cannot be read
 * @example
 * const { verdict, problems } = await verifyArchive('items.ndjson.everypage');
 */
export async function verifyArchive(
  path: string,
  options: VerifyOptions = {},
): Promise<Verification> {
  const check = createBodyCheck(parseSelection(null), options.maxDecodedBytes ?? 256 * 1024 * 1024);
  const archive = Archive.openReadOnly(path);
  try {
    archive.check();
    const problems: Verification['problems'][number][] = [];
    let checkedPages = 0;
    let checkedBytes = 0;
    const isKnownByUrl = keysAreOfUrls(archive);
    for (const { place, key, url, body, encoding, hash } of archivePages(archive)) {
      const problem = (text: string) => problems.push({ place, url, problem: text });
      const found = check(body, encoding);
      if (!found.ok) problem(found.reason);
      else {
        checkedBytes += found.decoded.length;
        if (Buffer.compare(found.hash, hash) !== 0) {
          problem('the body is not the one that was stored: its hash differs');
        }
      }
      if (
        isKnownByUrl &&
        Buffer.compare(keyOfRedacted({ method: 'GET', url, body: null }), key) !== 0
      ) {
        problem('its URL is not the one that was stored');
      }
      checkedPages += 1;
      if (checkedPages % TURN_PAGES === 0) {
        await new Promise(setImmediate);
        options.signal?.throwIfAborted();
      }
    }
    const verdict = archive.verdict({ expect: options.expect ?? null });
    return {
      verdict: problems.length === 0 ? verdict : withProblems(verdict, problems.length),
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

/** Whether a page's URL alone says which page it is; where a header or the body does, neither is kept. */
function keysAreOfUrls({ specification, pagination }: Archive): boolean {
  if (specification.method !== 'GET' || specification.bodyDigest !== null) return false;
  if (specification.pagination === null) return true;
  return pagination !== null && pagination.carrier === 'query' && !isByFunction(pagination);
}

function withProblems(verdict: Verdict, problems: number): Verdict {
  const pages = counted(problems, 'stored page does', 'stored pages do');
  const reason = `${pages} not hold what was received`;
  return { ...verdict, name: 'incomplete', reasons: [reason, ...verdict.reasons] };
}
