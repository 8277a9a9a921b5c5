/** How a list of one page ends where the page's own words are not enough, and what would help. */
import { isParallel, type Pagination } from '../../core/pagination.ts';
import type { Cure } from '../../core/summary.ts';
import { formatCount } from '../../core/units.ts';
import { means } from '../names.ts';
import { isBlank, keysOf, listFields } from '../page-fields.ts';
import { readStartParams } from '../start-params.ts';
import type { Discovery } from './discover.ts';
import { whatIsThere } from './odd-lists.ts';

export interface OnePageEnd {
  /** `stated`: the page says itself that it is everything. `short`: nothing in it speaks of more. */
  readonly reason: 'stated' | 'single' | 'short';
  readonly detail: string | null;
  /** What the page states of the list does not change that. */
  readonly isFinal: boolean;
  /** The likeliest first. */
  readonly cures: readonly Cure[];
}

/** @param isSelected the user says what the output takes of a page */
export function endOfOnePage(found: Discovery, isSelected: boolean): OnePageEnd {
  const { isWholeList, seemsWhole, saysMore, unproven, responses, pagination } = found;
  const whole = { detail: null, isFinal: true, cures: [] };
  if (seemsWhole) return { ...whole, reason: 'short' };
  if (isWholeList) return { ...whole, reason: 'stated' };
  const mayBeMore = saysMore || holdsSomeToken(responses[0]?.json) || isAsFullAsAsked(found);
  const what = unproven ?? whyNotMore(found);
  // As many as the page holds is what it states, and that is no word of the list.
  const single = { reason: 'single', isFinal: found.total === found.pageRecords } as const;
  const how = found.cure ?? NAME_IT;
  if (mayBeMore) return { ...single, detail: `${what}. ${how}`, cures: [] };
  const beside = isSelected ? null : emptyListBeside(responses[0]?.json, pagination.records);
  if (beside !== null) {
    const { empty, other } = beside;
    const detail = `${what}. The list at ${empty} is empty, and ${other} holds records, perhaps of another thing: say with --select which one is meant`;
    const cures = [empty, other].map((path) => ({
      heading: `If this page is all of ${path}`,
      flags: ['--paginate', 'none', '--select', path],
    }));
    return { ...single, detail, cures };
  }
  const isList = pagination.records !== null;
  const flags = ['--paginate', 'none', ...(isList && !isSelected ? ['--records'] : [])];
  const all = isList ? 'this page is the whole list' : 'this page is all, as one record';
  return {
    ...single,
    detail: `${what}. If ${all}, --paginate none says so${found.cure === null ? '; if there is more, ' : '. '}${how}`,
    cures: [{ heading: `If ${all}`, flags }],
  };
}

/** An empty list may be the one that was asked for, and what is taken for records a list of another thing. */
function emptyListBeside(
  json: unknown,
  records: string | null,
): { readonly empty: string; readonly other: string } | null {
  const other = records !== null && keysOf(records) !== null ? records : null;
  const empty = listFields(json).find(
    ({ name, value }) => Array.isArray(value) && value.length === 0 && !means.besideRecords(name),
  );
  return other === null || empty === undefined ? null : { empty: empty.path, other };
}

/** A page that holds as many records as its URL asks for is most likely one of several. */
function isAsFullAsAsked({ responses, pageRecords }: Discovery): boolean {
  const size = responses[0] === undefined ? null : readStartParams(responses[0].request).size;
  return size?.number != null && size.number > 0 && pageRecords >= size.number;
}

const NAME_IT = '--page-param names the parameter that asks for the next page';

function whyNotMore({ saysMore, evidence, moreBySize, total, pageRecords }: Discovery): string {
  if (moreBySize) return evidence[0] ?? '';
  if (total === pageRecords) {
    return `it is full, its total of ${formatCount(total)} may count its own records, and no way to another page was found`;
  }
  return saysMore
    ? 'it says that there is more, and no way to the next page was found'
    : 'no pagination was detected';
}

/** A list that pages, and whose records are not known: a page is kept, and nothing is written of it. */
export function endWithoutRecords({ responses, pagination }: Discovery): OnePageEnd {
  const { what, how, select } = whatIsThere(responses[0]?.json);
  // Pages that are counted have to be seen to end.
  const mayBeWhole = !isParallel(pagination) || countsPages(pagination);
  const detail = `${what}. ${how}${mayBeWhole ? ', or take each page whole with --pages' : ''}`;
  const own = select === null ? [] : [{ heading: `To read it so`, flags: ['--select', select] }];
  return { reason: 'single', detail, isFinal: true, cures: own };
}

/** A page has several lists, and nothing shows which one pages. */
export function endOfRivals(rivals: readonly string[]): OnePageEnd {
  const detail = `it has several lists, and nothing shows which of them is meant: name it with --select, one of ${rivals.join(', ')}`;
  const cures = rivals.map((path) => ({ heading: `To read ${path}`, flags: ['--select', path] }));
  return { reason: 'single', detail, isFinal: true, cures };
}

export function countsPages({ style, totalPagesPath, totalPagesHeader }: Pagination): boolean {
  return style === 'page' && (totalPagesPath !== null || totalPagesHeader !== null);
}

function holdsSomeToken(json: unknown): boolean {
  return listFields(json).some(({ name, value }) => means.someToken(name) && !isBlank(value));
}
