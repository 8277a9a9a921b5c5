import type { PageRequest } from '../../src/core/page-request.ts';
import type { PageView } from '../../src/plan/detect/page-view.ts';
import { parse } from './detect-reader.ts';

export function startAt(url: string, body: string | null = null): PageRequest {
  const method = body === null ? 'GET' : 'POST';
  const bytes = body === null ? null : Buffer.from(body);
  return { place: { branch: 0, position: 0 }, method, url, body: bytes, source: null };
}

/** A response; `json` as text keeps numbers that a double cannot hold. */
export function viewOf(
  request: PageRequest,
  json: unknown,
  headers: Readonly<Record<string, string>> = {},
  status = 200,
): PageView {
  const body = Buffer.from(typeof json === 'string' ? json : JSON.stringify(json));
  return { request, status, headers, body, json: parse(body) };
}

/** Records `from` to `to` (exclusive) of a list. */
export function items(from: number, to: number): object[] {
  return Array.from({ length: Math.max(0, to - from) }, (_, index) => ({
    id: from + index + 1,
    name: `record ${from + index + 1}`,
  }));
}
