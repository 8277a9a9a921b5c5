/**
 * A list of URLs in the store, for workers that do not have the file it came from: one URL a line, and
 * where every hundredth line begins, so that a range is read without what stands before it.
 */
import { createHash, type Hash } from 'node:crypto';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { EverypageError, usageError } from '../core/errors.ts';
import { renameFile, syncFile, syncFolder } from '../core/files.ts';
import type { Method, PageRequest } from '../core/page-request.ts';
import { redactUrl } from '../core/redact.ts';
import type { PlanSlices } from '../plan/list-slice.ts';
import type { Plan } from '../plan/plan.ts';

const LIST = 'list.txt';
const INDEX = 'list.index';
const TEMPORARY = '.tmp';
/** Lines between two places in the index, of which each takes eight bytes. */
const EVERY = 100;
const PLACE_BYTES = 8;
/** Before each URL: it stood in an argument, whose origin may have the credentials, or in a list. */
const ARGUMENT = 'a ';
const LISTED = 'l ';

export interface WrittenList {
  readonly total: number;
  /** SHA-256 of its lines, in hex. */
  readonly digest: string;
}

/**
 * Writes the URLs of a plan to the folder of a store, or finds that they are there.
 *
 * @throws EverypageError PLAN_CHANGED where another list is there; USAGE for a URL with a credential
 */
export async function writeList(
  folder: string,
  plan: Plan,
  secretParams: readonly string[],
): Promise<WrittenList> {
  const path = join(folder, LIST);
  const index = join(folder, INDEX);
  const written = await writeLines(path, index, plan, secretParams).catch((error) => {
    for (const file of [path, index]) rmSync(file + TEMPORARY, { force: true });
    throw error;
  });
  if (!existsSync(path)) {
    renameFile(index + TEMPORARY, index);
    renameFile(path + TEMPORARY, path);
    syncFolder(folder);
    return written;
  }
  const before = createHash('sha256').update(readFileSync(path)).digest('hex');
  for (const file of [path, index]) rmSync(file + TEMPORARY);
  if (before === written.digest) return written;
  throw new EverypageError(
    'PLAN_CHANGED',
    'the list has other URLs than when this run began. Restore the list, or discard what is stored with --fresh.',
  );
}

async function writeLines(
  path: string,
  index: string,
  plan: Plan,
  secretParams: readonly string[],
): Promise<WrittenList> {
  const list = await open(path + TEMPORARY, 'w', 0o600);
  const places = await open(index + TEMPORARY, 'w', 0o600);
  const digest: Hash = createHash('sha256');
  let total = 0;
  let at = 0;
  try {
    for await (const requests of plan.batches()) {
      const begins: bigint[] = [];
      let text = '';
      for (const { url, source } of requests) {
        if (redactUrl(url, secretParams) !== url) throw withCredential(source);
        if (total % EVERY === 0) begins.push(BigInt(at + Buffer.byteLength(text)));
        text += `${source === null ? ARGUMENT : LISTED}${url}\n`;
        total += 1;
      }
      const bytes = Buffer.from(text);
      digest.update(bytes);
      at += bytes.length;
      await list.write(bytes);
      if (begins.length > 0) await places.write(Buffer.from(new BigUint64Array(begins).buffer));
    }
  } finally {
    await Promise.all([list.close(), places.close()]);
  }
  for (const file of [path, index]) syncFile(file + TEMPORARY);
  return { total, digest: digest.digest('hex') };
}

function withCredential(source: string | null): EverypageError {
  return usageError(
    `${source ?? 'a URL'} holds a credential, which would stand in the store; send it as a header, with --bearer-env or -H @file, on every machine`,
  );
}

/** The pages of a list that is in the store. */
export class StoredList implements PlanSlices {
  readonly #folder: string;
  readonly #method: Method;
  readonly #body: Uint8Array | null;
  readonly total: number;

  constructor(folder: string, total: number, method: Method, body: Uint8Array | null) {
    this.#folder = folder;
    this.total = total;
    this.#method = method;
    this.#body = body;
  }

  async range(from: number, to: number): Promise<readonly PageRequest[]> {
    const index = await open(join(this.#folder, INDEX), 'r');
    const list = await open(join(this.#folder, LIST), 'r');
    try {
      const first = Math.floor(from / EVERY);
      const begin = await placeAt(index, first);
      const end = await placeAt(index, Math.ceil(to / EVERY));
      const length = Number((end ?? BigInt((await list.stat()).size)) - (begin ?? 0n));
      const bytes = Buffer.alloc(length);
      await list.read(bytes, 0, length, Number(begin ?? 0n));
      const lines = bytes.toString().split('\n');
      return lines
        .slice(from - first * EVERY, to - first * EVERY)
        .map((line, offset) => this.#requestOf(line, from + offset));
    } finally {
      await Promise.all([index.close(), list.close()]);
    }
  }

  #requestOf(line: string, position: number): PageRequest {
    const source = line.startsWith(ARGUMENT) ? null : `URL ${position + 1} of the list`;
    const place = { branch: 0, position };
    const url = line.slice(ARGUMENT.length);
    return { place, method: this.#method, url, body: this.#body, source };
  }
}

/** Null behind the last one. */
async function placeAt(index: FileHandle, number: number): Promise<bigint | null> {
  const bytes = Buffer.alloc(PLACE_BYTES);
  const { bytesRead } = await index.read(bytes, 0, PLACE_BYTES, number * PLACE_BYTES);
  return bytesRead < PLACE_BYTES ? null : bytes.readBigUInt64LE();
}
