import { isNamedLocal } from '../http/address-kind.ts';

/**
 * Why a run stops at a link that leaves its origin, and the flag that goes on.
 *
 * @example leavesOrigin('a redirect', 'http://169.254.169.254', 'https://a.example')
 */
export function leavesOrigin(what: string, origin: string, from: string): string {
  const where = isInside(origin) && !isInside(from) ? `${origin}, in your own network` : origin;
  return (
    `${what} leads to another origin, ${where}. If you trust it, add ` +
    `--allow-origin ${origin}; it gets no credentials and none of your headers`
  );
}

function isInside(origin: string): boolean {
  return isNamedLocal(new URL(origin).hostname.replace(/^\[|\]$/g, ''));
}
