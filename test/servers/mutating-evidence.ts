/** Whether a reading could have shown that its list changed: what no verdict can do better than. */
import type { MutatingApi } from './mutating-apis.ts';
import type { Answered } from './mutating-server.ts';

/**
 * True where a list that never changed could have given all these answers, so that nobody who has
 * only them can tell.
 *
 * @param hasKey without one, equal records may be two
 */
export function couldHaveStoodStill(
  api: MutatingApi,
  answers: readonly Answered[],
  hasKey: boolean,
): boolean {
  const labels = new Map<number, string>();
  for (const { from, labels: here } of answers) {
    for (const [at, label] of here.entries()) {
      const known = labels.get(from + at);
      if (known !== undefined && known !== label) return false;
      labels.set(from + at, label);
    }
  }
  if (hasKey && new Set(labels.values()).size < labels.size) return false;
  const longest = Math.max(0, ...answers.map(({ from, asked }) => from + asked)) + MOST_UNSEEN;
  for (let length = 0; length <= longest; length += 1) {
    if (answers.every((answer) => fits(api, answer, length))) return true;
  }
  return false;
}

/** Stands for the server's own in what is compared. */
export const NO_ORIGIN = 'http://list.test';

/** What is said where a page is past the end. */
export const REFUSED = 'refused';

export function isRefused({ refuses }: MutatingApi, from: number, length: number): boolean {
  return refuses === true && from > 0 && from >= length;
}

/** Records that no page held, though a total may speak of them. */
const MOST_UNSEEN = 100;

function fits(api: MutatingApi, answer: Answered, length: number): boolean {
  const { target, from, asked, labels, said } = answer;
  if (labels.length !== Math.max(0, Math.min(asked, length - from))) return false;
  if (isRefused(api, from, length)) return said === REFUSED;
  const url = new URL(target, NO_ORIGIN);
  const hasMore = from + asked < length;
  const { body = {}, link } = api.says({
    query: url.searchParams,
    records: [],
    from,
    asked,
    length,
    hasMore,
    urlWith: (change) => urlWith(url, change),
  });
  return JSON.stringify([body, link]) === said;
}

/** The same URL with other parameters. */
export function urlWith(url: URL, change: Readonly<Record<string, number>>): string {
  const other = new URL(url);
  for (const [name, value] of Object.entries(change)) other.searchParams.set(name, `${value}`);
  return other.href;
}
