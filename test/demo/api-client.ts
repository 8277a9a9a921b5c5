/** How each fixture API is read by the book: a step a family, nothing of the program under test. */
import { type Json, readJson, readMember, writeJson } from '../../src/demo/api-json.ts';
import type { ApiServer } from '../../src/demo/api-server.ts';

export interface ReadPage {
  readonly url: string;
  readonly status: number;
  readonly headers: Headers;
  readonly body: Json;
  readonly records: readonly Json[];
  /** Text of the last record's key, null in an empty page. */
  readonly lastKey: string | null;
}

export interface Asked {
  readonly url: string;
  readonly body?: Json;
  readonly headers?: Readonly<Record<string, string>>;
}

export function recordsIn(body: Json, path: string): readonly Json[] {
  const found = path === '@' ? body : readMember(body, path);
  return Array.isArray(found) ? (found as readonly Json[]) : [];
}

export function keyOf(record: Json, path: string): string {
  const key = readMember(record, path);
  return typeof key === 'string' ? key : writeJson(key);
}

export async function ask(server: ApiServer, asked: Asked): Promise<ReadPage> {
  const response = await fetch(asked.url, {
    method: server.method,
    headers: { ...server.headers, ...asked.headers },
    ...(asked.body === undefined ? {} : { body: writeJson(asked.body) }),
  });
  const body = readJson(await response.text());
  const records = recordsIn(body, server.recordsPath);
  const last = records.at(-1);
  return {
    url: asked.url,
    status: response.status,
    headers: response.headers,
    body,
    records,
    lastKey: last === undefined ? null : keyOf(last, server.keyPath),
  };
}

export function first(server: ApiServer): Asked {
  const body = server.body === null ? {} : { body: readJson(server.body) };
  return { url: server.url, ...body };
}

/** `url` with one query parameter replaced. */
export function withParam(url: string, name: string, value: string | number): string {
  const changed = new URL(url);
  changed.searchParams.set(name, String(value));
  return changed.href;
}

/** Reads on until a step says that there is nothing more. */
export async function walk(
  server: ApiServer,
  step: (page: ReadPage, asked: Asked, readSoFar: number) => Asked | null,
): Promise<ReadPage[]> {
  const pages: ReadPage[] = [];
  let asked: Asked | null = first(server);
  let read = 0;
  while (asked !== null) {
    if (pages.length === 100) throw new Error(`${server.api} does not end`);
    const page: ReadPage = await ask(server, asked);
    if (page.status >= 400)
      throw new Error(`${page.url} is ${page.status} ${writeJson(page.body)}`);
    pages.push(page);
    read += page.records.length;
    asked = step(page, asked, read);
  }
  return pages;
}
