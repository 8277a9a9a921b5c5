import type { HeaderValues } from '../transport.ts';

/** Names that tell one limit of a server's from another, in order of authority. */
const NAMES = ['x-ratelimit-resource', 'x-ratelimit-bucket'];
/** Visible ASCII without quotes and brackets: what is shown and what keys a bucket. */
const NAME = /^[\w.:/@+-]{1,100}$/;

/**
 * The server's name for the limit that the request counted in (GitHub's `core` or `search`,
 * Discord's bucket), by which requests of one origin may have buckets of their own; null where it
 * names none, or where the refusal is for everything (Discord's `global` scope).
 */
export function policyName(headers: HeaderValues): string | null {
  if (headers['x-ratelimit-scope'] === 'global') return null;
  if (headers['x-ratelimit-global'] === 'true') return null;
  for (const name of NAMES) {
    const value = headers[name];
    if (typeof value === 'string' && NAME.test(value)) return value;
  }
  return null;
}
