/** The page server with a list that pages by itself beside its numbered pages, and faults on both. */
import { createTestCertificates } from '../../src/demo/certificate.ts';
import type { Reply } from '../fixtures/faults/reply.ts';
import { pageLine, pageRecords } from '../servers/page-body.ts';
import type { PageServerRequest } from '../servers/page-reply.ts';
import {
  type PageServer,
  type PageServerCounts,
  type PageServerData,
  startPageServer,
} from '../servers/page-server.ts';
import type { Wanted } from './kill-plan.ts';

export interface SoakServer {
  readonly url: string;
  counts(): PageServerCounts;
  /** Calls back with each request, faulty or not, as it arrives. */
  onRequest: (() => void) | null;
  close(): Promise<void>;
}

/** One authority for all servers of the process, so that its file is written once. */
export const certificates = createTestCertificates();

/** A page of a list that pages by itself, by a link to the next or by numbers and a total. */
function listedBody({ list, pages, bodyBytes }: Wanted, n: number): string {
  const records = pageRecords(n, bodyBytes).join();
  const next = n < pages ? `"/chain?page=${n + 1}"` : 'null';
  const meta = list === 'chain' ? `"next":${next}` : `"page":${n},"total_pages":${pages}`;
  return `{"data":[${records}],${meta}}`;
}

/** Every line that an undisturbed NDJSON of it holds. */
export function expectedLines({ list, pages, bodyBytes }: Wanted): string {
  const lines: string[] = [];
  for (let n = 1; n <= pages; n += 1) {
    if (list === 'range') lines.push(pageLine(n, bodyBytes));
    else lines.push(...pageRecords(n, bodyBytes));
  }
  return `${lines.join('\n')}\n`;
}

function urlOf({ origin }: PageServer, { list, pages }: Wanted): string {
  return list === 'range' ? `${origin}/pages/[1-${pages}]` : `${origin}/${list}?page=1`;
}

export interface Served {
  readonly wanted: Wanted;
  readonly protocol: NonNullable<PageServerData['protocol']>;
  readonly closeAfter: number | null;
  readonly limit?: PageServerData['limit'];
  /** What an attempt (from 1) at a page gets instead of it, or before it; null: the page. */
  readonly faultOf: (page: number, attempt: number) => Reply | null;
}

export async function startSoakServer(served: Served): Promise<SoakServer> {
  const { wanted, protocol, closeAfter, limit, faultOf } = served;
  const respond = ({ n, path, attempt }: PageServerRequest): Reply | null => {
    soak.onRequest?.();
    if (wanted.list === 'range') return faultOf(n, attempt);
    const page = Number(new URL(path, 'http://localhost').searchParams.get('page'));
    if (page > wanted.pages) return { status: 404 };
    return { body: listedBody(wanted, page), ...faultOf(page, attempt) };
  };
  const server = await startPageServer({
    protocol,
    certificates,
    bodyBytes: wanted.bodyBytes,
    respond,
    ...(closeAfter === null ? {} : { closeAfter }),
    ...(limit === undefined ? {} : { limit }),
  });
  const soak: SoakServer = {
    url: urlOf(server, wanted),
    onRequest: null,
    counts: () => server.counts(),
    close: () => server.close(),
  };
  return soak;
}
