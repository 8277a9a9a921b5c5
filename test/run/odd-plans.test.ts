/** Lists by page number and offset that are refused, cut or counted oddly: none may end green and short. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fetchJson, type JsonReply } from './pagination-setup.ts';

const rows = Array.from({ length: 137 }, (_, at) => ({ id: at * 3 + 7 }));

function linesOf(from: number, to = rows.length): string {
  return rows
    .slice(from, to)
    .map((row) => `${JSON.stringify(row)}\n`)
    .join('');
}

const numberIn = ({ searchParams }: URL, name: string, otherwise: number): number =>
  Number(searchParams.get(name) ?? otherwise);
const pageOf = (url: URL) => numberIn(url, 'page', 1);
const offsetOf = (url: URL) => numberIn(url, 'offset', 0);
const ofPage = (page: number, size = 25) => rows.slice((page - 1) * size, page * size);

const BY_PAGE = '/things?per_page=25&page=1';
const BY_OFFSET = '/things?limit=25&offset=0';

test('a page that is refused each time is asked for twice, and is missing', async (t) => {
  for (const extra of [{}, { has_more: true }]) {
    for (const status of [404, 410, 416]) {
      const answer = (url: URL): JsonReply => {
        const page = pageOf(url);
        if (page === 3) return { status };
        const hasMore = page < 6;
        return { body: { items: ofPage(page), ...('has_more' in extra && { has_more: hasMore }) } };
      };
      const { summary, text, targets } = await fetchJson(t, answer, {}, BY_PAGE);
      assert.equal(summary.verdict.name, 'incomplete', JSON.stringify(summary.verdict));
      assert.match(summary.verdict.reasons.join(), /1 of \d pages failed/);
      assert.equal(text, null);
      assert.equal(targets.filter((target) => /\bpage=3$/.test(target)).length, 2);
    }
  }
});

test('a page that is refused once is asked for again, and the list is whole', async (t) => {
  let refusals = 0;
  const answer = (url: URL): JsonReply => {
    const page = pageOf(url);
    if (page === 3 && refusals++ === 0) return { status: 404 };
    return { body: { items: ofPage(page) } };
  };
  const { summary, text } = await fetchJson(t, answer, {}, BY_PAGE);
  assert.equal(summary.verdict.name, 'unverified', JSON.stringify(summary.verdict));
  assert.equal(text, linesOf(0));
});

test('an offset that is refused each time is missing, and the run ends', async (t) => {
  const answer = (url: URL): JsonReply => {
    const at = offsetOf(url);
    if (at >= 40 && at < 60) return { status: 416 };
    return { body: { items: rows.slice(at, at + 25) } };
  };
  const { summary, text, targets } = await fetchJson(t, answer, {}, BY_OFFSET);
  assert.equal(summary.verdict.name, 'incomplete', JSON.stringify(summary.verdict));
  assert.equal(text, null);
  assert.ok(targets.length < 30, `${targets.length} requests`);
});

test('pages that are refused in the middle are not the end of the list, where nothing states one', async (t) => {
  for (const refused of [[2], [4], [3, 4]]) {
    const answer = (url: URL): JsonReply => {
      const page = pageOf(url);
      return refused.includes(page) ? { status: 404 } : { body: { items: ofPage(page) } };
    };
    const { summary, text } = await fetchJson(t, answer, {}, BY_PAGE);
    assert.equal(summary.verdict.name, 'incomplete', JSON.stringify(summary.verdict));
    assert.match(
      summary.verdict.reasons.join(),
      new RegExp(`${refused.length} of \\d pages failed`),
    );
    assert.equal(text, null);
  }
});
