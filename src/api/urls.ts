/** What a program names as the URLs to fetch, in any of the forms that the public functions take. */
import { type EverypageError, kindOf, usageError } from '../core/errors.ts';
import type { PlanSource } from '../plan/plan.ts';

/**
 * What to fetch. A string means the same as on the command line (`https://host/items?page=[1-500]`). A
 * `URL`, and each URL of anything iterable, is used exactly as given.
 */
export type Urls = string | URL | Iterable<string | URL> | AsyncIterable<string | URL>;

/** `Urls`, or what `sourceOf` makes of arguments of the command line, one or several. */
export type Sources = Urls | PlanSource | readonly (string | URL | PlanSource)[];

const EXPECTED =
  'expected a URL (a string or a URL object), or an array or another iterable of URLs';

/**
 * The sources of a run.
 *
 * @param literal strings stand as they are
 * @throws EverypageError USAGE for what is none of the forms, also in an array; what another iterable
 *   yields is checked when it comes
 */
export function sourcesOf(asked: Sources, literal = false): readonly PlanSource[] {
  if (typeof asked === 'string') return [{ kind: literal ? 'literal' : 'template', text: asked }];
  if (asked instanceof URL) return [{ kind: 'literal', text: asked.href }];
  if (isSource(asked)) return [checkedSource(asked)];
  if (Array.isArray(asked)) return sourcesOfArray(asked);
  return [{ kind: 'iterable', urls: urlsOf(asked) }];
}

function sourcesOfArray(asked: readonly (string | URL | PlanSource)[]): readonly PlanSource[] {
  if (!asked.some(isSource)) {
    return [{ kind: 'iterable', urls: asked.map((url, at) => textOf(url, `urls[${at}]`)) }];
  }
  return asked.map((one, at) =>
    isSource(one)
      ? checkedSource(one)
      : ({ kind: 'literal', text: textOf(one, `urls[${at}]`) } as const),
  );
}

function urlsOf(asked: unknown): Iterable<string> | AsyncIterable<string> {
  if (typeof asked === 'object' && asked !== null) {
    if (Symbol.asyncIterator in asked) {
      const urls = asked as AsyncIterable<unknown>;
      return { [Symbol.asyncIterator]: () => textsComing(urls) };
    }
    if (Symbol.iterator in asked) {
      const urls = asked as Iterable<unknown>;
      return { [Symbol.iterator]: () => texts(urls) };
    }
  }
  throw usageError(`urls: ${EXPECTED}, got ${kindOf(asked)}`);
}

function* texts(urls: Iterable<unknown>): Generator<string> {
  let number = 0;
  for (const url of urls) {
    number += 1;
    yield textOf(url, `URL ${number} of the list`);
  }
}

async function* textsComing(urls: AsyncIterable<unknown>): AsyncGenerator<string> {
  let number = 0;
  for await (const url of urls) {
    number += 1;
    yield textOf(url, `URL ${number} of the list`);
  }
}

function textOf(url: unknown, where: string): string {
  if (typeof url === 'string') return url;
  if (url instanceof URL) return url.href;
  throw usageError(`${where}: expected a URL (a string or a URL object), got ${kindOf(url)}`);
}

function isSource(value: unknown): value is PlanSource {
  return typeof value === 'object' && value !== null && 'kind' in value;
}

function checkedSource(source: PlanSource): PlanSource {
  switch (source.kind) {
    case 'template':
    case 'literal':
      if (typeof source.text !== 'string') throw badSource('text', 'a string', source.text);
      return source;
    case 'file':
      if (typeof source.path !== 'string') throw badSource('path', 'a string', source.path);
      return source;
    case 'stdin':
      return source;
    case 'iterable': {
      const [checked] = sourcesOf(source.urls);
      if (checked?.kind === 'iterable') return checked;
      throw badSource('urls', 'an iterable of URLs', source.urls);
    }
    default:
      throw usageError('kind: expected a source that sourceOf made');
  }
}

function badSource(property: string, what: string, got: unknown): EverypageError {
  return usageError(`${property} of a source: expected ${what}, got ${kindOf(got)}`);
}
