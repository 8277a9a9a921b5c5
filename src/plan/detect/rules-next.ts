/** Evidence in the body of what comes next: an object, a `pageInfo`, a URL, a token. */
import { resolveUrl } from '../request-url.ts';
import { candidates, found, single, stepped } from './detection.ts';
import { type Facts, saysMore, sourceOf } from './facts.ts';
import { isObject } from './fields.ts';
import type { Detection } from './page-view.ts';
import { parseBody, type StartParam } from './start-params.ts';
import { stepOfUrl } from './step-of-url.ts';
import { type TokenSaid, tokenStyle } from './token-candidates.ts';

export function byContinue({ next, base, view }: Facts): Detection | null {
  const said = next.continueObject;
  if (said === null || view.request.method !== 'GET') return null;
  const evidence = said.isThere
    ? `${said.path} holds the parameters of the next request`
    : 'batchcomplete stands without continue';
  return found({ ...base, style: 'continue', nextPath: said.path }, [evidence], !said.isThere);
}

/** The GraphQL Cursor Connections specification, where the query takes the cursor from a variable. */
export function byRelay(facts: Facts): Detection | null {
  const { pageInfo } = facts.next;
  const { view, base } = facts;
  if (pageInfo === null || view.request.method !== 'POST') return null;
  const body = parseBody(view.request.body);
  const query = isObject(body) && typeof body['query'] === 'string' ? body['query'] : null;
  if (query === null) return null;
  const variable = /\bafter\s*:\s*\$([A-Za-z_]\w*)/.exec(query)?.[1] ?? null;
  const seen = `${pageInfo.path} has hasNextPage and endCursor`;
  if (variable === null && pageInfo.hasNext) {
    return single(facts, false, [
      seen,
      'the query takes no cursor; give it a variable, such as query($after: String) and after: $after',
    ]);
  }
  return found(
    {
      ...base,
      style: 'graphql',
      param: `variables.${variable ?? 'after'}`,
      carrier: 'body',
      nextPath: pageInfo.path,
      morePath: `${pageInfo.path}.hasNextPage`,
    },
    [seen, ...(variable === null ? [] : [`the query has after: $${variable}`])],
    !pageInfo.hasNext,
  );
}

export function byNextUrl(facts: Facts): Detection | null {
  const { next, base, view, count, numbers } = facts;
  const path = next.url?.path ?? next.listed?.path ?? null;
  const text = next.url?.value ?? next.listed?.url ?? null;
  const url = text === null ? null : resolveUrl(text, view.request.url);
  if (url !== null && path !== null) {
    const evidence = [`${path} holds a URL`];
    const step = view.request.method === 'GET' ? stepOfUrl(view.request.url, url, count) : null;
    const known = numbers.totalPages ?? numbers.total;
    if (step === null || known === null) {
      return found({ ...base, style: 'next', nextPath: path }, evidence, false);
    }
    evidence[0] += ` that counts on in ${step.param}`;
    evidence.push(`${sourceOf(known)} says ${known.value}`);
    return found(stepped(facts, step, { nextPath: path }), evidence, false);
  }
  if (next.token !== null || next.number !== null || saysMore(facts)) return null;
  if (facts.params.page !== null || facts.params.offset !== null || facts.params.cursor !== null) {
    return null;
  }
  const end = next.empty?.kind === 'url' ? next.empty.path : (next.listed?.path ?? null);
  if (end === null || next.empty?.kind === 'token') return null;
  return found({ ...base, style: 'next', nextPath: end }, [`${end} names no next page`], true);
}

export function byToken(facts: Facts): Detection | null {
  const { next, headers, base, params } = facts;
  const style = tokenStyle(facts);
  if (style === null) {
    const isEnd = next.empty?.kind === 'token' && !saysMore(facts) && next.number === null;
    if (!isEnd || next.empty === null || headers.token !== null) return null;
    const param = params.cursor;
    return found(
      {
        ...base,
        style: 'cursor',
        param: param?.name ?? 'cursor',
        carrier: param?.carrier ?? 'query',
        nextPath: next.empty.path,
      },
      [`${next.empty.path} is empty`],
      true,
    );
  }
  const { pagination, where } = style;
  if (next.more?.value === false && headers.token === null) return null;
  const cursor = params.cursor;
  if (cursor !== null && isSure(cursor, style)) {
    return found(
      {
        ...pagination,
        param: cursor.name,
        carrier: cursor.carrier,
        // Where `*` begins a list (Solr, Crossref), the same cursor again ends it.
        repeatIsEnd: pagination.repeatIsEnd || cursor.text === '*',
      },
      [
        `${where} holds a token`,
        `the start ${cursor.carrier === 'body' ? 'body' : 'URL'} has ${cursor.name}`,
      ],
      false,
    );
  }
  return candidates(facts, `${where} holds a token`, [`${where} holds a token`]);
}

/** `after` may be a date that the user filters by; then it is tried like any other name. */
function isSure({ name, text }: StartParam, { params }: TokenSaid): boolean {
  if (/cursor|token|scroll|continuation|page/i.test(name) || text === '') return true;
  return name === params[0]?.name && !/^\d{4}-\d\d/.test(text);
}
