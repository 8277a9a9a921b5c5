/**
 * A list of URLs in the store, for workers that do not have the file it came from: one URL a line, in files of
 * 10,000 lines, so that a range is read without what stands before it.
 */
import { createHash } from 'node:crypto';
import { EverypageError, usageError } from '../core/errors.ts';
import type { Method, PageRequest } from '../core/page-request.ts';
import { redactUrl } from '../core/redact.ts';
import type { PlanSlices } from '../plan/list-slice.ts';
import type { Plan } from '../plan/plan.ts';
import type { StoreHome } from './store-home.ts';

/** Written when all else of the list is there: it is what says that there is a list. */
const FACTS = 'list/list.json';
const FILE_LINES = 10_000;
/** Before each URL: it stood in an argument, whose origin may have the credentials, or in a list. */
const ARGUMENT = 'a ';
const LISTED = 'l ';

export interface WrittenList {
  readonly total: number;
  /** SHA-256 of its lines, in hex. */
  readonly digest: string;
}

/**
 * Writes the URLs of a plan to a store, or finds that they are there.
 *
 * @throws EverypageError PLAN_CHANGED where another list is there; USAGE for a URL with a credential
 */
export async function writeList(
  home: StoreHome,
  plan: Plan,
  secretParams: readonly string[],
): Promise<WrittenList> {
  const known = await home.read(FACTS);
  const digest = createHash('sha256');
  let total = 0;
  let lines: string[] = [];
  const endFile = async (): Promise<void> => {
    const bytes = Buffer.from(lines.join(''));
    digest.update(bytes);
    if (known === null) await home.write(fileOf(total - lines.length), bytes);
    lines = [];
  };
  for await (const requests of plan.batches()) {
    for (const { url, source } of requests) {
      if (redactUrl(url, secretParams) !== url) throw withCredential(source);
      lines.push(`${source === null ? ARGUMENT : LISTED}${url}\n`);
      total += 1;
      if (lines.length === FILE_LINES) await endFile();
    }
  }
  if (lines.length > 0) await endFile();
  const written = { total, digest: digest.digest('hex') };
  if (known === null) {
    await home.write(FACTS, Buffer.from(JSON.stringify(written)));
    return written;
  }
  const before = JSON.parse(Buffer.from(known).toString()) as WrittenList;
  if (before.digest === written.digest) return written;
  throw new EverypageError(
    'PLAN_CHANGED',
    'the list has other URLs than when this run began. Restore the list, or name an empty store with --store.',
  );
}

function fileOf(line: number): string {
  return `list/${Math.floor(line / FILE_LINES)}.txt`;
}

function withCredential(source: string | null): EverypageError {
  return usageError(
    `${source ?? 'a URL'} holds a credential, which would stand in the store; send it as a header, with --bearer-env or -H @file, on every machine`,
  );
}

/** The pages of a list that is in the store. */
export class StoredList implements PlanSlices {
  readonly #home: StoreHome;
  readonly #method: Method;
  readonly #body: Uint8Array | null;
  readonly total: number;
  /** Ranges that follow each other mostly stand in one file. */
  #last: { readonly name: string; readonly lines: Promise<readonly string[]> } | null = null;

  constructor(home: StoreHome, total: number, method: Method, body: Uint8Array | null) {
    this.#home = home;
    this.total = total;
    this.#method = method;
    this.#body = body;
  }

  async range(from: number, to: number): Promise<readonly PageRequest[]> {
    const requests: PageRequest[] = [];
    for (let at = from; at < to; ) {
      const offset = at % FILE_LINES;
      const count = Math.min(to - at, FILE_LINES - offset);
      const lines = (await this.#linesOf(fileOf(at))).slice(offset, offset + count);
      const first = at;
      requests.push(...lines.map((line, index) => this.#requestOf(line, first + index)));
      at += count;
    }
    return requests;
  }

  async #linesOf(name: string): Promise<readonly string[]> {
    if (this.#last?.name !== name) this.#last = { name, lines: this.#read(name) };
    try {
      return await this.#last.lines;
    } catch (error) {
      this.#last = null;
      throw error;
    }
  }

  async #read(name: string): Promise<readonly string[]> {
    const bytes = await this.#home.read(name);
    if (bytes !== null) return Buffer.from(bytes).toString().split('\n');
    throw new EverypageError(
      'ARCHIVE_DAMAGED',
      `${name} is missing in the store ${this.#home.where}, and with it URLs of the list; begin again with an empty store`,
    );
  }

  #requestOf(line: string, position: number): PageRequest {
    const source = line.startsWith(ARGUMENT) ? null : `URL ${position + 1} of the list`;
    const place = { branch: 0, position };
    const url = line.slice(ARGUMENT.length);
    return { place, method: this.#method, url, body: this.#body, source };
  }
}
