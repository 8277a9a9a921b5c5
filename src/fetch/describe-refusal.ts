import { escapeText } from '../core/escape.ts';
import { bodyExcerpt, type Sent } from './body-excerpt.ts';

/** What the checks of a body say, and how it begins. */
interface Refused {
  readonly kind: string;
  readonly reason: string;
  readonly beginning: string | null;
}

/**
 * Why a body is no page, with what came instead: its content-type and how it begins, safe to show.
 *
 * @param url as asked for, with its credentials
 * @example 'the body is not JSON (byte 0: it looks like HTML); it is text/html and begins "<h1>Busy"'
 */
export function describeRefusal(
  { kind, reason, beginning }: Refused,
  contentType: string | null,
  url: string,
  sent: Sent,
): string {
  if (kind === 'selection' || (beginning === null && kind !== 'empty')) return reason;
  const parts: string[] = [];
  const isNamed = contentType !== null && kind !== 'fail-when';
  if (isNamed) parts.push(`is ${escapeText(contentType, 60)}`);
  if (beginning !== null) {
    parts.push(`begins ${bodyExcerpt(beginning, url, sent)}`);
  }
  return parts.length === 0 ? reason : `${reason}; it ${parts.join(' and ')}`;
}
