/** A run of the archive session in this thread: what its caller sends, and what it sends back. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type {
  ArrivedPage,
  Batch,
  Finished,
  OpenRequest,
  SentPage,
  Stored,
} from '../../src/archive-thread/messages.ts';
import { ArchiveSession } from '../../src/archive-thread/session.ts';
import type { PageCode } from '../../src/core/errors.ts';
import { PAGE_KEY_BYTES, pageKey } from '../../src/core/page-request.ts';
import { tableOptions } from '../../src/core/table-options.ts';
import { specification } from '../archive/sample-pages.ts';

export function temporaryFolder(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'everypage-session-'));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export interface GivenPage {
  readonly position: number;
  readonly branch?: number;
  /** None: the page failed. */
  readonly body?: string | Uint8Array;
  readonly encoding?: string;
  readonly code?: PageCode;
  readonly state?: ArrivedPage['state'];
}

export function batchOf(given: readonly GivenPage[]): Batch {
  const parts: Uint8Array[] = [];
  const pages = given.map((page): ArrivedPage => {
    const { position, branch = 0, encoding = null } = page;
    const body = Buffer.from(page.body ?? '');
    const url = `https://api.example.com/items?page=${position + 1}`;
    parts.push(pageKey({ method: 'GET', url, body: null }), body);
    const isFailed = page.body === undefined;
    return {
      place: { branch, position },
      url,
      state: page.state ?? (isFailed ? 'failed' : 'stored'),
      status: isFailed ? 503 : 200,
      headers: null,
      encoding,
      bodyBytes: body.length,
      code: isFailed ? (page.code ?? 'HTTP_503') : null,
      reason: isFailed ? 'HTTP 503' : null,
      attempts: 1,
      startedAt: position,
      durationMs: 1,
      log: [],
    };
  });
  const all = Buffer.concat(parts);
  if (all.length < given.length * PAGE_KEY_BYTES) throw new Error('no room for the keys');
  return { pages: JSON.stringify(pages), arena: new Uint8Array(all), slot: null, pace: null };
}

export function openRequest(folder: string, change: Partial<OpenRequest> = {}): OpenRequest {
  const path = join(folder, 'items.ndjson.everypage');
  return {
    location: { part: `${path}.part`, complete: path },
    specification,
    fresh: false,
    keep: true,
    allowIncomplete: false,
    strict: null,
    expect: null,
    isPaginated: false,
    secretParams: [],
    credentials: [],
    select: null,
    maxDecodedBytes: 1_000_000,
    failWhen: null,
    targets: [{ kind: 'bytes', format: 'ndjson', compression: null }],
    table: tableOptions({}),
    manifest: null,
    ...change,
  };
}

export class SessionRun {
  readonly session: ArchiveSession;
  readonly #output: Received;

  private constructor(session: ArchiveSession, output: Received) {
    this.session = session;
    this.#output = output;
  }

  static async open(folder: string, change: Partial<OpenRequest> = {}): Promise<SessionRun> {
    const output = new Received();
    const ask = openRequest(folder, change);
    const clock = { now: () => 0, wallTime: () => 1_763_800_000_000 };
    return new SessionRun(await ArchiveSession.open(ask, clock, output), output);
  }

  store(...pages: readonly GivenPage[]): Stored {
    return this.session.store(batchOf(pages));
  }

  endList(count: number): void {
    this.session.endPlan({ count, digest: new Uint8Array(32), end: null });
  }

  finish(stopped = false): Promise<Finished> {
    return this.session.finish({ stopped });
  }

  get text(): string {
    return this.#output.text;
  }

  /** Waits until at least so many characters of the output have come; whoever waits in vain hangs. */
  async textOf(length: number): Promise<string> {
    while (this.text.length < length) await new Promise(setImmediate);
    return this.text;
  }

  get pages(): readonly SentPage[] {
    return this.#output.pages;
  }

  get failures(): readonly unknown[] {
    return this.#output.failures;
  }

  /** Whoever takes the output goes away. */
  closePipe(error: Error): void {
    this.#output.refusal = error;
  }
}

class Received {
  text = '';
  readonly pages: SentPage[] = [];
  readonly failures: unknown[] = [];
  refusal: Error | null = null;

  async sendBytes(bytes: Uint8Array): Promise<void> {
    if (this.refusal !== null) throw this.refusal;
    this.text += Buffer.from(bytes).toString();
  }

  async sendPages(pages: readonly SentPage[]): Promise<void> {
    if (this.refusal !== null) throw this.refusal;
    this.pages.push(...pages);
  }

  exportFailed(error: unknown): void {
    this.failures.push(error);
  }

  giveUp(): void {}
}
