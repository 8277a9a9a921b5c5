/** What makes two runs the same run: the question that was asked, not how or for whom. */
import { createHash } from 'node:crypto';
import type { RunSpecification } from './archive-types.ts';

/** SHA-256, 32 bytes. Equal for specifications that ask for the same pages. */
export function fingerprintOf(specification: RunSpecification): Uint8Array {
  // JSON quotes and nests, so no two specifications share a text; an array has no order of keys.
  const { sources, method, bodyDigest, headers, pagination, failWhen } = specification;
  const list: unknown[] = ['everypage 1', sources, method, bodyDigest, ordered(headers)];
  // As it was before there were these, so that unfinished archives without them go on.
  if (pagination !== null) list.push(pagination);
  if (failWhen !== undefined) list.push({ failWhen });
  const text = JSON.stringify(list);
  return new Uint8Array(createHash('sha256').update(text).digest());
}

/** RFC 9110, section 5.3: the order of fields with different names has no meaning. */
function ordered(headers: RunSpecification['headers']): RunSpecification['headers'] {
  return headers.toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
}

const MAX_URL_LINES = 5;

/**
 * Lines that say what differs between the run an archive is of and the one that is wanted; none
 * where the two have the same fingerprint.
 *
 * @example ['URL: was https://a.example/1, is https://a.example/2', 'method: was GET, is POST']
 */
export function differences(stored: RunSpecification, wanted: RunSpecification): string[] {
  return [
    ...differentUrls(stored.sources, wanted.sources),
    ...different('method', stored.method, wanted.method),
    ...different('body', digest(stored.bodyDigest), digest(wanted.bodyDigest)),
    ...differentHeaders(stored.headers, wanted.headers),
    ...different('--fail-when', stored.failWhen, wanted.failWhen),
    ...different('pagination', stored.pagination ?? undefined, wanted.pagination ?? undefined),
  ];
}

function differentUrls(stored: readonly string[], wanted: readonly string[]): string[] {
  const count = Math.max(stored.length, wanted.length);
  const lines: string[] = [];
  for (let index = 0; index < count; index += 1) {
    const name = count === 1 ? 'URL' : `URL ${index + 1}`;
    lines.push(...different(name, stored[index], wanted[index]));
  }
  const more = lines.length - MAX_URL_LINES;
  return more > 1 ? [...lines.slice(0, MAX_URL_LINES), `and ${more} more URLs`] : lines;
}

function differentHeaders(
  stored: RunSpecification['headers'],
  wanted: RunSpecification['headers'],
): string[] {
  const names = new Set([...stored, ...wanted].map(([name]) => name));
  return [...names]
    .toSorted()
    .flatMap((name) =>
      different(`header ${name}`, headerValue(stored, name), headerValue(wanted, name)),
    );
}

function headerValue(headers: RunSpecification['headers'], wanted: string): string | undefined {
  const values = headers.filter(([name]) => name === wanted).map(([, value]) => value);
  // As JSON where there are several, since a value may hold a comma itself.
  return values.length > 1 ? JSON.stringify(values) : values[0];
}

function digest(hex: string | null): string | undefined {
  return hex === null ? undefined : `SHA-256 ${hex}`;
}

function different(name: string, was: string | undefined, is: string | undefined): string[] {
  return was === is ? [] : [`${name}: was ${was ?? 'not given'}, is ${is ?? 'not given'}`];
}
