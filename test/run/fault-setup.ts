/** What the tests of faults share: a fault server, an impatient run against it, and what came of each page. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { type PageCode, type RunOptions, run, type Summary } from '../../src/index.ts';
import {
  type FaultServer,
  type FaultServerOptions,
  startFaultServer,
} from '../fixtures/faults/fault-server.ts';
import { temporaryFolder } from './run-cli.ts';

export interface Ended {
  readonly state: 'stored' | 'failed' | 'beyond-end';
  readonly attempts: number;
  readonly code: PageCode | null;
  readonly reason: string | null;
}

export interface FaultRun {
  readonly server: FaultServer;
  readonly summary: Summary;
  /** By page number. */
  readonly pages: ReadonlyMap<number, Ended>;
  readonly output: string | null;
  /** Why each page was tried again, a line each. */
  readonly retried: readonly string[];
}

/** Fetches all pages of a server with these faults over one protocol. */
export async function runFaults(
  t: TestContext,
  script: FaultServerOptions,
  options: RunOptions = {},
): Promise<FaultRun> {
  const server = await startFaultServer(script);
  t.after(() => server.close());
  const folder = temporaryFolder(t);
  const path = join(folder, 'out.ndjson');
  const pages = new Map<number, Ended>();
  const retried: string[] = [];
  const summary = await run([{ kind: 'template', text: server.url }], {
    output: path,
    proxy: '',
    insecure: true,
    concurrency: 4,
    // A busy machine is no silent server.
    idleTimeoutMs: 20_000,
    maxBodyBytes: 1_000_000,
    maxDecodedBytes: 1_000_000,
    ...(script.protocol === 'h2c' ? { protocol: 'http2' as const } : {}),
    ...options,
    onEvent: (event) => {
      if (event.type === 'page') {
        const { state, attempts, code, reason } = event;
        pages.set(event.place.position + 1, { state, attempts, code, reason });
      }
      if (event.type === 'retry') retried.push(`${event.place.position + 1}: ${event.reason}`);
      options.onEvent?.(event);
    },
  });
  const output = summary.output === null ? null : readFileSync(path, 'utf8');
  return { server, summary, pages, output, retried };
}

/** Where silence is what is tested. */
export const IMPATIENT = {
  idleTimeoutMs: 2000,
  timeoutMs: 20_000,
  minBytesPerSecond: 1000,
} as const;

/** The output that holds every page, whole. */
export function wholePages(server: FaultServer, count: number): string {
  return Array.from({ length: count }, (_, n) => `${server.page(n + 1)}\n`).join('');
}
