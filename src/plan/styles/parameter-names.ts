/** What a parameter may be called, read off the names that a page and its request show. */
import { squash } from '../names.ts';

/** Objects whose name is a part of the parameters that it echoes: `pagination: { page }`. */
const NAMED_IN_PARAMETERS = /^_?pag(?:e|ing|ination|er)$/i;

/**
 * The name as it stands in the family of another: `pagination.key` beside `pagination.limit`,
 * `page[after]` beside `page[size]`. Null where that one is of no family.
 */
export function siblingOf(other: string | null, name: string): string | null {
  const [, outer, bracket] = /^(.+?)(?:(\[)[^\]]*\]|\.[^.\]]+)$/.exec(other ?? '') ?? [];
  if (outer === undefined) return null;
  return bracket === undefined ? `${outer}.${name}` : `${outer}[${name}]`;
}

/** A name within an object of that name, as servers take it: `pagination[page]` for `pagination.page`. */
export function nestedNames(parent: string, name: string): readonly string[] {
  if (!NAMED_IN_PARAMETERS.test(parent)) return [];
  return [`${parent}[${name}]`, `${parent}.${name}`, `${parent}_${name}`];
}

/** `nextPageStart` ends with `start`: of the names, the longest that another one ends with; else null. */
export function echoedEnd(name: string, echoed: readonly string[]): string | null {
  const whole = squash(name);
  const ends = echoed.filter((each) => {
    const own = squash(each);
    return own.length > 2 && own !== whole && whole.endsWith(own);
  });
  return ends.toSorted((a, b) => b.length - a.length)[0] ?? null;
}

/** `next_page_token` → `page_token`, `nextPageToken` → `pageToken`, `cursor_next` → `cursor`. */
export function withoutNext(name: string): string {
  const snake = /^next[_-](.+)$/i.exec(name)?.[1] ?? /^(.+)[_-]next$/i.exec(name)?.[1];
  if (snake !== undefined) return snake;
  const camel = /^next([A-Z].*)$/.exec(name)?.[1] ?? null;
  if (camel !== null) return camel.charAt(0).toLowerCase() + camel.slice(1);
  return /^Next([A-Z].*)$/.exec(name)?.[1] ?? (/^next$/i.test(name) ? '' : name);
}
