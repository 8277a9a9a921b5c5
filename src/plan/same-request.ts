import type { UnplacedRequest } from './request-parts.ts';

/** Whether two requests ask a server for the same thing. */
export function isSameRequest(a: UnplacedRequest, b: UnplacedRequest): boolean {
  return (
    a.url === b.url && a.method === b.method && isSameBody(a.body, b.body) && hasSameHeaders(a, b)
  );
}

function isSameBody(a: Uint8Array | null, b: Uint8Array | null): boolean {
  if (a === null || b === null) return a === b;
  return Buffer.compare(a, b) === 0;
}

function hasSameHeaders(a: UnplacedRequest, b: UnplacedRequest): boolean {
  const own = Object.entries(a.headers ?? {});
  const others = b.headers ?? {};
  return (
    own.length === Object.keys(others).length &&
    own.every(([name, value]) => others[name] === value)
  );
}
