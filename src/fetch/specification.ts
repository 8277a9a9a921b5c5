import { createHash, hash } from 'node:crypto';
import type { RunSpecification } from '../archive/archive-types.ts';
import type { ResolvedOptions } from '../core/options.ts';
import { redactUrl, Secret } from '../core/redact.ts';
import type { PlanSource } from '../plan/plan.ts';

/** Headers that say who asks or how bytes travel, not what is represented. */
const NOT_REPRESENTATION = new Set(['user-agent', 'accept-encoding', 'cache-control', 'pragma']);

/** What makes two runs the same run: everything that changes the pages, nothing that changes how they are got. */
export function specificationOf(
  sources: readonly PlanSource[],
  options: ResolvedOptions,
  isPaginated: boolean,
): RunSpecification {
  const { kind, pinned, preset, split } = options.paginate;
  // Without anything said a list is what it was before there was pagination.
  const pagination = isPaginated
    ? JSON.stringify({ kind: kind === 'default' ? 'auto' : kind, ...pinned, preset, split })
    : null;
  return {
    // Pages that are stored already were not asked: they must not be mixed with those that are.
    ...(options.failWhen ? { failWhen: options.failWhen } : {}),
    pagination,
    sources: sources.map((source) => describeSource(source, options.secretParams)),
    method: options.method,
    bodyDigest: options.body === null ? null : hash('sha256', options.body),
    headers: options.headers.flatMap(({ name, value }): [string, string][] =>
      value instanceof Secret || NOT_REPRESENTATION.has(name) ? [] : [[name, value]],
    ),
  };
}

function describeSource(source: PlanSource, secretParams: readonly string[]): string {
  switch (source.kind) {
    case 'template':
      return redactUrl(source.text, secretParams);
    case 'literal':
      return `literal ${redactUrl(source.text, secretParams)}`;
    case 'file':
      return `@${source.path}`;
    case 'stdin':
      return '-';
    case 'iterable':
      return describeList(source.urls, secretParams);
  }
}

/** A list in memory is known by its content; one that is made on the way only by being one. */
function describeList(
  urls: Iterable<string> | AsyncIterable<string>,
  secretParams: readonly string[],
): string {
  if (!Array.isArray(urls)) return 'list';
  const digest = createHash('sha256');
  for (const url of urls) digest.update(`${redactUrl(String(url), secretParams)}\n`);
  return `list ${digest.digest('hex')}`;
}
