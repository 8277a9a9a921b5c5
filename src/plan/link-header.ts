/** The Link header (RFC 8288 §3), read as its Appendix B.2 says and forgiving where servers err. */
import { means } from './names.ts';
import {
  differInOneNumber,
  getQueryParameter,
  type NumberDifference,
  wholeNumber,
} from './query-parameter.ts';
import { resolveUrl } from './written-url.ts';

export interface Link {
  /** As it stands between the angle brackets; it may be relative. */
  readonly target: string;
  /** Lower case; of several `rel` parameters the first counts (§3.3). Empty without one. */
  readonly rels: readonly string[];
  /** By lower-case name, the first of each; quotes and escapes are taken off. No prototype. */
  readonly params: Readonly<Record<string, string>>;
}

/**
 * All links of a header's value; repeated headers are joined by commas before. It never throws and
 * takes linear time. What is no link is skipped up to the next one: a part without brackets, a
 * bracket or a quote that is never closed.
 *
 *     parseLinkHeader('<?page=2>; rel="next prefetch"')[0]?.rels; // ['next', 'prefetch']
 */
export function parseLinkHeader(value: string): readonly Link[] {
  return new LinkReader(value).readAll();
}

/**
 * The first link of that relation type which leads to an http or https URL, resolved against the
 * page's own URL; null without one. A link whose `anchor` makes it another resource's is no link of
 * the page (§3.2).
 */
export function linkTarget(links: readonly Link[], rel: string, base: string): string | null {
  return findLink(links, rel, base)?.url ?? null;
}

/** The same link with its parameters. */
export function findLink(
  links: readonly Link[],
  rel: string,
  base: string,
): { readonly url: string; readonly params: Link['params'] } | null {
  for (const link of links) {
    if (!isLinkOf(link, rel, base)) continue;
    const url = resolveUrl(link.target, base);
    if (url !== null) return { url, params: link.params };
  }
  return null;
}

/** Whether the page names such a link at all, be it one that leads nowhere. */
export function hasLink(links: readonly Link[], rel: string, base: string): boolean {
  return links.some((link) => isLinkOf(link, rel, base));
}

function isLinkOf(link: Link, rel: string, base: string): boolean {
  if (!link.rels.includes(rel)) return false;
  const anchor = link.params['anchor'];
  if (anchor === undefined) return true;
  const page = URL.parse(base);
  const context = URL.parse(anchor, base);
  if (page === null || context === null) return false;
  page.hash = '';
  return context.href === page.href;
}

/** Relations to the pages before a page. */
export const PAGES_BEFORE = ['prev', 'previous'];
/** Relations that only a paged list has, besides `next`. */
export const OTHER_PAGES = [...PAGES_BEFORE, 'first', 'last'];

class LinkReader {
  readonly #text: string;
  #at = 0;
  /** No quote is closed any more; seeking on from each would take quadratic time. */
  #quotesAreOpen = false;

  constructor(text: string) {
    this.#text = text;
  }

  readAll(): Link[] {
    const links: Link[] = [];
    for (;;) {
      this.#skip(isSpaceOrComma);
      if (this.#at >= this.#text.length) return links;
      if (this.#next() === '<') {
        const target = this.#readTarget();
        if (target === null) return links;
        links.push(this.#readLink(target));
      }
      this.#skipToLink();
    }
  }

  #next(): string {
    return this.#text.charAt(this.#at);
  }

  #skip(isSkipped: (character: string) => boolean): void {
    while (this.#at < this.#text.length && isSkipped(this.#next())) this.#at++;
  }

  /** To the next comma or opening bracket outside quotes, or to the end. */
  #skipToLink(): void {
    while (this.#at < this.#text.length) {
      const character = this.#next();
      if (character === ',' || character === '<') return;
      if (character !== '"' || this.#readQuoted() === null) this.#at++;
    }
  }

  /** Null where no bracket closes any more, so that there is no further link. */
  #readTarget(): string | null {
    const end = this.#text.indexOf('>', this.#at);
    if (end === -1) return null;
    // `<a; rel=x, <b>`: the first was never closed, and its `>` is the second's.
    let start = this.#at + 1;
    for (const second of this.#text.slice(start, end).matchAll(/,[ \t]*</g)) {
      start = this.#at + 1 + second.index + second[0].length;
    }
    const target = this.#text.slice(start, end);
    this.#at = end + 1;
    return target.trim();
  }

