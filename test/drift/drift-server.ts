/** Serves a list that changes between its answers, without a network, and keeps a log of both. */
import { hash } from 'node:crypto';
import type { RawResponse, Transport, TransportRequest } from '../../src/http/transport.ts';
import { ChangingList, type ListedRecord } from './changing-list.ts';
import type { Change, DriftCase, Random, Step } from './drift-case.ts';

export const ORIGIN = 'http://list.test';

/** How long requests that could be more are waited for: then those that are there are all. */
const IDLE_MS = 2;

/** Five readings at most, each with its checks. */
const MOST_REQUESTS_A_PAGE = 12;

interface Waiting {
  readonly request: TransportRequest;
  answer(response: RawResponse): void;
}

/**
 * Answers one request at a time and, of those that were asked for side by side, in any order: the
 * list may change between any two. It waits until as many have come as the run keeps in flight, so
 * that the order does not depend on how fast the machine is.
 */
export class DriftServer {
  readonly list: ChangingList;
  readonly log: string[] = [];
  /** Those of all readings. */
  requests = 0;
  readonly #case: DriftCase;
  readonly #random: Random;
  readonly #width: number;
  readonly #waiting: Waiting[] = [];
  #idle: NodeJS.Timeout | undefined;
  #steps: Step[] = [];
  #readings = 0;
  /** In this reading. */
  #answers = 0;
  /** Index behind the furthest record that was sent in this reading. */
  #reached = 0;

  constructor(drawn: DriftCase, random: Random) {
    const { length, order, identity, style, concurrency } = drawn;
    this.#case = drawn;
    this.#random = random;
    this.list = new ChangingList({ length, order, labels: identity === 'equal' ? 7 : null });
    this.#width = style.isParallel ? concurrency : 1;
  }

  beginReading(): void {
    const { steps } = this.#case;
    this.#steps = [...(steps[Math.min(this.#readings, steps.length - 1)] ?? [])];
    this.#readings += 1;
    this.#answers = 0;
    this.#reached = 0;
    this.log.push(`reading ${this.#readings} of ${this.list.length} records`);
  }

  readonly transport = (): Transport => ({
    request: (request) =>
      new Promise((answer) => {
        this.#count();
        this.#waiting.push({ request, answer });
        this.#schedule();
      }),
    connect() {},
    setHeldBytes() {},
    connectionCounts: () => ({ 'HTTP/1.1': 1, 'HTTP/2': 0 }),
    close: async () => clearTimeout(this.#idle),
  });

  /** So that a run that would never end fails. */
  #count(): void {
    this.requests += 1;
    if (this.requests <= MOST_REQUESTS_A_PAGE * (this.#case.pages + 20)) return;
    throw new Error(`${this.requests} requests for ${this.#case.pages} pages`);
  }

  #schedule(): void {
    clearTimeout(this.#idle);
    if (this.#waiting.length === 0) return;
    if (this.#waiting.length >= this.#width) setImmediate(() => this.#answerOne());
    else this.#idle = setTimeout(() => this.#answerOne(), IDLE_MS);
  }

  #answerOne(): void {
    const [next] = this.#waiting.splice(this.#below(this.#waiting.length), 1);
    if (next === undefined) return;
    this.#change();
    next.answer(this.#answer(next.request));
    this.#schedule();
  }

  /** Makes the changes that are due. The first page comes before all of them. */
  #change(): void {
    const { pages } = this.#case;
    while (this.#steps[0] !== undefined && 1 + this.#steps[0].moment * pages <= this.#answers) {
      const { changes } = this.#steps.shift()!;
      for (const change of changes) this.#make(change);
    }
    this.#answers += 1;
  }

  #make(change: Change): void {
    const { list } = this;
    switch (change.act) {
      case 'show':
        list.showHidden();
        this.log.push('  what was hidden is shown');
        return;
      case 'insert': {
        const at = this.#index(change.where, list.length + 1);
        list.insertAt(at);
        this.log.push(`  insert at ${at}`);
        return;
      }
      case 'move': {
        const from = this.#index(change.where, list.length);
        const to = this.#index(change.to, list.length);
        this.log.push(`  move ${list.slice(from, from + 1)[0]?.life.label} from ${from} to ${to}`);
        list.move(from, to);
        return;
      }
      default: {
        const at = this.#index(change.where, list.length);
        this.log.push(`  ${change.act} ${list.slice(at, at + 1)[0]?.life.label} at ${at}`);
        if (change.act === 'hide') list.hideAt(at);
        else list.deleteAt(at);
      }
    }
  }

  #index(where: Exclude<Change, { act: 'show' }>['where'], limit: number): number {
    const { pageSize } = this.#case;
    const near = this.#reached + this.#below(4 * pageSize) - 2 * pageSize;
    const index = {
      any: () => this.#below(limit),
      start: () => this.#below(Math.ceil(limit / 10)),
      read: () => pageSize + this.#below(this.#reached - pageSize),
      front: () => near,
      newest: () => this.list.newest,
    }[where]();
    return Math.max(0, Math.min(limit - 1, index));
  }

  #below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }

  #answer({ path, headers }: TransportRequest): RawResponse {
    const { style, stated, hasEtag } = this.#case;
    const url = new URL(path, ORIGIN);
    const query = url.searchParams;
    const { from, asked } = style.place({ query, headers }, this.list);
    const { length } = this.list;
    const records = this.list.slice(from, from + asked);
    this.#reached = Math.max(this.#reached, from + records.length);
    const range = headers['range'] === undefined ? '' : ` ${headers['range']}`;
    const ends = [records[0], records.at(-1)].map((record) => record?.life.label).join(' to ');
    this.log.push(`${path}${range}: ${records.length} of ${length} from ${from}, ${ends}`);
    if (stated.end === 'refused' && from > 0 && from >= length) {
      return respond(404, '{"error":"no such page"}', {});
    }
    const goesOn = stated.end === 'more' ? from + asked < length : records.length > 0;
    const said = style.says({
      query,
      records,
      from,
      asked,
      length,
      stated,
      goesOn,
      keyOf: ({ rank }) => rank,
      urlWith: (change) => urlWith(url, change),
    });
    const body = JSON.stringify({ ...said.body, items: records.map((it) => this.#shown(it)) });
    const etag = `"${hash('sha1', body)}"`;
    if (hasEtag && headers['if-none-match'] === etag) return respond(304, '', { etag });
    const own = hasEtag ? { ...said.headers, etag } : (said.headers ?? {});
    return respond(said.status ?? 200, body, own);
  }

  #shown({ rank, life: { number, label } }: ListedRecord): Readonly<Record<string, unknown>> {
    const { identity, ticks, style } = this.#case;
    const id = { rank, own: (number * 7_368_787) % 2 ** 31, dense: number }[identity as 'rank'];
    return {
      ...(id === undefined ? {} : { id }),
      ...(id !== undefined && style.holdsKey && identity !== 'rank' ? { rank } : {}),
      label,
      ...(ticks ? { views: this.requests } : {}),
    };
  }
}

function respond(
  status: number,
  text: string,
  headers: Readonly<Record<string, string>>,
): RawResponse {
  const body = new TextEncoder().encode(text);
  return {
    status,
    headers: { 'content-type': 'application/json', ...headers },
    chunks: [body],
    bodyBytes: body.length,
    protocol: 'HTTP/1.1',
  };
}

function urlWith(url: URL, change: Readonly<Record<string, string | number>>): string {
  const other = new URL(url);
  for (const [name, value] of Object.entries(change)) other.searchParams.set(name, `${value}`);
  return other.href;
}
