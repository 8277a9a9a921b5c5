import assert from 'node:assert/strict';
import fc from 'fast-check';
import { noPagination, type Pagination, paginationStyles } from '../../src/core/pagination.ts';
import { type PageToRead, readPageInfo } from '../../src/plan/read-page-info.ts';
import { getBodyMember } from '../../src/plan/request-parts.ts';
import { styleOf } from '../../src/plan/styles/styles.ts';
import { jsonText } from './json-text.ts';

const base = 'https://api.example/v1/items?page=1';

export function anyPageInfo() {
  const path = fc.option(fc.constantFrom('a', 'b', 'a.b', 'b.a', '0'), { nil: null });
  const header = fc.option(fc.constantFrom('link', 'content-range', 'x-a', 'x-b'), { nil: null });
  const pagination: fc.Arbitrary<Pagination> = fc
    .record({
      style: fc.constantFrom(...paginationStyles),
      param: fc.option(fc.constantFrom('page', 'a.b', 'x'), { nil: null }),
      carrier: fc.constantFrom('query' as const, 'header' as const, 'body' as const),
      sizeParam: fc.option(fc.constantFrom('size', 'a.c'), { nil: null }),
      size: fc.option(fc.nat(), { nil: null }),
      first: fc.nat(),
      nextPath: path,
      nextHeader: header,
      morePath: fc.option(fc.constantFrom('a', '!a', 'b', '!a.b'), { nil: null }),
      totalPath: path,
      totalHeader: header,
      totalPagesPath: path,
      totalPagesHeader: header,
      sizePath: path,
      positionPath: path,
      keyFrom: fc.constantFrom('last' as const, 'first' as const),
    })
    .map((parts) => ({ ...noPagination, ...parts }));
  const value = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom('<?page=2>; rel=next, <?page=9>; rel=last', 'items 0-4/9', '*/*', '7', ''),
  );
  const headers = fc.dictionary(fc.constantFrom('link', 'content-range', 'x-a', 'x-b'), value);
  const members = fc.record({ a: jsonText, b: jsonText }, { requiredKeys: [] });
  const page = fc.record({ headers, members, recordCount: fc.nat({ max: 3 }), key: jsonText });
  const isPost = fc.boolean();
  return fc.property(
    pagination,
    page,
    isPost,
    (way, { headers, members, recordCount, key }, post) => {
      const body = `{${Object.entries(members).map(([name, text]) => `"${name}":${text}`)}}`;
      const read: PageToRead = {
        url: base,
        headers,
        literal: (path) => getBodyMember(Buffer.from(body), path),
        recordCount,
        firstKey: recordCount === 0 ? null : key,
        lastKey: recordCount === 0 ? null : key,
        digest: null,
      };
      const pageInfo = readPageInfo(way, read);
      for (const count of [
        pageInfo.total,
        pageInfo.totalPages,
        pageInfo.echoedSize,
        pageInfo.echoedPosition,
      ]) {
        assert.ok(count === null || (Number.isSafeInteger(count) && count >= 0));
      }
      const step = pageInfo.next;
      if (step?.kind === 'url') assert.match(step.url, /^https?:\/\//);
      if (step?.kind === 'cursor') assert.notEqual(step.value, '');
      const start = {
        place: { branch: 0, position: 0 },
        method: post ? ('POST' as const) : ('GET' as const),
        url: base,
        body: post ? Buffer.from('{"a":1}') : null,
        source: null,
      };
      const style = styleOf(way);
      if (style === null) return;
      style.first(way, start);
      if (style.kind === 'counted') style.pageAt(way, start, 1, way.size);
      else {
        const next = style.next(way, start, start, pageInfo);
        // A URL is followed whatever else is said.
        const isUrl = pageInfo.next?.kind === 'url';
        if (pageInfo.more === false && !isUrl) assert.equal(next, null);
        assert.ok(next === null || URL.canParse(next.url));
      }
    },
  );
}
