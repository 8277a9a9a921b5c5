/** The part of a job that is about pagination: what the user said, and what a preset adds. */
import { usageError } from '../core/errors.ts';
import type { NextPage } from '../core/options.ts';
import type { PageRequest } from '../core/page-request.ts';
import type { Pagination, PaginationStyle } from '../core/pagination.ts';
import type { ResolvedOptions } from '../core/resolve-options.ts';
import { isExpression } from '../decode/decode.ts';
import type { Plan, PlanSource } from '../plan/plan.ts';
import { findPreset } from '../plan/presets.ts';
import { getQueryParameter, setQueryParameter } from '../plan/query-parameter.ts';
import { firstOf, withSaidFirst } from '../plan/said-first.ts';
import { parseSplit, type Split } from '../plan/split-ranges.ts';
import { styleOf } from '../plan/styles/styles.ts';
import { parseUrlTemplate } from '../plan/url-template.ts';

/** A list that pages by itself. */
export interface PaginateJob {
  readonly start: PageRequest;
  /** What detection need not find: the preset's and the user's. */
  readonly pinned: Partial<Pagination>;
  /** The preset's style where the first page shows none; null without one. */
  readonly usual: PaginationStyle | null;
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
    // The key may be for a table, whose rows it tells apart.
    const isKeyAlone = kind === 'auto' && Object.keys(pinned).every((name) => name === 'key');
    const isForTable = isKeyAlone && preset === null && split === null;
    if (kind === 'default' || (isForTable && options.table.ifExists === 'upsert')) return null;
    throw usageError(
      'pagination begins at one URL; a list or a range has its pages already. Give one URL without a range, or leave out the flags of pagination (--paginate, --preset, --page-size, --split, --key and the like)',
    );
  }
  const [first] = (await firstBatch(planAgain())) ?? [];
  if (first === undefined) return null;
  const records =
    options.select === null || isExpression(options.select) ? {} : { records: options.select };
  checkPaths(pinned);
  const { pins, usual } = preset === null ? { pins: {}, usual: null } : presetPins(preset);
  const begun = withSaidFirst(first, { ...pins, ...pinned }, pinned.first ?? null);
  return {
    start: preset === null ? begun : withPresetBegin(begun, preset),
    pinned: { ...firstOf(begun, pins), ...records, ...pinned },
    usual,
    split: split === null ? null : parseSplit(split),
    next,
  };
}

const PATHS = {
  nextPath: '--next-path',
  morePath: '--more-path',
  totalPath: '--total-path',
  totalPagesPath: '--pages-path',
  key: '--key',
} as const;

/** A value is looked up by its keys: an expression would find nothing in any page, which reads as an end. */
function checkPaths(pinned: Partial<Pagination>): void {
  for (const [part, flag] of Object.entries(PATHS)) {
    const path = pinned[part as keyof typeof PATHS]?.replace(/^!/, '') ?? '';
    if (!isExpression(path)) continue;
    throw usageError(
      `${flag} takes the keys that lead to the value, with dots between them, as in meta.next or links.0.href; ${path} is an expression, which only --select takes. A bracket that is part of a key is written \\[`,
    );
  }
}

/** One URL without a range: what may page by itself. */
export function isOneUrl(sources: readonly PlanSource[]): boolean {
  const [source] = sources;
  if (sources.length !== 1 || source === undefined) return false;
  // A range of one, `[1-1]`, is a range too: its author has counted the pages.
  if (source.kind === 'template') return parseUrlTemplate(source.text).at(0) === source.text;
  return source.kind === 'literal';
}

async function firstBatch(plan: Plan): Promise<readonly PageRequest[] | null> {
  for await (const batch of plan.batches()) return batch;
  return null;
}

/**
 * Links and next URLs show by themselves, and the first page may show more: that they differ in one
 * number and how many there are, so that they can be asked for in parallel. Detection decides that.
 */
function presetPins(preset: string): PresetPins {
  const { style, ...rest } = findPreset(preset).pagination;
  const isOpen = styleOf({ style })?.mayBeCounted === true;
  return isOpen ? { pins: rest, usual: style } : { pins: { style, ...rest }, usual: null };
}

interface PresetPins {
  readonly pins: Partial<Pagination>;
  /** The style of a list whose first page shows none: one without a next link is a whole list. */
  readonly usual: PaginationStyle | null;
}

/** Some APIs page only where the first request asks for it (`cursor=*`); the user's own value wins. */
function withPresetBegin(start: PageRequest, preset: string): PageRequest {
  let { url } = start;
  for (const [name, value] of Object.entries(findPreset(preset).begin ?? {})) {
    if (getQueryParameter(url, name) === null) url = setQueryParameter(url, name, value);
  }
  return { ...start, url };
}

/** Adds a preset's headers, and how its API refuses or fails with a 200. The user's own options win. */
export function withPresetOptions(options: ResolvedOptions): ResolvedOptions {
  const { preset } = options.paginate;
  if (preset === null) return options;
  const { headers = {}, failWhen = null, refusals } = findPreset(preset);
  const given = new Set(options.headers.map(({ name }) => name));
  const added = Object.entries(headers)
    .map(([name, value]) => ({ name: name.toLowerCase(), value }))
    .filter(({ name }) => !given.has(name));
  const { inSuccess = false, pauseMs = null } = refusals ?? {};
  return {
    ...options,
    headers: [...options.headers, ...added],
    failWhen: options.failWhen ?? failWhen,
    refusals: { inSuccess, pauseMs },
  };
}
