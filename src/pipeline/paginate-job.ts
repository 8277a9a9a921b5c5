import { EverypageError } from '../core/errors.ts';
import type { NextPage, ResolvedOptions } from '../core/options.ts';
import type { PageRequest } from '../core/page-request.ts';
import type { Pagination } from '../core/pagination.ts';
import { isExpression } from '../decode/decode.ts';
import type { Plan, PlanSource } from '../plan/plan.ts';
import { findPreset } from '../plan/presets.ts';
import { getQueryParameter, setQueryParameter } from '../plan/request-parts.ts';
import { parseSplit, type Split } from '../plan/split-ranges.ts';
import { parseUrlTemplate } from '../plan/url-template.ts';

/** A list that pages by itself. */
export interface PaginateJob {
  readonly start: PageRequest;
  /** What detection need not find: the preset's and the user's. */
  readonly pinned: Partial<Pagination>;
  readonly split: Split | null;
  readonly next: NextPage | null;
}

/**
 * What of the user's words is about pagination; null for a list or a range.
 *
 * @throws EverypageError USAGE where pagination is asked for and there is not one URL to begin at
 */
export async function paginateJob(
  sources: readonly PlanSource[],
  options: ResolvedOptions,
  planAgain: () => Plan,
): Promise<PaginateJob | null> {
  const { kind, pinned, preset, split, next } = options.paginate;
  if (kind === 'none') return null;
  if (!isOneUrl(sources)) {
    if (kind === 'default') return null;
    throw new EverypageError(
      'USAGE',
      'pagination begins at one URL; a list or a range has its pages already. Give one URL without a range, or leave --paginate out',
    );
  }
  const [first] = (await firstBatch(planAgain())) ?? [];
  if (first === undefined) return null;
  const start = withPresetBegin(first, preset);
  const records =
    options.select === null || isExpression(options.select) ? {} : { records: options.select };
  const ofPreset = preset === null ? {} : findPreset(preset).pagination;
  return {
    start,
    pinned: { ...ofPreset, ...records, ...pinned },
    split: split === null ? null : parseSplit(split),
    next,
  };
}

function isOneUrl(sources: readonly PlanSource[]): boolean {
  const [source] = sources;
  if (sources.length !== 1 || source === undefined) return false;
  if (source.kind === 'template') return parseUrlTemplate(source.text).count === 1;
  return source.kind === 'literal';
}

async function firstBatch(plan: Plan): Promise<readonly PageRequest[] | null> {
  for await (const batch of plan.batches()) return batch;
  return null;
}

/** Some APIs page only where the first request asks for it (`cursor=*`); the user's own value wins. */
function withPresetBegin(start: PageRequest, preset: string | null): PageRequest {
  let { url } = start;
  for (const [name, value] of Object.entries(
    preset === null ? {} : (findPreset(preset).begin ?? {}),
  )) {
    if (getQueryParameter(url, name) === null) url = setQueryParameter(url, name, value);
  }
  return { ...start, url };
}

/** Some APIs want a header besides; the user's own of that name wins. */
export function withPresetHeaders(options: ResolvedOptions): ResolvedOptions {
  const { preset } = options.paginate;
  const wanted = preset === null ? {} : (findPreset(preset).headers ?? {});
  const given = new Set(options.headers.map(({ name }) => name));
  const added = Object.entries(wanted)
    .map(([name, value]) => ({ name: name.toLowerCase(), value }))
    .filter(({ name }) => !given.has(name));
  return added.length === 0 ? options : { ...options, headers: [...options.headers, ...added] };
}