  #readLink(target: string): Link {
    const params: Record<string, string> = Object.create(null);
    for (;;) {
      this.#skip(isSpace);
      if (this.#next() !== ';') break;
      this.#at++;
      this.#skip(isSpace);
      const start = this.#at;
      this.#skip(isNamePart);
      const name = this.#text.slice(start, this.#at).toLowerCase();
      this.#skip(isSpace);
      const value = this.#next() === '=' ? this.#readValue() : '';
      if (name !== '' && !(name in params)) params[name] = value;
    }
    const rels = (params['rel'] ?? '').toLowerCase().split(/\s+/);
    return { target, rels: rels.filter((rel) => rel !== ''), params };
  }

  #readValue(): string {
    this.#at++;
    this.#skip(isSpace);
    const quoted = this.#next() === '"' ? this.#readQuoted() : null;
    if (quoted !== null) return quoted;
    // One that is never closed ends as if it had no quote, or it would swallow the links behind it.
    if (this.#next() === '"') this.#at++;
    const start = this.#at;
    this.#skip(isUnquotedPart);
    return this.#text.slice(start, this.#at).trim();
  }

  /** The text of the quoted string that begins here, or null, moving nothing, where it never ends. */
  #readQuoted(): string | null {
    if (this.#quotesAreOpen) return null;
    let text = '';
    let copied = this.#at + 1;
    for (let at = copied; at < this.#text.length; at++) {
      const character = this.#text.charAt(at);
      if (character === '"') {
        this.#at = at + 1;
        return text + this.#text.slice(copied, at);
      }
      if (character !== '\\') continue;
      text += this.#text.slice(copied, at);
      copied = ++at;
    }
    this.#quotesAreOpen = true;
    return null;
  }
}

function isSpace(character: string): boolean {
  return character === ' ' || character === '\t';
}

function isSpaceOrComma(character: string): boolean {
  return isSpace(character) || character === ',';
}

function isUnquotedPart(character: string): boolean {
  return character !== ';' && character !== ',';
}

function isNamePart(character: string): boolean {
  return isUnquotedPart(character) && character !== '=' && !isSpace(character);
}

/**
 * Pages in all by `rel="last"` where its number counts pages or, evenly, records: that takes the
 * number of the first page and the step from this page to the next. Null where either is unclear.
 */
export function pagesByLinks(links: readonly Link[], pageUrl: string): number | null {
  const last = linkTarget(links, 'last', pageUrl);
  const next = linkTarget(links, 'next', pageUrl);
  if (last === null || next === null) return null;
  // Some write the page's own path in another way than it was asked for; the links agree.
  const place = differInOneNumber(next, last) ?? differInOneNumber(pageUrl, last);
  if (place === null) return null;
  const nextNumber = numberAt(next, place);
  const lastNumber = numberAt(last, place);
  if (nextNumber === null || lastNumber === null) return null;
  const own = numberAt(pageUrl, place);
  const first = firstNumber(links, pageUrl, place, own, nextNumber);
  if (first === null) return null;
  const step = nextNumber - (own ?? first);
  const pages = (lastNumber - first) / step + 1;
  return step > 0 && lastNumber >= first && Number.isSafeInteger(pages) ? pages : null;
}

/**
 * Without a link to the first page, a page is the first only where its own number shows it: that it
 * links to no page before it does not, since some servers link to the next and the last alone.
 */
function firstNumber(
  links: readonly Link[],
  pageUrl: string,
  place: NumberDifference,
  own: number | null,
  next: number,
): number | null {
  const first = linkTarget(links, 'first', pageUrl);
  if (first !== null) return numberAt(first, place);
  if (own === null) return impliedFirst(place, next);
  // Page 1 may be the second of pages that count from 0.
  return own < next - own ? own : null;
}

/** `?page=2` comes after a page without a number: that was page 1. */
function impliedFirst(place: NumberDifference, nextNumber: number): number | null {
  const countsPages = 'param' in place && means.page(place.param);
  return countsPages && (nextNumber === 1 || nextNumber === 2) ? nextNumber - 1 : null;
}

function numberAt(url: string, place: NumberDifference): number | null {
  if ('param' in place) return wholeNumber(getQueryParameter(url, place.param));
  return wholeNumber(URL.parse(url)?.pathname.split('/')[place.segment + 1] ?? null);
}
