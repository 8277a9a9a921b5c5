/** Serves a list that changes between the requests for its pages, and keeps what it answered. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { MutatingApi } from './mutating-apis.ts';
import { isRefused, NO_ORIGIN, REFUSED, urlWith } from './mutating-evidence.ts';
import type { MutatingList } from './mutating-list.ts';

/** What an answer says of the list, by index and length. */
export interface Answered {
  readonly target: string;
  readonly from: number;
  readonly asked: number;
  readonly labels: readonly string[];
  /** Members other than the records, and the Link header: equal where the list has not changed. */
  readonly said: string;
}

export interface Arriving {
  readonly from: number;
  readonly asked: number;
  /** How far the list has been read. */
  readonly reached: number;
  /** The same request was answered before. */
  readonly isAgain: boolean;
}

export interface MutatingServer {
  readonly url: string;
  /** Of the reading that is under way. */
  readonly answered: readonly Answered[];
  /** From now on it is the next reading. */
  beginReading(): void;
  close(): Promise<void>;
}

export interface MutatingServerOptions {
  readonly api: MutatingApi;
  readonly list: MutatingList;
  readonly pageSize: number;
  /** Records have an `id`. */
  readonly hasKey: boolean;
  /** Something in each record is another each time. */
  readonly ticks: boolean;
  /** Before a request is answered. */
  readonly onRequest: (arriving: Arriving) => void;
}

export async function startMutatingServer(options: MutatingServerOptions): Promise<MutatingServer> {
  const { api, list, pageSize, hasKey, ticks, onRequest } = options;
  let answered: Answered[] = [];
  let requests = 0;
  let origin = '';

  function answer(target: string): { status: number; body: string; link?: string | undefined } {
    requests += 1;
    const url = new URL(target, origin);
    const query = url.searchParams;
    const before = api.place(query, list);
    const reached = Math.max(0, ...answered.map(({ from, labels }) => from + labels.length));
    onRequest({ ...before, reached, isAgain: answered.some((it) => it.target === target) });
    const { from, asked } = api.place(query, list);
    const records = list.slice(from, from + asked);
    const { length } = list;
    if (isRefused(api, from, length)) {
      answered.push({ target, from, asked, labels: [], said: REFUSED });
      return { status: 404, body: '{"error":"no such page"}' };
    }
    const hasMore = from + asked < length;
    const { body = {}, link } = api.says({
      query,
      records,
      from,
      asked,
      length,
      hasMore,
      urlWith: (change) => urlWith(url, change),
    });
    const said = JSON.stringify([body, link]).replaceAll(origin, NO_ORIGIN);
    answered.push({ target, from, asked, labels: records.map(({ label }) => label), said });
    const items = records.map(({ id, label }) => ({
      ...(hasKey ? { id } : {}),
      label,
      ...(ticks ? { views: requests } : {}),
    }));
    return { status: 200, body: JSON.stringify({ ...body, items }), link };
  }

  const server = createServer((request, response) => {
    const { status, body, link } = answer(request.url ?? '/');
    response.statusCode = status;
    response.setHeader('content-type', 'application/json');
    if (link !== undefined) response.setHeader('link', link);
    response.end(body);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  origin = `http://127.0.0.1:${port}`;

  return {
    url: `${origin}/items?${api.start(pageSize)}`,
    get answered() {
      return answered;
    },
    beginReading() {
      answered = [];
    },
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
